package dev.amphora.apiserver.outside;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Where a webhook is, and by what it is trusted.
 *
 * @param url what is asked for, with the host that the server's certificate must be for
 * @param route the Service to which the URL stands; null if it is to be called as it is
 * @param authorities whose certificates count, as PEM in base64; empty for those that this machine trusts
 */
public record WebhookServer(URI url, @Nullable ServiceRoute route, String authorities) {
    private static final int HTTPS = 443;

    /** Reads a {@code clientConfig}. */
    public static WebhookServer of(JsonNode config) {
        String authorities = config.path("caBundle").asText("");
        if (config.hasNonNull("url")) {
            return new WebhookServer(URI.create(config.path("url").asText()), null, authorities);
        }
        JsonNode service = config.path("service");
        ServiceRoute route = new ServiceRoute(
                service.path("namespace").asText(),
                service.path("name").asText(),
                service.path("port").asInt(HTTPS));
        String path = service.path("path").asText("/");
        URI url = URI.create(
                "https://%s:%d%s%s".formatted(route.host(), route.port(), path.startsWith("/") ? "" : "/", path));
        return new WebhookServer(url, route, authorities);
    }

    /** The name that the server's certificate must be for. */
    String host() {
        String host = String.valueOf(url.getHost());
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    int port() {
        return url.getPort() < 0 ? HTTPS : url.getPort();
    }
}
