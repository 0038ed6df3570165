package dev.amphora.controller.serviceaccount;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.Patch;
import dev.amphora.controller.Controller;
import dev.amphora.kernel.Actor;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does away with Secrets that were made for service accounts without being asked for, and whose tokens nobody has used for a year: they are
 * marked as invalid, and removed a year later. The reference's {@code legacy-serviceaccount-token-cleaner-controller}.
 */
public final class LegacyTokenCleaner implements Controller {
    private static final Logger log = LoggerFactory.getLogger(LegacyTokenCleaner.class);
    private static final ResourceType<Secret> SECRETS = ResourceType.of(Secret.class);
    private static final ResourceType<ConfigMap> MAPS = ResourceType.of(ConfigMap.class);
    private static final String TRACKING = "kube-apiserver-legacy-service-account-token-tracking";
    private static final String LAST_USED = "kubernetes.io/legacy-token-last-used";
    private static final String INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";
    private static final Duration PERIOD = Duration.ofHours(24);
    private static final Duration YEAR = Duration.ofDays(365);

    private @Nullable Actor actor;

    @Override
    public String name() {
        return "legacy-serviceaccount-token-cleaner-controller";
    }

    @Override
    public void start(Context context) {
        Actor own = context.kernel().actor(name());
        actor = own;
        Run run = new Run(context, own);
        run.secrets.whenSynced(own, () -> run.accounts.whenSynced(own, () -> run.pods.whenSynced(own, run::begin)));
    }

    private static final class Run {
        private final Context context;
        private final Actor actor;
        private final Informer<Secret> secrets;
        private final Informer<ServiceAccount> accounts;
        private final Informer<Pod> pods;

        Run(Context context, Actor actor) {
            this.context = context;
            this.actor = actor;
            secrets = context.informers().of(SECRETS);
            accounts = context.informers().of(ServiceAccount.class);
            pods = context.informers().of(Pod.class);
        }

        void begin() {
            actor.schedule(PERIOD, this::look);
        }

        private void look() {
            try {
                clean(context.kernel().instant());
            } catch (StatusException e) {
                log.debug("Tokens are not looked at: {}", e.getMessage());
            }
            actor.schedule(PERIOD, this::look);
        }

        private void clean(Instant now) {
            LocalDate since = date(context.client()
                    .find(MAPS, "kube-system", TRACKING)
                    .map(ConfigMap::getData)
                    .orElse(Map.of())
                    .get("since"));
            LocalDate lately = now.minus(YEAR).atOffset(ZoneOffset.UTC).toLocalDate();
            if (since == null || !since.plusDays(1).isBefore(lately)) {
                return;
            }
            for (Secret secret : secrets.list()) {
                if (TokenSecrets.isOne(secret) && isOld(secret, now) && isUnused(secret, lately) && isUnasked(secret)) {
                    retire(secret, now, lately);
                }
            }
        }

        private static boolean isOld(Secret secret, Instant now) {
            return secret.getMetadata().getDeletionTimestamp() == null
                    && Instant.parse(secret.getMetadata().getCreationTimestamp())
                            .isBefore(now.minus(YEAR));
        }

        private static boolean isUnused(Secret secret, LocalDate lately) {
            LocalDate used = date(label(secret, LAST_USED));
            return used == null || used.isBefore(lately);
        }

        /** Only what the account lists was made without being asked for; what a pod mounts is needed. */
        private boolean isUnasked(Secret secret) {
            String namespace = secret.getMetadata().getNamespace();
            String name = secret.getMetadata().getName();
            return accounts.find(namespace, TokenSecrets.annotation(secret, TokenSecrets.ACCOUNT))
                            .filter(account -> TokenSecrets.isOf(secret, account))
                            .filter(account -> TokenSecrets.lists(account, name))
                            .isPresent()
                    && pods.list(namespace).stream().noneMatch(pod -> mounts(pod, name));
        }

        private static boolean mounts(Pod pod, String secret) {
            return pod.getSpec().getVolumes() != null
                    && pod.getSpec().getVolumes().stream()
                            .anyMatch(volume -> volume.getSecret() != null
                                    && Objects.equals(volume.getSecret().getSecretName(), secret));
        }

        private void retire(Secret secret, Instant now, LocalDate lately) {
            String namespace = secret.getMetadata().getNamespace();
            String name = secret.getMetadata().getName();
            LocalDate invalid = date(label(secret, INVALID_SINCE));
            try {
                if (invalid == null) {
                    ObjectNode body = Json.object();
                    body.putObject("metadata")
                            .put("uid", secret.getMetadata().getUid())
                            .put("resourceVersion", secret.getMetadata().getResourceVersion())
                            .putObject("labels")
                            .put(
                                    INVALID_SINCE,
                                    now.atOffset(ZoneOffset.UTC).toLocalDate().toString());
                    context.client().patch(SECRETS, namespace, name, Patch.merge(body), null);
                } else if (invalid.isBefore(lately)) {
                    context.client()
                            .delete(
                                    SECRETS,
                                    namespace,
                                    name,
                                    DeleteOptions.defaults()
                                            .onlyUid(secret.getMetadata().getUid())
                                            .onlyVersion(secret.getMetadata().getResourceVersion()));
                }
            } catch (StatusException e) {
                log.debug("Secret {}/{} stays: {}", namespace, name, e.getMessage());
            }
        }

        private static @Nullable String label(Secret secret, String name) {
            Map<String, String> labels = secret.getMetadata().getLabels();
            return labels == null ? null : labels.get(name);
        }

        private static @Nullable LocalDate date(@Nullable String text) {
            try {
                return text == null ? null : LocalDate.parse(text);
            } catch (DateTimeParseException e) {
                return null;
            }
        }
    }

    @Override
    public void close() {
        if (actor != null) {
            actor.close();
        }
    }
}
