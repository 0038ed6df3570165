package dev.amphora.controller.quota;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Amount;
import dev.amphora.api.Json;
import dev.amphora.api.QuotaUsage;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Informer;
import dev.amphora.client.ListOptions;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Recounts what is used of each ResourceQuota when what it asks changes, when something that it may count goes, and from time to time: the
 * reference's {@code resourcequota-controller}. What comes is charged by admission.
 */
public final class ResourceQuotaController implements Controller {
    private static final ResourceType<ResourceQuota> QUOTAS = ResourceType.of(ResourceQuota.class);
    private static final Duration RECOUNT = Duration.ofMinutes(5);
    private final Set<ResourceType<?>> followed = ConcurrentHashMap.newKeySet();
    private final Supplier<? extends List<? extends ResourceType<?>>> types;
    private @Nullable ControlLoop<ObjectKey> loop;

    /**
     * A controller that does not yet run.
     *
     * @param types every kind that the server serves
     */
    public ResourceQuotaController(Supplier<? extends List<? extends ResourceType<?>>> types) {
        this.types = types;
    }

    @Override
    public String name() {
        return "resourcequota-controller";
    }

    @Override
    public void start(Context context) {
        Informer<ResourceQuota> quotas = context.informers().of(QUOTAS);
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), 5);
        created.<ResourceQuota>watch(quotas, (old, now, keys) -> {
            // Admission charges the status: what it wrote there is no reason to count everything again.
            if (now != null && (old == null || !now.getSpec().equals(old.getSpec()))) {
                keys.accept(ObjectKey.of(now));
            }
        });
        created.<Pod>watch(context.informers().of(Pod.class), (old, now, keys) -> {
            if (old != null && (now == null || (Pods.isTerminal(now) && !Pods.isTerminal(old)))) {
                quotas.list(old.getMetadata().getNamespace()).forEach(quota -> keys.accept(ObjectKey.of(quota)));
            }
        });
        loop = created.start(key -> {
            quotas.find(key).ifPresent(quota -> {
                follow(context, quotas, created, quota);
                recount(context, key, quota);
            });
            return quotas.find(key).isPresent() ? Result.requeueAfter(RECOUNT) : Result.done();
        });
    }

    /** From now on what goes of the kinds that a quota names gives back what it took, whatever kinds these are. */
    private void follow(
            Context context, Informer<ResourceQuota> quotas, ControlLoop<ObjectKey> created, ResourceQuota quota) {
        for (ResourceType<?> type : types.get()) {
            if (type.namespaced()
                    && !(type.group().isEmpty() && type.plural().equals("pods"))
                    && mayCount(type, hard(quota))
                    && followed.add(type)) {
                follow(context.informers().of(type), quotas, created);
            }
        }
    }

    private static <T extends HasMetadata> void follow(
            Informer<T> informer, Informer<ResourceQuota> quotas, ControlLoop<ObjectKey> created) {
        created.watch(informer, (old, now, keys) -> {
            if (now == null && old != null) {
                quotas.list(old.getMetadata().getNamespace()).forEach(quota -> keys.accept(ObjectKey.of(quota)));
            }
        });
    }

    private static Map<String, Quantity> hard(ResourceQuota quota) {
        return orEmpty(quota.getSpec().getHard());
    }

    private void recount(Context context, ObjectKey key, ResourceQuota quota) {
        ObjectNode spec = (ObjectNode) Json.toTree(quota).withObject("/spec");
        Map<String, Quantity> hard = hard(quota);
        Map<String, Amount> used = new TreeMap<>();
        for (ResourceType<?> type : types.get()) {
            if (type.namespaced() && mayCount(type, hard)) {
                count(context, key.namespace(), type, spec, used);
            }
        }
        Map<String, Quantity> total = new LinkedHashMap<>();
        for (String name : new TreeMap<>(hard).keySet()) {
            total.put(name, Quantity.parse(used.getOrDefault(name, Amount.ZERO).toString()));
        }
        boolean same = quota.getStatus() != null
                && hard.equals(orEmpty(quota.getStatus().getHard()))
                && total.equals(orEmpty(quota.getStatus().getUsed()));
        if (!same) {
            context.client()
                    .updateStatus(new ResourceQuotaBuilder(quota)
                            .withNewStatus()
                            .withHard(hard)
                            .withUsed(total)
                            .endStatus()
                            .build());
        }
    }

    private static Map<String, Quantity> orEmpty(@Nullable Map<String, Quantity> map) {
        return map == null ? Map.of() : map;
    }

    /** Whether a quota names anything that objects of a kind take. */
    private static boolean mayCount(ResourceType<?> type, Map<String, Quantity> hard) {
        String qualified = type.group().isEmpty() ? type.plural() : type.plural() + "." + type.group();
        for (String name : hard.keySet()) {
            boolean counts = name.equals("count/" + qualified)
                    || (type.group().isEmpty()
                            && switch (type.plural()) {
                                case "pods" ->
                                    !name.startsWith("count/")
                                            && !name.contains("storage.k8s.io")
                                            && (name.equals("pods")
                                                    || name.startsWith("limits.")
                                                    || name.startsWith("requests.")
                                                    || List.of("cpu", "memory", "ephemeral-storage")
                                                            .contains(name));
                                case "services" -> name.equals("services") || name.startsWith("services.");
                                case "persistentvolumeclaims" ->
                                    name.equals("persistentvolumeclaims")
                                            || name.equals("requests.storage")
                                            || name.contains(".storageclass.storage.k8s.io/");
                                default -> name.equals(type.plural());
                            });
            if (counts) {
                return true;
            }
        }
        return false;
    }

    private static void count(
            Context context, String namespace, ResourceType<?> type, ObjectNode spec, Map<String, Amount> used) {
        for (HasMetadata object :
                context.client().list(type, namespace, ListOptions.all()).items()) {
            ObjectNode tree = Json.toTree(object);
            if (QuotaUsage.counts(spec, type.group(), type.plural(), tree)) {
                QuotaUsage.of(type.group(), type.plural(), tree)
                        .forEach((name, amount) -> used.merge(name, amount, Amount::plus));
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
