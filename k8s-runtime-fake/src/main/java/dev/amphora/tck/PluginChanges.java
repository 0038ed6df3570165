package dev.amphora.tck;

import dev.amphora.scheduler.testing.TestNode;
import dev.amphora.scheduler.testing.TestPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Draws changes that may happen in a small cluster, one aspect of one object at a time, as the scheduler tells events apart. */
final class PluginChanges {
    private final PluginFacts facts;
    private final PluginFacts.Source source;

    /**
     * A change.
     *
     * @param before null if the object is added
     * @param after null if it is deleted
     */
    record Change(@Nullable HasMetadata before, @Nullable HasMetadata after) {
        HasMetadata object() {
            HasMetadata some = after == null ? before : after;
            if (some == null) {
                throw new IllegalStateException("a change of nothing");
            }
            return some;
        }
    }

    PluginChanges(PluginFacts facts, PluginFacts.Source source) {
        this.facts = facts;
        this.source = source;
    }

    /** Changes of everything but the waiting pod, several of each kind. */
    List<Change> aroundThePod() {
        List<Change> changes = new ArrayList<>();
        for (Node node : facts.nodes()) {
            changes.addAll(ofNode(node));
            changes.add(new Change(node, null));
        }
        changes.add(new Change(null, source.node("node-new")));
        for (Pod pod : facts.running()) {
            changes.add(new Change(pod, null));
            changes.add(new Change(pod, labelsOf(pod, source.pod("x"))));
        }
        changes.add(new Change(null, source.running("running-new", facts.nodes())));
        changes.addAll(ofOthers());
        return changes;
    }

    /** What may change about the waiting pod itself. */
    List<Change> ofThePod() {
        Pod pod = facts.waiting();
        Pod drawn = source.pod("x");
        List<Toleration> tolerations = new ArrayList<>(pod.getSpec().getTolerations());
        tolerations.addAll(drawn.getSpec().getTolerations());
        List<Change> changes = new ArrayList<>();
        changes.add(new Change(pod, labelsOf(pod, drawn)));
        if (tolerations.size() > pod.getSpec().getTolerations().size()) {
            changes.add(new Change(
                    pod,
                    TestPod.of(pod)
                            .edit(p -> p.editSpec().withTolerations(tolerations).endSpec())
                            .build()));
        }
        if (!pod.getSpec().getSchedulingGates().isEmpty()) {
            changes.add(new Change(
                    pod,
                    TestPod.of(pod)
                            .edit(p ->
                                    p.editSpec().withSchedulingGates(List.of()).endSpec())
                            .build()));
        }
        return changes;
    }

    private static Pod labelsOf(Pod pod, Pod other) {
        return TestPod.of(pod)
                .edit(p -> p.editMetadata()
                        .withLabels(other.getMetadata().getLabels())
                        .endMetadata())
                .build();
    }

    private List<Change> ofNode(Node node) {
        Node drawn = source.node(node.getMetadata().getName());
        List<Change> changes = new ArrayList<>();
        changes.add(new Change(
                node,
                TestNode.of(node)
                        .edit(n -> n.editMetadata()
                                .withLabels(drawn.getMetadata().getLabels())
                                .endMetadata())
                        .build()));
        changes.add(new Change(
                node,
                TestNode.of(node)
                        .edit(n -> n.editMetadata()
                                .withAnnotations(drawn.getMetadata().getAnnotations())
                                .endMetadata())
                        .build()));
        changes.add(new Change(
                node,
                TestNode.of(node)
                        .edit(n -> n.editSpec()
                                .withTaints(drawn.getSpec().getTaints())
                                .withUnschedulable(drawn.getSpec().getUnschedulable())
                                .endSpec())
                        .build()));
        changes.add(new Change(
                node,
                TestNode.of(node)
                        .edit(n -> n.editStatus()
                                .withAllocatable(drawn.getStatus().getAllocatable())
                                .endStatus())
                        .build()));
        changes.add(new Change(
                node,
                TestNode.of(node)
                        .edit(n -> n.editStatus()
                                .withConditions(drawn.getStatus().getConditions())
                                .endStatus())
                        .build()));
        return changes;
    }

    private List<Change> ofOthers() {
        List<Change> changes = new ArrayList<>();
        for (HasMetadata each : facts.others()) {
            changes.add(new Change(each, null));
        }
        RandomGenerator chance = source.chance();
        for (HasMetadata drawn : source.others().apply(chance)) {
            HasMetadata known = facts.others().stream()
                    .filter(each -> isSame(each, drawn))
                    .findFirst()
                    .orElse(null);
            changes.add(new Change(known, drawn));
        }
        return changes;
    }

    private static boolean isSame(HasMetadata a, HasMetadata b) {
        return a.getClass() == b.getClass()
                && String.valueOf(a.getMetadata().getNamespace())
                        .equals(String.valueOf(b.getMetadata().getNamespace()))
                && a.getMetadata().getName().equals(b.getMetadata().getName());
    }
}
