package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a KubeSchedulerConfiguration says comes to pass. */
class SchedulerConfigurationTest {
    private static final String HEADER =
            """
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            """;

    private static SchedulerConfiguration read(String rest) {
        return SchedulerConfiguration.read(HEADER + rest, Map.of("Mine", (args, handle) -> new Mine()));
    }

    private static List<String> at(SchedulerConfiguration configuration, String point) {
        return new SchedulerSandbox(configuration.profiles().get(0), 1)
                .extensionPoints().get(point).stream()
                        .map(plugin -> point.equals("score") ? plugin.name() + " " + plugin.weight() : plugin.name())
                        .toList();
    }

    @Test
    void withoutProfilesItIsTheDefault() {
        SchedulerConfiguration configuration = read("podMaxBackoffSeconds: 20");

        assertThat(configuration.profiles()).extracting(Profile::schedulerName).containsExactly("default-scheduler");
        assertThat(configuration.podMaxBackoff()).isEqualTo(Duration.ofSeconds(20));
        assertThat(at(configuration, "preEnqueue"))
                .containsExactly("SchedulingGates", "DynamicResources", "DefaultPreemption");
    }

    @Test
    void pluginsOfOnesOwnComeLastAndDefaultsKeepTheirPlacesWithOtherWeights() {
        SchedulerConfiguration configuration = read(
                """
                profiles:
                - schedulerName: mine
                  plugins:
                    multiPoint:
                      enabled: [{name: Mine, weight: 7}, {name: TaintToleration, weight: 9}]
                      disabled: [{name: ImageLocality}]
                """);

        assertThat(at(configuration, "score"))
                .startsWith("TaintToleration 9", "NodeAffinity 2")
                .endsWith("NodeResourcesBalancedAllocation 1", "Mine 7")
                .noneMatch(plugin -> plugin.startsWith("ImageLocality"));
        assertThat(at(configuration, "filter")).endsWith("Mine");
    }

    @Test
    void aSinglePointSaysMoreThanAllTogether() {
        SchedulerConfiguration configuration = read(
                """
                profiles:
                - plugins:
                    score:
                      enabled: [{name: ImageLocality, weight: 5}, {name: Mine, weight: 2}]
                      disabled: [{name: NodeAffinity}]
                    filter:
                      disabled: [{name: "*"}]
                      enabled: [{name: NodeName}]
                """);

        assertThat(at(configuration, "score"))
                .startsWith("ImageLocality 5", "TaintToleration 3")
                .endsWith("Mine 2")
                .noneMatch(plugin -> plugin.startsWith("NodeAffinity"));
        assertThat(at(configuration, "filter")).containsExactly("NodeName");
        assertThat(at(configuration, "preFilter")).contains("NodeAffinity").doesNotContain("Mine");
    }

    @Test
    void aDefaultPluginThatIsNamedWithoutAWeightHasOne() {
        SchedulerConfiguration everywhere =
                read("profiles: [{plugins: {multiPoint: {enabled: [{name: TaintToleration}]}}}]");
        SchedulerConfiguration atOnePoint = read("profiles: [{plugins: {score: {enabled: [{name: NodeAffinity}]}}}]");

        assertThat(at(everywhere, "score")).startsWith("TaintToleration 1", "NodeAffinity 2");
        assertThat(at(atOnePoint, "score")).startsWith("NodeAffinity 1", "TaintToleration 3");
    }

    @Test
    void whatIsLeftOutAtAPointAndNamedThereAgainComesLast() {
        SchedulerConfiguration one = read(
                """
                profiles:
                - plugins:
                    filter:
                      disabled: [{name: NodeName}]
                      enabled: [{name: NodePorts}, {name: NodeName}]
                """);
        SchedulerConfiguration all = read(
                """
                profiles:
                - plugins:
                    multiPoint:
                      disabled: [{name: NodePorts}]
                    filter:
                      disabled: [{name: "*"}]
                      enabled: [{name: NodePorts}, {name: NodeName}]
                """);

        assertThat(at(one, "filter"))
                .startsWith("NodePorts", "NodeUnschedulable")
                .endsWith("NodeName");
        assertThat(at(all, "filter")).containsExactly("NodePorts", "NodeName");
    }

    @Test
    void argumentsReachTheirPlugins() {
        SchedulerConfiguration configuration = read(
                """
                profiles:
                - pluginConfig:
                  - name: NodeResourcesFit
                    args:
                      apiVersion: kubescheduler.config.k8s.io/v1
                      kind: NodeResourcesFitArgs
                      scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 1}]}
                """);
        Bench bench = new Bench(configuration.profiles().get(0)).with(Bench.node("a"), Bench.node("b"));
        bench.running(Bench.pod("p", "2", null), "b");

        assertThat(bench.scores("NodeResourcesFit", Bench.pod("q", "1", null))).containsExactly(25L, 75L);
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> SchedulerConfiguration.read("kind: Pod")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read("profiles: [{plugins: {score: {enabled: [{name: Nobody}]}}}]"))
                .hasMessage("plugin \"Nobody\" does not exist");
    }

    private static final class Mine implements FilterPlugin, ScorePlugin {
        @Override
        public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
            return Status.success();
        }

        @Override
        public long score(CycleState state, PodInfo pod, NodeInfo node) {
            return 0;
        }
    }
}
