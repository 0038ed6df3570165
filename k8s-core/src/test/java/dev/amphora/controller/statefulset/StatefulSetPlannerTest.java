package dev.amphora.controller.statefulset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.controller.history.Revisions;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class StatefulSetPlannerTest {
    private static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");

    private final List<Pod> pods = new ArrayList<>();
    private int replicas = 3;
    private String strategy = "RollingUpdate";
    private String management = "OrderedReady";
    private int stale = -1;

    private void pod(int ordinal, String revision, String phase, boolean ready) {
        pods.add(new PodBuilder()
                .withNewMetadata()
                .withName("db-" + ordinal)
                .withNamespace("default")
                .addToLabels(Revisions.LABEL, revision)
                .addToLabels("statefulset.kubernetes.io/pod-name", "db-" + ordinal)
                .addToLabels("apps.kubernetes.io/pod-index", String.valueOf(ordinal))
                .endMetadata()
                .withNewSpec()
                .withNodeName("n1")
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .withLastTransitionTime("2026-01-01T00:00:00Z")
                .endCondition()
                .endStatus()
                .build());
    }

    private StatefulSet set() {
        return new StatefulSetBuilder()
                .withNewMetadata()
                .withName("db")
                .withNamespace("default")
                .withGeneration(1L)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withPodManagementPolicy(management)
                .withNewUpdateStrategy()
                .withType(strategy)
                .endUpdateStrategy()
                .withNewTemplate()
                .endTemplate()
                .endSpec()
                .build();
    }

    /** What is made and deleted, such as {@code -db-2} and {@code +db-0}. */
    private List<String> plan(StatefulSet set) {
        List<String> done = new ArrayList<>();
        for (StatefulSetPlanner.Step step : StatefulSetPlanner.plan(
                        new StatefulSetPlanner.View(set, "old", "new", 0, pods, ordinal -> ordinal == stale, NOW))
                .steps()) {
            if (step instanceof StatefulSetPlanner.Create create) {
                done.add("+db-" + create.ordinal() + (create.current() ? " old" : ""));
            } else if (step instanceof StatefulSetPlanner.Delete delete) {
                done.add("-" + delete.pod().getMetadata().getName());
            } else if (step instanceof StatefulSetPlanner.Claims claims) {
                done.add("claims of " + claims.ordinal());
            }
        }
        return done;
    }

    private List<String> plan() {
        return plan(set());
    }

    private void allRunning(String revision) {
        for (int i = 0; i < replicas; i++) {
            pod(i, revision, "Running", true);
        }
    }

    @Test
    @DisplayName("STS-5: pods beyond the range go from the highest; names without an ordinal are left alone")
    void condemnsWhatIsOutOfRange() {
        allRunning("new");
        pod(4, "new", "Running", true);
        pod(3, "new", "Running", true);
        pods.add(new PodBuilder()
                .withNewMetadata()
                .withName("db-x")
                .endMetadata()
                .build());
        assertThat(plan()).containsExactly("-db-4");
    }

    @Test
    @DisplayName("STS-6, STS-7: one pod at a time, from the highest ordinal down")
    void updatesOneAtATime() {
        allRunning("old");
        assertThat(plan()).containsExactly("-db-2");
        management = "Parallel";
        assertThat(plan()).containsExactly("-db-2");
        pods.remove(2);
        pod(2, "new", "Running", false);
        assertThat(plan()).isEmpty();
    }

    @Test
    @DisplayName("STS-2, STS-3: without an order nobody waits for a pod that has ended, nor for a claim on its way out")
    void goesOnBesideWhatIsStuck() {
        replicas = 4;
        pod(0, "new", "Failed", false);
        pods.get(0).getMetadata().setDeletionTimestamp("2026-01-01T00:59:00Z");
        pod(2, "new", "Succeeded", false);
        assertThat(plan()).isEmpty();
        management = "Parallel";
        assertThat(plan()).containsExactly("+db-1", "-db-2", "+db-3");
        stale = 1;
        assertThat(plan()).containsExactly("-db-2", "+db-3");
    }

    @Test
    @DisplayName("STS-3, STS-6: a pod that has ended is deleted once, even if it is at another revision too")
    void deletesAnEndedPodOnce() {
        management = "Parallel";
        allRunning("new");
        pods.remove(2);
        pod(2, "old", "Failed", false);
        assertThat(plan()).containsExactly("-db-2");
    }

    @Test
    @DisplayName("STS-8: OnDelete never deletes for an update")
    void leavesUpdatesToOthers() {
        strategy = "OnDelete";
        allRunning("old");
        assertThat(plan()).isEmpty();
    }

    @Test
    @DisplayName("STS-9: scaling comes before an update, and nothing at all when the set goes")
    void scalesBeforeItUpdates() {
        allRunning("old");
        replicas = 4;
        assertThat(plan()).containsExactly("+db-3");
        replicas = 2;
        assertThat(plan()).containsExactly("-db-2");
        StatefulSet going = set();
        going.getMetadata().setDeletionTimestamp("2026-01-01T00:00:00Z");
        assertThat(plan(going)).isEmpty();
    }

    @Test
    @DisplayName("STS-10: in order, a pod that never gets ready blocks even the way back")
    void staysBrokenUntilSomebodyHelps() {
        pod(0, "old", "Running", true);
        pod(1, "old", "Running", true);
        pod(2, "broken", "Running", false);
        assertThat(plan()).isEmpty();
        management = "Parallel";
        assertThat(plan()).containsExactly("-db-2");
    }

    @Test
    @DisplayName("STS-12: claims that a waiting pod lacks are made again")
    void makesMissingClaims() {
        allRunning("new");
        pods.remove(2);
        pod(2, "new", "Pending", false);
        assertThat(plan()).containsExactly("claims of 2");
    }

    @Test
    @DisplayName("STS-3: a pod that has ended is replaced")
    void replacesEndedPods() {
        allRunning("new");
        pods.remove(1);
        pod(1, "new", "Failed", false);
        assertThat(plan()).containsExactly("-db-1");
    }
}
