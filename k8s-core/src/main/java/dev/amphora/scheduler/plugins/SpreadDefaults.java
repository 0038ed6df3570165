package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.LabelMatcher;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The spread constraints of pods that have none of their own: those of the profile, over the pods of the same Services and of the same
 * controller.
 */
final class SpreadDefaults {
    private final List<TopologySpreadConstraint> constraints;
    private final Lister.Index<Service> services;
    private final Lister<ReplicationController> replicationControllers;
    private final Lister<ReplicaSet> replicaSets;
    private final Lister<StatefulSet> statefulSets;

    SpreadDefaults(List<TopologySpreadConstraint> constraints, Handle handle) {
        this.constraints = constraints;
        this.services = handle.lister(Service.class).index("scheduler.selector", SpreadDefaults::keys);
        this.replicationControllers = handle.lister(ReplicationController.class);
        this.replicaSets = handle.lister(ReplicaSet.class);
        this.statefulSets = handle.lister(StatefulSet.class);
    }

    /** The constraints with an action for a pod. */
    List<SpreadConstraint> of(PodInfo pod, String action) {
        List<TopologySpreadConstraint> wanted = constraints.stream()
                .filter(constraint -> action.equals(constraint.getWhenUnsatisfiable()))
                .toList();
        if (wanted.isEmpty()) {
            return List.of();
        }
        LabelMatcher selector = selector(pod);
        return selector.isEverything()
                ? List.of()
                : wanted.stream()
                        .map(constraint -> SpreadConstraint.of(constraint, selector))
                        .toList();
    }

    /** A service is found by one of the labels that it selects, which its pods have all. */
    private static List<String> keys(Service service) {
        Map<String, String> selector =
                service.getSpec() == null ? null : service.getSpec().getSelector();
        return selector == null || selector.isEmpty()
                ? List.of()
                : List.of(key(
                        service.getMetadata().getNamespace(),
                        Collections.min(selector.entrySet(), Map.Entry.comparingByKey())));
    }

    private static String key(String namespace, Map.Entry<String, String> label) {
        return namespace + "/" + label.getKey() + "=" + label.getValue();
    }

    private List<Service> services(PodInfo pod) {
        List<Service> found = new ArrayList<>();
        for (Map.Entry<String, String> label : pod.labels().entrySet()) {
            found.addAll(services.get(key(pod.namespace(), label)));
        }
        return found;
    }

    /** What selects the pods that belong together with a pod; everything if nothing does. */
    private LabelMatcher selector(PodInfo pod) {
        Map<String, String> labels = new HashMap<>();
        for (Service service : services(pod)) {
            Map<String, String> selector =
                    service.getSpec() == null ? null : service.getSpec().getSelector();
            if (selector != null
                    && !selector.isEmpty()
                    && LabelMatcher.of(selector).matches(pod.labels())) {
                labels.putAll(selector);
            }
        }
        OwnerReference owner = controller(pod);
        if (owner == null) {
            return LabelMatcher.of(labels);
        }
        String kind = owner.getApiVersion() + "/" + owner.getKind();
        switch (kind) {
            case "v1/ReplicationController" -> {
                ReplicationController found = replicationControllers.get(pod.namespace(), owner.getName());
                if (found != null && found.getSpec() != null && found.getSpec().getSelector() != null) {
                    labels.putAll(found.getSpec().getSelector());
                }
                return LabelMatcher.of(labels);
            }
            case "apps/v1/ReplicaSet" -> {
                ReplicaSet found = replicaSets.get(pod.namespace(), owner.getName());
                return and(
                        labels,
                        found == null || found.getSpec() == null
                                ? null
                                : found.getSpec().getSelector());
            }
            case "apps/v1/StatefulSet" -> {
                StatefulSet found = statefulSets.get(pod.namespace(), owner.getName());
                return and(
                        labels,
                        found == null || found.getSpec() == null
                                ? null
                                : found.getSpec().getSelector());
            }
            default -> {
                return LabelMatcher.of(labels);
            }
        }
    }

    private static LabelMatcher and(Map<String, String> labels, @Nullable LabelSelector selector) {
        LabelMatcher byLabels = LabelMatcher.of(labels);
        try {
            return selector == null ? byLabels : byLabels.and(LabelMatcher.of(selector));
        } catch (IllegalArgumentException e) {
            // a selector that makes no sense adds nothing
            return byLabels;
        }
    }

    private static @Nullable OwnerReference controller(PodInfo pod) {
        for (OwnerReference owner : pod.pod().getMetadata().getOwnerReferences()) {
            if (Boolean.TRUE.equals(owner.getController())) {
                return owner;
            }
        }
        return null;
    }
}
