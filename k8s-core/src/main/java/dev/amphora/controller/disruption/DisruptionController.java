package dev.amphora.controller.disruption;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.LabelIndex;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Says how many pods of each PodDisruptionBudget may go: the reference's {@code disruption-controller}. */
public final class DisruptionController implements Controller {
    private static final ResourceType<PodDisruptionBudget> BUDGETS = ResourceType.of(PodDisruptionBudget.class);
    private static final String ALL = "namespace";
    private static final String BY_SELECTOR = "selector";

    private final Supplier<? extends List<? extends ResourceType<?>>> types;
    private @Nullable ControlLoop<ObjectKey> loop;
    private @Nullable StaleDisruptions stale;

    /**
     * A controller that does not yet run.
     *
     * @param types every kind that the server serves: owners of pods may be of any that has a scale subresource
     */
    public DisruptionController(Supplier<? extends List<? extends ResourceType<?>>> types) {
        this.types = types;
    }

    @Override
    public String name() {
        return "disruption-controller";
    }

    @Override
    public String eventSource() {
        return "controllermanager";
    }

    @Override
    public void start(Context context) {
        loop = new Executor(context, name(), types).loop;
        stale = new StaleDisruptions(context, name());
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
        if (stale != null) {
            stale.close();
        }
    }

    /** Why the wanted number of pods is not known. */
    private static final class Unknown extends Exception {
        private static final long serialVersionUID = 1;

        private final String why;

        Unknown(String why) {
            super(why);
            this.why = why;
        }
    }

    private static final class Executor {
        private final Context context;
        private final Informer<PodDisruptionBudget> budgets;
        private final Informer<Pod> pods;
        private final Informer<ReplicaSet> replicaSets;
        private final Informer<Deployment> deployments;
        private final Informer<StatefulSet> statefulSets;
        private final Informer<ReplicationController> replicationControllers;
        private final Supplier<? extends List<? extends ResourceType<?>>> types;
        private final ControlLoop<ObjectKey> loop;

        Executor(Context context, String name, Supplier<? extends List<? extends ResourceType<?>>> types) {
            this.context = context;
            this.types = types;
            this.budgets = context.informers().of(BUDGETS);
            this.pods = context.informers().of(Pod.class);
            this.replicaSets = context.informers().of(ReplicaSet.class);
            this.deployments = context.informers().of(Deployment.class);
            this.statefulSets = context.informers().of(StatefulSet.class);
            this.replicationControllers = context.informers().of(ReplicationController.class);
            pods.addIndex(
                    ALL + "/labels",
                    pod -> LabelIndex.ofLabels(
                            pod.getMetadata().getNamespace(), pod.getMetadata().getLabels()));
            budgets.addIndex(
                    BY_SELECTOR,
                    budget -> List.of(LabelIndex.ofSelector(budget.getMetadata().getNamespace(), selector(budget))));
            this.loop = new ControlLoop<ObjectKey>(context.kernel(), name, 1)
                    .watch(budgets, KeyMapper.self(ObjectKey::of))
                    .<Pod>watch(pods, (old, now, keys) -> {
                        if (old != null) {
                            budgetsOf(old, keys);
                        }
                        if (now != null) {
                            budgetsOf(now, keys);
                        }
                    })
                    .uses(replicaSets)
                    .uses(deployments)
                    .uses(statefulSets)
                    .uses(replicationControllers);
            loop.start(this::reconcile);
        }

        private static Selector selector(PodDisruptionBudget budget) {
            return budget.getSpec().getSelector() == null
                    ? Selector.nothing()
                    : Selector.of(budget.getSpec().getSelector());
        }

        private void budgetsOf(Pod pod, Consumer<ObjectKey> keys) {
            Map<String, String> labels = pod.getMetadata().getLabels();
            for (String key : LabelIndex.ofLabels(pod.getMetadata().getNamespace(), labels)) {
                for (PodDisruptionBudget budget : budgets.byIndex(BY_SELECTOR, key)) {
                    if (selector(budget).matches(labels)) {
                        keys.accept(ObjectKey.of(budget));
                    }
                }
            }
        }

        private Result reconcile(ObjectKey key) {
            PodDisruptionBudget budget = budgets.find(key).orElse(null);
            if (budget == null) {
                return Result.done();
            }
            Instant now = context.kernel().instant();
            List<Pod> matching = matching(key, budget);
            if (matching.isEmpty()) {
                context.events().normal(budget, "NoPods", "No matching pods found");
            }
            BudgetPlanner.Wanted wanted;
            try {
                int scale = BudgetPlanner.countsPods(budget) ? 0 : scale(budget, matching);
                wanted = BudgetPlanner.wanted(budget, matching.size(), scale);
            } catch (Unknown e) {
                context.events()
                        .warning(
                                budget,
                                "CalculateExpectedPodCountFailed",
                                "Failed to calculate the number of expected pods: " + e.why);
                write(key, budget, BudgetPlanner.failed(budget, e.why, now));
                return Result.retry();
            }
            BudgetPlanner.Plan plan = BudgetPlanner.plan(budget, matching, wanted, now);
            for (Pod pod : plan.late()) {
                context.events()
                        .warning(
                                pod,
                                "NotDeleted",
                                "Pod was expected by PDB %s/%s to be deleted but it wasn't"
                                        .formatted(key.namespace(), key.name()));
            }
            write(key, budget, plan.status());
            return plan.again() == null ? Result.done() : Result.requeueAfter(Duration.between(now, plan.again()));
        }

