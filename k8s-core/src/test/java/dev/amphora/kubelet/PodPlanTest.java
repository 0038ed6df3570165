package dev.amphora.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.PodState;
import dev.amphora.kubelet.ContainerRuntime.SandboxStatus;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EphemeralContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is done for a pod, from what is wanted and what is there. */
class PodPlanTest {
    private static final Instant T = Instant.EPOCH;
    private static final PodPlan.Health HEALTHY = new Health(true, false, false);

    private record Health(boolean isStarted, boolean startup, boolean liveness) implements PodPlan.Health {
        @Override
        public boolean started(String containerId) {
            return isStarted;
        }

        @Override
        public boolean startupFailed(String containerId) {
            return startup;
        }

        @Override
        public boolean livenessFailed(String containerId) {
            return liveness;
        }
    }

    @Test
    void makesASandboxAndStartsAllContainers() {
        PodPlan plan = PodPlan.of(pod("Always", List.of(), List.of("a", "b")), PodState.NONE, HEALTHY);

        assertThat(plan.newSandbox()).isTrue();
        assertThat(plan.attempt()).isZero();
        assertThat(starts(plan)).containsExactly("a", "b");
    }

    @Test
    void startsOneInitContainerAfterTheOther() {
        Pod pod = pod("Always", List.of("i1", "i2"), List.of("c"));

        assertThat(starts(PodPlan.of(pod, PodState.NONE, HEALTHY))).containsExactly("i1");
        assertThat(starts(PodPlan.of(pod, state(running("i1")), HEALTHY))).isEmpty();
        assertThat(starts(PodPlan.of(pod, state(ended("i1", 0)), HEALTHY))).containsExactly("i2");
        assertThat(starts(PodPlan.of(pod, state(ended("i2", 0), ended("i1", 0)), HEALTHY)))
                .containsExactly("c");
    }

    @Test
    void repeatsAFailedInitContainerUnlessThePolicyIsNever() {
        assertThat(starts(PodPlan.of(pod("OnFailure", List.of("i"), List.of("c")), state(ended("i", 1)), HEALTHY)))
                .containsExactly("i");
        assertThat(PodPlan.of(pod("Never", List.of("i"), List.of("c")), state(ended("i", 1)), HEALTHY)
                        .finished())
                .isTrue();
    }

    @Test
    void goesOnFromASidecarOnceItHasStarted() {
        Pod pod = pod("Always", List.of("s+", "i"), List.of("c"));

        assertThat(starts(PodPlan.of(pod, state(running("s")), new Health(false, false, false))))
                .isEmpty();
        assertThat(starts(PodPlan.of(pod, state(running("s")), HEALTHY))).containsExactly("i");
    }

    @Test
    void startsASidecarAgainWhileTheOthersRun() {
        Pod pod = pod("Never", List.of("s+"), List.of("c"));

        assertThat(starts(PodPlan.of(pod, state(running("c"), ended("s", 0)), HEALTHY)))
                .containsExactly("s");
    }

    @Test
    void restartsByPolicy() {
        for (String policy : List.of("Always", "OnFailure", "Never")) {
            Pod pod = pod(policy, List.of(), List.of("a", "b"));

            assertThat(starts(PodPlan.of(pod, state(running("b"), ended("a", 0)), HEALTHY)))
                    .as(policy + " after success")
                    .isEqualTo(policy.equals("Always") ? List.of("a") : List.of());
            assertThat(starts(PodPlan.of(pod, state(running("b"), ended("a", 3)), HEALTHY)))
                    .as(policy + " after failure")
                    .isEqualTo(policy.equals("Never") ? List.of() : List.of("a"));
        }
    }

    @Test
    void isFinishedWhenNothingWillRunAgain() {
        assertThat(PodPlan.of(
                                pod("OnFailure", List.of("s+"), List.of("a", "b")),
                                state(ended("b", 0), ended("a", 0), running("s")),
                                HEALTHY)
                        .finished())
                .isTrue();
    }

