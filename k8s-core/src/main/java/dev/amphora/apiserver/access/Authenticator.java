package dev.amphora.apiserver.access;

import java.util.Optional;

/** Turns credentials into an identity. */
@FunctionalInterface
public interface Authenticator {
    /**
     * Looks at credentials.
     *
     * @param credentials what the caller shows
     * @return who it is; empty if these credentials are none that this authenticator knows
     */
    Optional<User> authenticate(Credentials credentials);

    /** The identity that a verified client certificate names: its common name, with its organisations as groups. */
    static Authenticator certificates() {
        return credentials -> {
            String name = credentials.certificateName();
            // Groups alone are nobody.
            return name == null || name.isEmpty()
                    ? Optional.empty()
                    : Optional.of(User.of(name, credentials.certificateGroups().toArray(String[]::new)));
        };
    }
}
