package dev.amphora.rest;

import dev.amphora.api.pki.Pem;
import dev.amphora.apiserver.access.User;
import dev.amphora.rest.tls.ClientCertificates;
import dev.amphora.rest.tls.KeyCertificate;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** Takes from headers who asks, where a trusted proxy has sent them. */
final class RequestHeaders {
    private final FrontProxyTrust trust;
    private final ClientCertificates certificates;

    RequestHeaders(InstantSource clock, FrontProxyTrust trust) {
        this.trust = trust;
        certificates = new ClientCertificates(clock, authorities(trust.authority()));
    }

    static List<X509Certificate> authorities(String pem) {
        List<X509Certificate> authorities = new ArrayList<>();
        for (Pem.Block block : Pem.all(pem)) {
            authorities.add(KeyCertificate.certificate(Pem.write(block.label(), block.content())));
        }
        return authorities;
    }

    /** Who asks; empty if the peer is no trusted proxy or names nobody. */
    Optional<User> user(HttpCall call, X509Certificate certificate) {
        if (certificates.check(certificate).filter(this::isAllowed).isEmpty()) {
            return Optional.empty();
        }
        String name = first(call, trust.usernameHeaders());
        if (name.isEmpty()) {
            return Optional.empty();
        }
        List<String> groups = new ArrayList<>();
        trust.groupHeaders().forEach(header -> groups.addAll(call.headers(header)));
        groups.removeIf(String::isEmpty);
        if (!groups.contains(User.AUTHENTICATED)
                && !groups.containsAll(User.anonymous().groups())) {
            groups.add(User.AUTHENTICATED);
        }
        return Optional.of(new User(name, first(call, trust.uidHeaders()), groups, extra(call)));
    }

    private boolean isAllowed(ClientCertificates.Client proxy) {
        return trust.allowedNames().isEmpty()
                || (proxy.commonName() != null && trust.allowedNames().contains(proxy.commonName()));
    }

    private static String first(HttpCall call, List<String> headers) {
        for (String header : headers) {
            String value = call.header(header);
            if (value != null && !value.isEmpty()) {
                return value;
            }
        }
        return "";
    }

    private Map<String, List<String>> extra(HttpCall call) {
        Map<String, List<String>> extra = new TreeMap<>();
        TreeSet<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        names.addAll(call.headerNames());
        for (String prefix : trust.extraPrefixes()) {
            for (String name : names) {
                if (name.length() > prefix.length() && name.regionMatches(true, 0, prefix, 0, prefix.length())) {
                    extra.computeIfAbsent(key(name.substring(prefix.length())), each -> new ArrayList<>())
                            .addAll(call.headers(name));
                }
            }
        }
        return extra;
    }

    /** Keys are in lower case; what headers can't hold is escaped. */
    private static String key(String escaped) {
        String lower = escaped.toLowerCase(Locale.ROOT);
        try {
            return URLDecoder.decode(lower.replace("+", "%2b"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return lower;
        }
    }
}
