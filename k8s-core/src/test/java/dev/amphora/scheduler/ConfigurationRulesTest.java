package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.Json;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a KubeSchedulerConfiguration can't be is told in kube-scheduler's words. */
class ConfigurationRulesTest {
    private static final String HEADER =
            """
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            """;

    @Test
    void allFieldsOfTheReferenceAreRead() {
        assertThatCode(
                        () -> SchedulerConfiguration.read(
                                HEADER
                                        + """
                        parallelism: 8
                        leaderElection: {leaderElect: true, leaseDuration: 15s, renewDeadline: 10s, retryPeriod: 2s,
                                         resourceLock: leases, resourceName: kube-scheduler, resourceNamespace: kube-system}
                        clientConnection: {kubeconfig: /etc/k, acceptContentTypes: "", contentType: application/json, qps: 50, burst: 100}
                        enableProfiling: true
                        enableContentionProfiling: false
                        percentageOfNodesToScore: 0
                        podInitialBackoffSeconds: 1
                        podMaxBackoffSeconds: 10
                        delayCacheUntilActive: false
                        extenders: []
                        profiles:
                        - schedulerName: a
                          percentageOfNodesToScore: 50
                          pluginConfig:
                          - name: NodeResourcesFit
                            args: {ignoredResources: [example.com/a], ignoredResourceGroups: [example.org],
                                   scoringStrategy: {type: RequestedToCapacityRatio, resources: [{name: cpu, weight: 0}],
                                     requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]}}}
                          - name: VolumeBinding
                            args: {bindTimeoutSeconds: 0}
                          - name: Anybodys
                            args: {whatever: true}
                        - schedulerName: b
                        """))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "profils: [] | strict decoding error: unknown field \"profils\"",
                "profiles: [{name: a, plugins: {scores: {}}}] | strict decoding error: unknown field \"profiles[0].name\", unknown field \"profiles[0].plugins.scores\"",
                "parallelism: 0 | parallelism: Invalid value: 0: should be an integer value greater than zero",
                "percentageOfNodesToScore: 101 | percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]",
                "profiles: [{percentageOfNodesToScore: -1}] | profiles[0].percentageOfNodesToScore: Invalid value: -1: not in valid range [0-100]",
                "podInitialBackoffSeconds: 0 | podInitialBackoffSeconds: Invalid value: 0: must be greater than 0",
                "podInitialBackoffSeconds: 20 | podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to PodInitialBackoffSeconds",
                "{parallelism: -1, podInitialBackoffSeconds: -1} | [parallelism: Invalid value: -1: should be an integer value greater than zero, podInitialBackoffSeconds: Invalid value: -1: must be greater than 0]",
                "clientConnection: {burst: -1} | clientConnection.burst: Invalid value: -1: must be non-negative",
                "leaderElection: {leaseDuration: 5s} | leaderElection.leaseDuration: Invalid value: 10s: LeaseDuration must be greater than RenewDeadline",
                "leaderElection: {resourceLock: endpoints} | leaderElection.resourceLock: Invalid value: \"endpoints\": resourceLock value must be \"leases\"",
                "profiles: [{schedulerName: a}, {}] | profiles[1].schedulerName: Required value",
                "profiles: [{schedulerName: a}, {schedulerName: a}] | profiles[1].schedulerName: Duplicate value: profiles[0].schedulerName",
                "profiles: [{pluginConfig: [{name: X}, {name: X}]}] | profiles[0].pluginConfig[1]: Duplicate value: \"X\"",
                "profiles: [{plugins: {filter: {enabled: [{name: EBSLimits}]}}}] | profiles[0].plugins.filter.enabled[0]: Invalid value: \"EBSLimits\": was invalid in version \"v1\" (KubeSchedulerConfiguration is version \"kubescheduler.config.k8s.io/v1\")",
                "profiles: [{plugins: {score: {enabled: [{name: NodeAffinity}, {name: NodeAffinity}]}}}] | plugin \"NodeAffinity\" already registered as \"score\"",
                "profiles: [{pluginConfig: [{name: InterPodAffinity, args: {kind: NodeAffinityArgs}}]}] | decoding .profiles[0].pluginConfig[0]: args for plugin InterPodAffinity were not of type InterPodAffinityArgs.kubescheduler.config.k8s.io, got NodeAffinityArgs.kubescheduler.config.k8s.io",
                "profiles: [{pluginConfig: [{name: InterPodAffinity, args: {weight: 1}}]}] | decoding .profiles[0].pluginConfig[0]: decoding args for plugin InterPodAffinity: strict decoding error: unknown field \"weight\"",
            })
    void whatMakesNoSenseIsRefused(String text, String why) {
        String yaml = text.startsWith("{")
                ? HEADER + text.substring(1, text.length() - 1).replace(", ", "\n")
                : HEADER + text;
        assertThatThrownBy(() -> SchedulerConfiguration.read(yaml))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(why);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "InterPodAffinity | {hardPodAffinityWeight: 101} | hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]",
                "DefaultPreemption | {minCandidateNodesPercentage: 101} | minCandidateNodesPercentage: Invalid value: 101: not in valid range [0, 100]",
                "DefaultPreemption | {minCandidateNodesAbsolute: -1} | minCandidateNodesAbsolute: Invalid value: -1: not in valid range [0, inf)",
                "PodTopologySpread | {defaultingType: Auto} | defaultingType: Unsupported value: \"Auto\": supported values: \"System\", \"List\"",
                "PodTopologySpread | {defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]} | defaultingType: Invalid value: \"System\": when .defaultConstraints are not empty",
                "PodTopologySpread | {defaultingType: List, defaultConstraints: [{maxSkew: 0, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]} | defaultConstraints[0].maxSkew: Invalid value: 0: not in valid range (0, inf)",
                "PodTopologySpread | {defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {}}]} | defaultConstraints[0].labelSelector: Forbidden: constraint must not define a selector, as they deduced for each pod",
                "PodTopologySpread | {defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: DoNotSchedule}, {maxSkew: 2, topologyKey: z, whenUnsatisfiable: DoNotSchedule}]} | defaultConstraints[1]: Duplicate value: \"{z, DoNotSchedule}\"",
                "NodeResourcesFit | {scoringStrategy: {type: Best}} | scoringStrategy.type: Unsupported value: \"Best\": supported values: \"LeastAllocated\", \"MostAllocated\", \"RequestedToCapacityRatio\"",
                "NodeResourcesFit | {scoringStrategy: {type: LeastAllocated, resources: [{name: cpu, weight: 101}]}} | scoringStrategy.resources[0].weight: Invalid value: 101: resource weight of cpu not in valid range (0, 100]",
                "NodeResourcesFit | {scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: []}}} | scoringStrategy.shape: Required value: at least one point must be specified",
                "NodeResourcesFit | {scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: [{utilization: 5, score: 1}, {utilization: 5, score: 1}]}}} | scoringStrategy.shape[1].utilization: Invalid value: 5: values must be sorted in increasing order",
                "NodeResourcesFit | {ignoredResourceGroups: [a/b]} | ignoredResourceGroups[0]: Invalid value: \"a/b\": resource group name can't contain '/'",
                "NodeResourcesBalancedAllocation | {resources: [{name: cpu, weight: 2}]} | resources[0].weight: Invalid value: 2: must be 1",
                "NodeResourcesBalancedAllocation | {resources: [{name: cpu}, {name: cpu}]} | resources[1].name: Duplicate value: \"cpu\"",
                "VolumeBinding | {bindTimeoutSeconds: -1} | bindTimeoutSeconds: Invalid value: -1: invalid BindTimeoutSeconds, should not be a negative value",
                "DynamicResources | {filterTimeout: -1s} | filterTimeout: Invalid value: -1s: must be zero or positive",
                "DynamicResources | {bindingTimeout: 500ms} | bindingTimeout: Invalid value: 500ms: must be at least 1 second",
            })
    void argumentsThatMakeNoSenseAreRefused(String plugin, String args, String why) {
        String yaml = HEADER + "profiles: [{pluginConfig: [{name: " + plugin + ", args: " + args + "}]}]";

        assertThatThrownBy(() ->
                        new Bench(SchedulerConfiguration.read(yaml).profiles().get(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        plugin.equals("NodeResourcesFit")
                                ? "initializing plugin \"NodeResourcesFit\": " + why
                                : "profiles[0].pluginConfig[0].args." + why);
    }

    @Test
    void addedAffinityMustMakeSense() {
        String args =
                """
                {"addedAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                  {"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]}]}}}""";

        assertThatThrownBy(() -> new Bench(
                        Profile.named("mine").args("NodeAffinity", Json.read(args.getBytes(StandardCharsets.UTF_8)))))
                .hasMessageStartingWith("initializing plugin \"NodeAffinity\": addedAffinity.required"
                        + "DuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator:"
                        + " Unsupported value: \"Like\"");
    }
}
