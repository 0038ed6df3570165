package dev.amphora.controller.serviceaccount;

import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Removes bootstrap tokens whose time is over: the reference's {@code token-cleaner-controller}, which is off by default. */
public final class TokenCleaner implements Controller {
    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "token-cleaner-controller";
    }

    @Override
    public void start(Context context) {
        Informer<Secret> secrets = context.informers().of(Secret.class);
        loop = new ControlLoop<ObjectKey>(context.kernel(), name(), 1)
                .<Secret>watch(secrets, (old, now, keys) -> {
                    if (now != null && BootstrapTokens.isToken(now)) {
                        keys.accept(ObjectKey.of(now));
                    }
                })
                .start(key -> {
                    Secret secret = secrets.find(key).orElse(null);
                    Instant end = secret == null ? null : BootstrapTokens.expiration(secret);
                    if (secret == null || end == null) {
                        return Result.done();
                    }
                    Instant now = context.kernel().instant();
                    if (end.isAfter(now)) {
                        return Result.requeueAfter(Duration.between(now, end));
                    }
                    delete(context, secrets, secret);
                    return Result.done();
                });
    }

    private static void delete(Context context, Informer<Secret> secrets, Secret secret) {
        try {
            context.client()
                    .delete(
                            secrets.type(),
                            secret.getMetadata().getNamespace(),
                            secret.getMetadata().getName(),
                            DeleteOptions.defaults()
                                    .onlyUid(secret.getMetadata().getUid()));
        } catch (StatusException e) {
            // A conflict: somebody made another of that name meanwhile.
            if (!e.isNotFound() && !e.isConflict()) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
