package dev.amphora.controller.serviceaccount;

import dev.amphora.api.Json;
import dev.amphora.client.Informer;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Signs the ConfigMap {@code cluster-info} of {@code kube-public} with each bootstrap token, so that whoever has one can tell that it is the
 * cluster's: the reference's {@code bootstrap-signer-controller}, which is off by default.
 */
public final class BootstrapSigner implements Controller {
    private static final String NAMESPACE = "kube-public";
    private static final String NAME = "cluster-info";
    private static final String CONTENT = "kubeconfig";
    private static final String SIGNATURE = "jws-kubeconfig-";
    private static final String TOKENS = "bootstrap-tokens";

    private @Nullable ControlLoop<String> loop;

    @Override
    public String name() {
        return "bootstrap-signer-controller";
    }

    @Override
    public void start(Context context) {
        Informer<ConfigMap> maps = context.informers().of(ConfigMap.class);
        Informer<Secret> secrets = context.informers().of(Secret.class);
        secrets.addIndex(TOKENS, secret -> BootstrapTokens.isToken(secret) ? List.of("") : List.of());
        ControlLoop<String> created = new ControlLoop<>(context.kernel(), name(), 1);
        loop = created.<ConfigMap>watch(maps, (old, now, keys) -> {
                    ConfigMap map = now == null ? old : now;
                    if (map != null
                            && NAME.equals(map.getMetadata().getName())
                            && NAMESPACE.equals(map.getMetadata().getNamespace())) {
                        keys.accept(NAME);
                    }
                })
                .<Secret>watch(secrets, (old, now, keys) -> {
                    Secret secret = now == null ? old : now;
                    if (secret != null && BootstrapTokens.isToken(secret)) {
                        keys.accept(NAME);
                    }
                })
                .start(key -> {
                    ConfigMap map = maps.find(NAMESPACE, NAME).orElse(null);
                    return map == null ? Result.done() : sign(context, created, maps, map, secrets.byIndex(TOKENS, ""));
                });
    }

    private static Result sign(
            Context context, ControlLoop<String> loop, Informer<ConfigMap> maps, ConfigMap map, List<Secret> secrets) {
        Map<String, String> before = map.getData() == null ? Map.of() : map.getData();
        String content = before.get(CONTENT);
        if (content == null) {
            return Result.done();
        }
        Map<String, String> data = new TreeMap<>(before);
        data.keySet().removeIf(each -> each.startsWith(SIGNATURE));
        Instant now = context.kernel().instant();
        Duration next = null;
        for (Secret secret : secrets) {
            String id = BootstrapTokens.signingId(secret, now);
            if (!id.isEmpty()) {
                data.put(SIGNATURE + id, signature(content, id, BootstrapTokens.data(secret, "token-secret")));
                Instant end = BootstrapTokens.expiration(secret);
                Duration left = end == null ? null : Duration.between(now, end);
                next = left != null && (next == null || left.compareTo(next) < 0) ? left : next;
            }
        }
        if (!data.equals(before)) {
            ConfigMap signed = Json.copy(map);
            signed.setData(data);
            loop.wrote(NAME, maps, context.client().update(signed));
        }
        return next == null ? Result.done() : Result.requeueAfter(next);
    }

    /** A JSON Web Signature without what it signs. */
    static String signature(String content, String id, String secret) {
        String header =
                encode("{\"alg\":\"HS256\",\"kid\":\"%s\"}".formatted(id).getBytes(StandardCharsets.UTF_8));
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            byte[] signed =
                    (header + "." + encode(content.getBytes(StandardCharsets.UTF_8))).getBytes(StandardCharsets.UTF_8);
            return header + ".." + encode(mac.doFinal(signed));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
