package dev.amphora.apiserver.access;

import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * How service account tokens are issued and checked, by kube-apiserver's options. Immutable.
 *
 * @param issuers {@code --service-account-issuer}: the first issues, tokens of all of them count
 * @param audiences {@code --api-audiences}: whom tokens for this server are for; the issuers if none are given
 * @param signingKey the text of {@code --service-account-signing-key-file}: an RSA key as PEM; empty to have one made
 * @param verifyingKeys the texts of {@code --service-account-key-file}, as PEM
 * @param keysAddress {@code --service-account-jwks-uri}; empty for the server's own
 */
public record TokenOptions(
        List<String> issuers,
        List<String> audiences,
        String signingKey,
        List<String> verifyingKeys,
        String keysAddress) {
    /** Who issues tokens if nobody says otherwise. */
    public static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

    /**
     * Options whose members cannot change.
     *
     * @throws IllegalArgumentException if there is no issuer
     */
    public TokenOptions {
        if (issuers.isEmpty()) {
            throw new IllegalArgumentException("tokens need an issuer");
        }
        issuers = ImmutableList.copyOf(issuers);
        audiences = audiences.isEmpty() ? issuers : ImmutableList.copyOf(audiences);
        verifyingKeys = ImmutableList.copyOf(verifyingKeys);
    }

    /** The issuer of the cluster, and a key that is made when it is needed. */
    public static TokenOptions defaults() {
        return new TokenOptions(List.of(ISSUER), List.of(), "", List.of(), "");
    }

    /** Who issues. */
    public String issuer() {
        return issuers.get(0);
    }
}