        private List<Pod> matching(ObjectKey key, PodDisruptionBudget budget) {
            Selector selector = selector(budget);
            List<Pod> matching = new ArrayList<>();
            for (Pod pod : pods.byIndex(ALL + "/labels", LabelIndex.ofSelector(key.namespace(), selector))) {
                if (selector.matches(pod.getMetadata().getLabels())) {
                    matching.add(pod);
                }
            }
            return matching;
        }

        private void write(ObjectKey key, PodDisruptionBudget budget, PodDisruptionBudgetStatus status) {
            if (!status.equals(budget.getStatus())) {
                loop.wrote(
                        key,
                        budgets,
                        context.client()
                                .updateStatus(new PodDisruptionBudgetBuilder(budget)
                                        .withStatus(status)
                                        .build()));
            }
        }

        /** How many pods the owners of some pods want in all. */
        private int scale(PodDisruptionBudget budget, List<Pod> matching) throws Unknown {
            Map<String, Integer> scales = new LinkedHashMap<>();
            int unmanaged = 0;
            for (Pod pod : matching) {
                OwnerReference owner = OwnerReferences.controllerOf(pod).orElse(null);
                if (owner == null) {
                    unmanaged++;
                } else if (!scales.containsKey(owner.getUid())) {
                    addScale(scales, pod, owner);
                }
            }
            if (unmanaged > 0) {
                context.events()
                        .warning(
                                budget,
                                "UnmanagedPods",
                                "Pods selected by this PodDisruptionBudget (selector: %s) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value."
                                        .formatted(selectorText(budget)));
            }
            return scales.values().stream().mapToInt(Integer::intValue).sum();
        }

        private static String selectorText(PodDisruptionBudget budget) {
            return "&LabelSelector{MatchLabels:map[string]string"
                    + (budget.getSpec().getSelector() == null
                            ? "{}"
                            : "{" + labels(budget.getSpec().getSelector().getMatchLabels()) + "}")
                    + ",MatchExpressions:[]LabelSelectorRequirement{},}";
        }

        private static String labels(@Nullable Map<String, String> labels) {
            StringBuilder text = new StringBuilder();
            if (labels != null) {
                labels.forEach((key, value) ->
                        text.append(key).append(": ").append(value).append(','));
            }
            return text.toString();
        }

        private void addScale(Map<String, Integer> scales, Pod pod, OwnerReference owner) throws Unknown {
            String namespace = pod.getMetadata().getNamespace();
            switch (owner.getKind()) {
                case "ReplicaSet" -> {
                    ReplicaSet set = found(replicaSets, namespace, owner, pod);
                    OwnerReference above = OwnerReferences.controllerOf(set).orElse(null);
                    if (above != null && "Deployment".equals(above.getKind())) {
                        Deployment deployment = found(deployments, namespace, above, pod);
                        scales.put(above.getUid(), deployment.getSpec().getReplicas());
                        scales.put(owner.getUid(), 0);
                    } else {
                        scales.put(owner.getUid(), set.getSpec().getReplicas());
                    }
                }
                case "StatefulSet" ->
                    scales.put(
                            owner.getUid(),
                            found(statefulSets, namespace, owner, pod).getSpec().getReplicas());
                case "ReplicationController" ->
                    scales.put(
                            owner.getUid(),
                            found(replicationControllers, namespace, owner, pod)
                                    .getSpec()
                                    .getReplicas());
                default -> scales.put(owner.getUid(), scaleOf(namespace, owner));
            }
        }

        /** The size that an owner of any kind has by its scale subresource. */
        private int scaleOf(String namespace, OwnerReference owner) throws Unknown {
            String version = owner.getApiVersion();
            String group = version.contains("/") ? version.substring(0, version.indexOf('/')) : "";
            for (ResourceType<?> type : types.get()) {
                if (type.group().equals(group) && type.kind().equals(owner.getKind())) {
                    try {
                        JsonNode scale = context.client().subresource(type, namespace, owner.getName(), "scale");
                        return scale.path("spec").path("replicas").asInt();
                    } catch (StatusException e) {
                        throw new Unknown("%s does not implement the scale subresource"
                                .formatted(group.isEmpty() ? type.plural() : type.plural() + "." + group));
                    }
                }
            }
            throw new Unknown("no matches for kind \"%s\" in version \"%s\"".formatted(owner.getKind(), version));
        }

        private static <T extends HasMetadata> T found(
                Informer<T> informer, String namespace, OwnerReference owner, Pod pod) throws Unknown {
            Optional<T> found = informer.find(namespace, owner.getName())
                    .filter(object -> object.getMetadata().getUid().equals(owner.getUid()));
            return found.orElseThrow(() -> new Unknown("found no controllers for pod \"%s\""
                    .formatted(pod.getMetadata().getName())));
        }
    }
}
