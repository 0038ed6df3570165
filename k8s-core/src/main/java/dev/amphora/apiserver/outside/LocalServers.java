package dev.amphora.apiserver.outside;

import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The servers within this process, by the Service or by the host that leads to them. They take the place of whatever listens there; the
 * Service needs not exist. May change at any time. Safe for concurrent use.
 */
public final class LocalServers {
    private final Map<String, LocalServer> servers = new ConcurrentHashMap<>();
    private final Map<String, String> authorities = new ConcurrentHashMap<>();

    /** No server yet. */
    public LocalServers() {}

    /** Has a server answer for a Service, at any of its ports. */
    public LocalServers service(String namespace, String name, LocalServer server) {
        servers.put(key(namespace, name), server);
        return this;
    }

    /**
     * Has a server answer for the URLs of a host.
     *
     * @param host as it stands in the URLs, with the port if they have one: {@code hooks.example.com:8443}
     */
    public LocalServers host(String host, LocalServer server) {
        servers.put(host, server);
        return this;
    }

    /**
     * Has a server answer for the URLs of a host, to those alone that trust it: so a test finds out whether a {@code caBundle} is the right
     * one.
     *
     * @param host as it stands in the URLs, with the port if they have one
     * @param authority who vouches for the server, as {@code caBundle} must name it: PEM in base64
     */
    public LocalServers host(String host, String authority, LocalServer server) {
        authorities.put(host, authority);
        return host(host, server);
    }

    /** Whether the authorities that a caller trusts vouch for who answers for a URL. */
    boolean trusts(URI url, String trusted) {
        String needed = authorities.get(String.valueOf(url.getRawAuthority()));
        return needed == null || needed.equals(trusted);
    }

    /** Who answers for a Service; empty if it is to be called over the network. */
    public Optional<LocalServer> service(String namespace, String name) {
        return Optional.ofNullable(servers.get(key(namespace, name)));
    }

    /** Who answers for a URL; empty if it is to be called over the network. */
    public Optional<LocalServer> url(URI url) {
        return Optional.ofNullable(servers.get(String.valueOf(url.getRawAuthority())));
    }

    /** No host has a slash in its name. */
    private static String key(String namespace, String name) {
        return namespace + "/" + name;
    }
}
