package dev.amphora.samples.examples;

import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.Authenticator;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.Credentials;
import dev.amphora.apiserver.access.User;
import java.util.Optional;
import java.util.Set;

/** Lets in whoever shows a badge, and lets visitors look at everything but secrets. */
// README: visitors
public final class Visitors implements Authenticator, Authorizer {
    private static final Set<String> LOOKS = Set.of("get", "list", "watch");

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        String token = credentials.bearerToken();
        return token != null && token.startsWith("badge-")
                ? Optional.of(User.of(token.substring("badge-".length()), "visitors"))
                : Optional.empty(); // whoever it is, others may know
    }

    @Override
    public Decision authorize(AccessRequest request) {
        if (!request.user().in("visitors")) {
            return Decision.NO_OPINION; // the next one decides, roles in the end
        }
        if (request.resource().equals("secrets")) {
            return new Decision(Verdict.DENY, "visitors see no secrets");
        }
        return LOOKS.contains(request.verb()) ? Decision.allow("visitors may look") : Decision.NO_OPINION;
    }
}
// end
