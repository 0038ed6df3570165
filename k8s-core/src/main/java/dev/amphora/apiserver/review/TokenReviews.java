package dev.amphora.apiserver.review;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.Authenticator;
import dev.amphora.apiserver.access.Credentials;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.outside.WebhookProblem;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks another server whose a token is: {@code --authentication-token-webhook-config-file}. What it says counts for two minutes; while it
 * can't be asked its tokens are nobody's.
 */
public final class TokenReviews implements Authenticator {
    private static final Logger log = LoggerFactory.getLogger(TokenReviews.class);
    private static final Duration COUNTS = Duration.ofMinutes(2);

    private final ReviewServer server;
    private final List<String> audiences;
    private final Answers<String, Optional<User>> answers;

    /**
     * An authenticator.
     *
     * @param audiences one of which tokens must be for
     */
    public TokenReviews(InstantSource clock, ReviewServer server, List<String> audiences) {
        this.server = server;
        this.audiences = List.copyOf(audiences);
        answers = new Answers<>(clock);
    }

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        String token = credentials.bearerToken();
        if (token == null || token.isEmpty()) {
            return Optional.empty();
        }
        Optional<Optional<User>> known = answers.get(token);
        if (known.isPresent()) {
            return known.get();
        }
        try {
            Optional<User> user = ask(token);
            answers.put(token, user, COUNTS);
            return user;
        } catch (WebhookProblem e) {
            log.warn("A token is not known, for nobody says whose it is: {}", e.text());
            return Optional.empty();
        }
    }

    private Optional<User> ask(String token) throws WebhookProblem {
        ObjectNode review = Json.object().put("kind", "TokenReview").put("apiVersion", "authentication.k8s.io/v1");
        review.putObject("metadata").putNull("creationTimestamp");
        ObjectNode spec = review.putObject("spec").put("token", token);
        audiences.forEach(spec.putArray("audiences")::add);
        review.putObject("status").putObject("user");
        JsonNode status = server.ask(review);
        if (!status.path("authenticated").asBoolean() || !isForUs(status.path("audiences"))) {
            return Optional.empty();
        }
        JsonNode user = status.path("user");
        List<String> groups = texts(user.path("groups"));
        if (!groups.contains(User.AUTHENTICATED)) {
            groups.add(User.AUTHENTICATED);
        }
        Map<String, List<String>> extra = new TreeMap<>();
        user.path("extra").properties().forEach(entry -> extra.put(entry.getKey(), texts(entry.getValue())));
        return Optional.of(
                new User(user.path("username").asText(""), user.path("uid").asText(""), groups, extra));
    }

    /** A server that knows nothing of audiences speaks for this one's. */
    private boolean isForUs(JsonNode given) {
        return given.isEmpty() || texts(given).stream().anyMatch(audiences::contains);
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
