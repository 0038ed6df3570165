package dev.amphora.kubelet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.kubelet.ContainerRuntime.RegistryAuth;
import io.fabric8.kubernetes.api.model.Secret;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Registry credentials in a Secret of type {@code kubernetes.io/dockerconfigjson} or {@code kubernetes.io/dockercfg}. */
final class DockerConfig {
    private DockerConfig() {}

    /** The credentials for an image's registry, null if the secret has none. */
    static @Nullable RegistryAuth credentials(Secret secret, String image) {
        Map<String, String> data = secret.getData();
        if (data == null) {
            return null;
        }
        try {
            if (data.containsKey(".dockerconfigjson")) {
                return find(decode(data.get(".dockerconfigjson")).path("auths"), image);
            }
            return data.containsKey(".dockercfg") ? find(decode(data.get(".dockercfg")), image) : null;
        } catch (IllegalArgumentException | UncheckedIOException e) {
            return null;
        }
    }

    private static JsonNode decode(String base64) {
        return Json.read(Base64.getDecoder().decode(base64));
    }

    private static @Nullable RegistryAuth find(JsonNode auths, String image) {
        String registry = registry(image);
        for (Map.Entry<String, JsonNode> entry : auths.properties()) {
            String server = entry.getKey().replaceFirst("^https?://", "").replaceFirst("/.*$", "");
            if (!server.equals(registry)) {
                continue;
            }
            JsonNode auth = entry.getValue();
            String user = auth.path("username").asText();
            String password = auth.path("password").asText();
            if (auth.hasNonNull("auth")) {
                String pair =
                        new String(Base64.getDecoder().decode(auth.get("auth").asText()), StandardCharsets.UTF_8);
                int colon = pair.indexOf(':');
                user = colon < 0 ? pair : pair.substring(0, colon);
                password = colon < 0 ? "" : pair.substring(colon + 1);
            }
            return new RegistryAuth(user, password, entry.getKey());
        }
        return null;
    }

    private static String registry(String image) {
        int slash = image.indexOf('/');
        String first = slash < 0 ? "" : image.substring(0, slash);
        boolean host = first.contains(".") || first.contains(":") || first.equals("localhost");
        return host ? first : "index.docker.io";
    }
}