    @Test
    void killsAndRestartsWhatIsNotAlive() {
        PodPlan plan =
                PodPlan.of(pod("Always", List.of(), List.of("c")), state(running("c")), new Health(true, false, true));

        assertThat(plan.kills())
                .extracting(PodPlan.Kill::message)
                .containsExactly("Container c failed liveness probe, will be restarted");
        assertThat(starts(plan)).containsExactly("c");
    }

    @Test
    void endsThePodIfWhatIsNotAliveMayNotRestart() {
        assertThat(PodPlan.of(pod("Never", List.of(), List.of("c")), state(running("c")), new Health(true, false, true))
                        .finished())
                .isTrue();
    }

    @Test
    void replacesADeadSandboxAndRunsInitContainersAgain() {
        Pod pod = pod("Always", List.of("i"), List.of("c"));
        PodState state = new PodState(
                List.of(new SandboxStatus("s0", "default", "p", "u", 0, false, T, null)),
                List.of(ended("c", 137), ended("i", 0)));

        PodPlan plan = PodPlan.of(pod, state, HEALTHY);

        assertThat(plan.newSandbox()).isTrue();
        assertThat(plan.attempt()).isEqualTo(1);
        assertThat(starts(plan)).containsExactly("i");
    }

    @Test
    void restartsAContainerWhoseImageWasChanged() {
        Pod pod = pod("Always", List.of(), List.of("c"));
        pod.getSpec().getContainers().get(0).setImage("example.com/app:2");

        PodPlan plan = PodPlan.of(pod, state(running("c")), HEALTHY);

        assertThat(plan.kills()).extracting(PodPlan.Kill::cause).containsExactly(PodPlan.Cause.CHANGED);
        assertThat(starts(plan)).containsExactly("c");
    }

    private static List<String> starts(PodPlan plan) {
        return plan.starts().stream().map(start -> start.container().getName()).toList();
    }

    /** A name that ends in a plus sign is a sidecar's. */
    private static Pod pod(String policy, List<String> inits, List<String> containers) {
        List<Container> all = new ArrayList<>();
        for (String init : inits) {
            ContainerBuilder builder =
                    new ContainerBuilder().withName(init.replace("+", "")).withImage("example.com/app:1");
            all.add(init.endsWith("+") ? builder.withRestartPolicy("Always").build() : builder.build());
        }
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("p")
                .withUid("u")
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy(policy)
                .withInitContainers(all)
                .withContainers(containers.stream()
                        .map(name -> new ContainerBuilder()
                                .withName(name)
                                .withImage("example.com/app:1")
                                .build())
                        .toList())
                .endSpec()
                .build();
    }

    @Test
    void startsAContainerForDebuggingOnce() {
        Pod pod = pod("Always", List.of("i1"), List.of("c"));
        pod.getSpec()
                .getEphemeralContainers()
                .add(new EphemeralContainerBuilder()
                        .withName("debug")
                        .withImage("example.com/tools:1")
                        .withTargetContainerName("c")
                        .build());

        assertThat(starts(PodPlan.of(pod, state(running("i1")), HEALTHY))).containsExactly("debug");
        assertThat(starts(PodPlan.of(pod, state(running("c"), ended("i1", 0)), HEALTHY)))
                .containsExactly("debug");
        assertThat(starts(PodPlan.of(pod, state(ended("debug", 1), running("c"), ended("i1", 0)), HEALTHY)))
                .isEmpty();
    }

    private static PodState state(ContainerStatus... containers) {
        return new PodState(
                List.of(new SandboxStatus("s0", "default", "p", "u", 0, true, T, null)), List.of(containers));
    }

    private static ContainerStatus running(String name) {
        return status(name, ContainerState.RUNNING, 0);
    }

    private static ContainerStatus ended(String name, int exitCode) {
        return status(name, ContainerState.EXITED, exitCode);
    }

    private static ContainerStatus status(String name, ContainerState state, int exitCode) {
        return new ContainerStatus(
                name + "-0", "s0", name, 0, "example.com/app:1", "id", state, T, T, T, exitCode, "", "");
    }
}
