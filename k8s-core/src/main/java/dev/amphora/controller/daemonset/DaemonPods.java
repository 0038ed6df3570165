package dev.amphora.controller.daemonset;

import dev.amphora.controller.PodTemplates;
import dev.amphora.controller.Pods;
import dev.amphora.controller.history.Revisions;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How daemon pods are made, and what is read off them. */
final class DaemonPods {
    static final String GENERATION = "pod-template-generation";
    private static final String GENERATION_ANNOTATION = "deprecated.daemonset.template.generation";
    private static final String FIELD = "metadata.name";

    /** Bound pods first, then the oldest. */
    static final Comparator<Pod> OLDEST = Comparator.comparing((Pod pod) -> !Pods.isAssigned(pod))
            .thenComparing(pod ->
                    Objects.requireNonNullElse(Pods.time(pod.getMetadata().getCreationTimestamp()), Instant.MAX))
            .thenComparing(pod -> pod.getMetadata().getName());

    private DaemonPods() {}

    static List<Toleration> tolerations(PodSpec spec) {
        List<Toleration> all = new ArrayList<>(spec.getTolerations() == null ? List.of() : spec.getTolerations());
        add(all, "node.kubernetes.io/not-ready", "NoExecute");
        add(all, "node.kubernetes.io/unreachable", "NoExecute");
        add(all, "node.kubernetes.io/disk-pressure", "NoSchedule");
        add(all, "node.kubernetes.io/memory-pressure", "NoSchedule");
        add(all, "node.kubernetes.io/pid-pressure", "NoSchedule");
        add(all, "node.kubernetes.io/unschedulable", "NoSchedule");
        if (Boolean.TRUE.equals(spec.getHostNetwork())) {
            add(all, "node.kubernetes.io/network-unavailable", "NoSchedule");
        }
        return all;
    }

    private static void add(List<Toleration> all, String key, String effect) {
        Toleration added = new TolerationBuilder()
                .withKey(key)
                .withOperator("Exists")
                .withEffect(effect)
                .build();
        for (int i = 0; i < all.size(); i++) {
            Toleration present = all.get(i);
            if (key.equals(present.getKey())
                    && effect.equals(present.getEffect())
                    && "Exists".equals(present.getOperator())
                    && (present.getValue() == null || present.getValue().isEmpty())) {
                all.set(i, added);
                return;
            }
        }
        all.add(added);
    }

    static @Nullable String generation(DaemonSet set) {
        Map<String, String> annotations = set.getMetadata().getAnnotations();
        return annotations == null ? null : annotations.get(GENERATION_ANNOTATION);
    }

    /** A new pod for a node. */
    static Pod pod(DaemonSet set, String hash, String node) {
        Pod pod = PodTemplates.podOf(set, set.getSpec().getTemplate());
        PodBuilder builder = new PodBuilder(pod)
                .editSpec()
                .withTolerations(tolerations(pod.getSpec()))
                .withAffinity(pinned(pod.getSpec().getAffinity(), node))
                .endSpec();
        String generation = generation(set);
        if (generation != null) {
            builder.editMetadata().addToLabels(GENERATION, generation).endMetadata();
        }
        return builder.editMetadata()
                .addToLabels(Revisions.LABEL, hash)
                .endMetadata()
                .build();
    }

    private static Affinity pinned(@Nullable Affinity affinity, String node) {
        NodeSelector selector = new NodeSelectorBuilder()
                .addNewNodeSelectorTerm()
                .addNewMatchField()
                .withKey(FIELD)
                .withOperator("In")
                .withValues(node)
                .endMatchField()
                .endNodeSelectorTerm()
                .build();
        return (affinity == null ? new AffinityBuilder() : new AffinityBuilder(affinity))
                .editOrNewNodeAffinity()
                .withRequiredDuringSchedulingIgnoredDuringExecution(selector)
                .endNodeAffinity()
                .build();
    }

    /** The node that a pod is on, or is meant for; empty if it is meant for none. */
    static String node(Pod pod) {
        if (Pods.isAssigned(pod)) {
            return pod.getSpec().getNodeName();
        }
        Affinity affinity = pod.getSpec().getAffinity();
        if (affinity == null
                || affinity.getNodeAffinity() == null
                || affinity.getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution() == null) {
            return "";
        }
        for (NodeSelectorTerm term : affinity.getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms()) {
            for (NodeSelectorRequirement field : term.getMatchFields()) {
                if (FIELD.equals(field.getKey())
                        && "In".equals(field.getOperator())
                        && field.getValues().size() == 1) {
                    return field.getValues().get(0);
                }
            }
        }
        return "";
    }

    /** Whether a pod is made of the present template. */
    static boolean isUpdated(DaemonSet set, Pod pod, String hash) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        if (labels == null) {
            return false;
        }
        String generation = generation(set);
        return hash.equals(labels.get(Revisions.LABEL))
                || (generation != null && generation.equals(labels.get(GENERATION)));
    }
}
