package dev.amphora.rest;

import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * Which proxies may say who asks, and by which headers: kube-apiserver's {@code --requestheader-} options. Immutable.
 *
 * @param authority certificates, as PEM, of who vouches for such proxies ({@code --requestheader-client-ca-file}); nobody else's headers
 *     count
 * @param allowedNames the common names that such proxies have; any if empty
 * @param usernameHeaders the first that is there counts
 * @param uidHeaders the first that is there counts
 * @param groupHeaders all values of all of them count
 * @param extraPrefixes of headers whose names go on with the key
 */
public record FrontProxyTrust(
        String authority,
        List<String> allowedNames,
        List<String> usernameHeaders,
        List<String> uidHeaders,
        List<String> groupHeaders,
        List<String> extraPrefixes) {

    /** A trust whose members cannot change. */
    public FrontProxyTrust {
        allowedNames = ImmutableList.copyOf(allowedNames);
        usernameHeaders = ImmutableList.copyOf(usernameHeaders);
        uidHeaders = ImmutableList.copyOf(uidHeaders);
        groupHeaders = ImmutableList.copyOf(groupHeaders);
        extraPrefixes = ImmutableList.copyOf(extraPrefixes);
    }

    /** Trust in proxies with the usual headers, {@code X-Remote-User} and so on. */
    public static FrontProxyTrust in(String authority, List<String> allowedNames) {
        return new FrontProxyTrust(
                authority,
                allowedNames,
                List.of("X-Remote-User"),
                List.of("X-Remote-Uid"),
                List.of("X-Remote-Group"),
                List.of("X-Remote-Extra-"));
    }
}
