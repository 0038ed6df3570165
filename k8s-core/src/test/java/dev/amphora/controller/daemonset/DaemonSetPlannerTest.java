package dev.amphora.controller.daemonset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.controller.history.Revisions;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DaemonSetPlannerTest {
    private static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");

    private final List<Node> nodes = new ArrayList<>();
    private final List<Pod> pods = new ArrayList<>();
    private int surge;
    private int unavailable = 1;

    DaemonSetPlannerTest() {
        for (int i = 1; i <= 3; i++) {
            nodes.add(new NodeBuilder()
                    .withNewMetadata()
                    .withName("n" + i)
                    .endMetadata()
                    .build());
        }
    }

    private Pod pod(int node, String revision, boolean ready) {
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withName(revision + node)
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .addToLabels(Revisions.LABEL, revision)
                .endMetadata()
                .withNewSpec()
                .withNodeName("n" + node)
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .withLastTransitionTime("2026-01-01T00:00:00Z")
                .endCondition()
                .endStatus()
                .build();
        pods.add(pod);
        return pod;
    }

    private DaemonSet set() {
        return new DaemonSetBuilder()
                .withNewMetadata()
                .withName("agent")
                .endMetadata()
                .withNewSpec()
                .withNewTemplate()
                .withNewSpec()
                .endSpec()
                .endTemplate()
                .withNewUpdateStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxSurge(new IntOrString(surge))
                .withMaxUnavailable(new IntOrString(unavailable))
                .endRollingUpdate()
                .endUpdateStrategy()
                .endSpec()
                .build();
    }

    private DaemonSetPlanner.Plan roll() {
        return new DaemonSetPlanner(set(), "new", nodes, pods, NOW).roll();
    }

    private static List<String> names(List<Pod> pods) {
        return pods.stream().map(pod -> pod.getMetadata().getName()).toList();
    }

    @Test
    @DisplayName("DS-3: old pods that are not available go first, and count against those that are")
    void replacesUnavailablePodsFirst() {
        pod(1, "old", true);
        pod(2, "old", false);
        pod(3, "old", true);
        assertThat(names(roll().delete())).containsExactly("old2");
        unavailable = 2;
        assertThat(names(roll().delete())).containsExactly("old2", "old1");
    }

    @Test
    @DisplayName("DS-4: with a surge the new pod comes first, and the old one goes when that is available")
    void surgesOnTheSameNode() {
        surge = 1;
        unavailable = 0;
        pod(1, "old", true);
        pod(2, "old", true);
        pod(3, "old", false);
        assertThat(roll().create()).containsExactly("n3", "n1");
        pod(1, "new", true);
        assertThat(names(roll().delete())).containsExactly("old1");
    }

    @Test
    @DisplayName("DS-5: a pod that goes is as good as gone: its node counts once, so that an update gets on")
    void countsTerminatingPodsAsGone() {
        pod(1, "old", true).getMetadata().setDeletionTimestamp("2026-01-01T00:59:00Z");
        pod(2, "old", true);
        pod(3, "old", true);
        assertThat(roll().delete()).isEmpty();
        unavailable = 2;
        assertThat(names(roll().delete())).containsExactly("old2");
        assertThat(new DaemonSetPlanner(set(), "new", nodes, pods, NOW).manage().create())
                .isEmpty();
    }
}
