package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each plugin of the default profile says. */
class DefaultPluginsTest {
    private static final String UNTOLERATED = "node(s) had untolerated taint(s)";
    private static final String NO_NODE_MATCH = "node(s) didn't match Pod's node affinity/selector";

    private final Bench bench = new Bench();

    // -- gates, names, cordons, taints
    // ---------------------------------------------------------------------------------

    @Test
    void schedulingGatesHoldAPodBack() {
        PodBuilder gated = pod("p").editSpec()
                .addNewSchedulingGate("a")
                .addNewSchedulingGate("b")
                .endSpec();

        Status refusal = bench.framework.runPreEnqueue(PodInfo.of(gated.build()));

        assertThat(Objects.requireNonNull(refusal).message()).isEqualTo("waiting for scheduling gates: [a b]");
        assertThat(bench.framework.runPreEnqueue(PodInfo.of(pod("q").build()))).isNull();
    }

    @Test
    void aPodKeepsToTheNodeThatItNames() {
        bench.with(node("a"), node("b"));

        assertThat(bench.filter(
                        "NodeName", pod("p").editSpec().withNodeName("b").endSpec()))
                .containsExactly(entry("a", "node(s) didn't match the requested node name"), entry("b", ""));
    }

    @Test
    void aCordonedNodeTakesOnlyPodsThatTolerateIt() {
        bench.with(node("a").editSpec().withUnschedulable(true).endSpec());
        PodBuilder tolerant = pod("q").editSpec()
                .addToTolerations(
                        new Toleration("NoSchedule", "node.kubernetes.io/unschedulable", "Exists", null, null))
                .endSpec();

        assertThat(bench.filter("NodeUnschedulable", pod("p"))).containsEntry("a", "node(s) were unschedulable");
        assertThat(bench.filter("NodeUnschedulable", tolerant)).containsEntry("a", "");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // effect, key, operator, value, tolerated
                "NoSchedule, k, Equal, v, true",
                "NoSchedule, k, -, v, true",
                "-, k, Equal, v, true",
                "-, -, Exists, -, true",
                "NoSchedule, k, Exists, -, true",
                "NoExecute, k, Equal, v, false",
                "NoSchedule, k, Equal, w, false",
                "NoSchedule, j, Exists, -, false",
                "NoSchedule, k, Gt, 1, false",
            })
    void tolerationsMatchTaints(String effect, String key, String operator, String value, boolean tolerated) {
        bench.with(tainted("a", "k", "v", "NoSchedule"));
        PodBuilder pod = pod("p").editSpec()
                .addToTolerations(new Toleration(effect, key, operator, null, value))
                .endSpec();

        assertThat(bench.filter("TaintToleration", pod)).containsEntry("a", tolerated ? "" : UNTOLERATED);
    }

    @Test
    void softTaintsCostScore() {
        bench.with(tainted("a", "k", "v", "PreferNoSchedule"), node("b"));

        assertThat(bench.filter("TaintToleration", pod("p"))).containsEntry("a", "");
        assertThat(bench.scores("TaintToleration", pod("p"))).containsExactly(0L, 100L);
    }

    private static NodeBuilder tainted(String name, String key, String value, String effect) {
        return node(name)
                .editSpec()
                .addNewTaint()
                .withKey(key)
                .withValue(value)
                .withEffect(effect)
                .endTaint()
                .endSpec();
    }

    // -- node affinity
    // -------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "In, ssd;hdd, true",
        "In, nvme, false",
        "NotIn, nvme, true",
        "NotIn, ssd, false",
        "Exists, '', true",
        "DoesNotExist, '', false",
    })
    void nodeAffinityUnderstandsEveryOperator(String operator, String values, boolean matches) {
        bench.with(node("a").editMetadata().addToLabels("disk", "ssd").endMetadata());

        assertThat(bench.filter("NodeAffinity", wanting("disk", operator, values)))
                .containsEntry("a", matches ? "" : NO_NODE_MATCH);
    }

    @ParameterizedTest
    @CsvSource({"Gt, 3, true", "Gt, 5, false", "Lt, 6, true", "Lt, 5, false", "Gt, x, false"})
    void nodeAffinityComparesNumbers(String operator, String value, boolean matches) {
        bench.with(node("a").editMetadata().addToLabels("gen", "5").endMetadata());

        assertThat(bench.filter("NodeAffinity", wanting("gen", operator, value)))
                .containsEntry("a", matches ? "" : NO_NODE_MATCH);
    }

    private static PodBuilder wanting(String key, String operator, String values) {
        return pod("p").editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addNewMatchExpression()
                .withKey(key)
                .withOperator(operator)
                .withValues(values.isEmpty() ? new String[0] : values.split(";"))
                .endMatchExpression()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec();
    }

    @Test
    void aTermWithoutRequirementsMatchesNothing() {
        bench.with(node("a"));
        PodBuilder pod = pod("p").editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec();

        assertThat(bench.filter("NodeAffinity", pod)).containsEntry("a", NO_NODE_MATCH);
    }

    @Test
    void namesInMatchFieldsNarrowTheSearch() {
        bench.with(node("a"), node("b"), node("c"));

        assertThat(bench.schedule(named("b"))).isEqualTo("b");
        assertThat(bench.schedule(named("gone")))
                .isEqualTo(
                        "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new claims to"
                                + " deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for"
                                + " scheduling.");
    }

    private static PodBuilder named(String nodeName) {
        return pod("p").editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addNewMatchField()
                .withKey("metadata.name")
                .withOperator("In")
                .withValues(nodeName)
                .endMatchField()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec();
    }

    @Test
    void preferencesAreStretchedToTheBestNode() {
        bench.with(node("a").editMetadata().addToLabels("disk", "ssd").endMetadata(), node("b"));
        PodBuilder pod = pod("p").editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                .withWeight(7)
                .withNewPreference()
                .addNewMatchExpression()
                .withKey("disk")
                .withOperator("Exists")
                .endMatchExpression()
                .endPreference()
                .endPreferredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec();

        assertThat(bench.scores("NodeAffinity", pod)).containsExactly(100L, 0L);
        assertThat(bench.scores("NodeAffinity", pod("q"))).as("skipped").isEmpty();
    }

    // -- ports
    // ---------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "80, TCP, '', false",
        "80, UDP, '', true",
        "81, TCP, '', true",
        "80, TCP, 10.0.0.1, false",
        "80, TCP, 10.0.0.2, true",
        "80, TCP, '::', true",
    })
    void hostPortsMustBeFree(int port, String protocol, String ip, boolean free) {
        bench.with(node("a")).running(listening("q", 80, "TCP", "10.0.0.1"), "a");

        assertThat(bench.filter("NodePorts", listening("p", port, protocol, ip)))
                .containsEntry("a", free ? "" : "node(s) didn't have free ports for the requested pod ports");
    }

    private static PodBuilder listening(String name, int port, String protocol, String ip) {
        return pod(name)
                .editSpec()
                .editFirstContainer()
                .addNewPort()
                .withContainerPort(port)
                .withHostPort(port)
                .withProtocol(protocol)
                .withHostIP(ip)
                .endPort()
                .endContainer()
                .endSpec();
    }

    // -- resources
    // -----------------------------------------------------------------------------------------------------

    @Test
    void resourcesMustFit() {
        bench.with(node("a")).running(pod("q", "3", "1Gi"), "a");

        assertThat(bench.filter("NodeResourcesFit", pod("p", "1", "7Gi"))).containsEntry("a", "");
        assertThat(bench.filter("NodeResourcesFit", pod("p", "1001m", "8Gi")))
                .containsEntry("a", "Insufficient cpu, Insufficient memory");
    }

    @Test
    void anExtendedResourceThatTheNodeDoesNotHaveDoesNotFit() {
        bench.with(node("a"));
        PodBuilder pod = pod("p").editSpec()
                .editFirstContainer()
                .editResources()
                .addToRequests("example.com/gpu", new Quantity("1"))
                .endResources()
                .endContainer()
                .endSpec();

        assertThat(bench.filter("NodeResourcesFit", pod)).containsEntry("a", "Insufficient example.com/gpu");
    }

    @Test
    void aNodeTakesOnlySoManyPods() {
        bench.with(node("a")
                        .editStatus()
                        .addToAllocatable("pods", new Quantity("1"))
                        .endStatus())
                .running(pod("q"), "a");

        assertThat(bench.filter("NodeResourcesFit", pod("p"))).containsEntry("a", "Too many pods");
    }

    @Test
    void leastAllocatedPrefersTheEmptierNode() {
        bench.with(node("a"), node("b")).running(pod("q", "2", "4Gi"), "a");

        // a: (4-3)/4 = 25 and (8-5)/8 = 37; b: 75 and 87
        assertThat(bench.scores("NodeResourcesFit", pod("p", "1", "1Gi"))).containsExactly(31L, 81L);
    }

    @Test
    void mostAllocatedPrefersTheFullerNode() {
        Bench packing = new Bench(Profile.named("default-scheduler")
                .args("NodeResourcesFit", json("{\"scoringStrategy\":{\"type\":\"MostAllocated\"}}")));
        packing.with(node("a"), node("b")).running(pod("q", "2", "4Gi"), "a");

        assertThat(packing.scores("NodeResourcesFit", pod("p", "1", "1Gi"))).containsExactly(68L, 18L);
    }

    @Test
    void requestedToCapacityRatioFollowsItsShape() {
        Bench shaped = new Bench(Profile.named("default-scheduler")
                .args(
                        "NodeResourcesFit",
                        json(
                                "{\"scoringStrategy\":{\"type\":\"RequestedToCapacityRatio\",\"resources\":[{\"name\":\"cpu\"}],"
                                        + "\"requestedToCapacityRatio\":{\"shape\":[{\"utilization\":0,\"score\":0},"
                                        + "{\"utilization\":100,\"score\":10}]}}}")));
        shaped.with(node("a"), node("b")).running(pod("q", "2", "4Gi"), "a");

        assertThat(shaped.scores("NodeResourcesFit", pod("p", "1", "1Gi"))).containsExactly(75L, 25L);
    }

    private static JsonNode json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void balancedAllocationComparesWithAndWithoutThePod() {
        bench.with(node("a"), node("b")).running(pod("q", null, "4Gi"), "a");

        // a becomes even (75 -> 100), b uneven (100 -> 75)
        assertThat(bench.scores("NodeResourcesBalancedAllocation", pod("p", "2", null)))
                .containsExactly(87L, 62L);
        assertThat(bench.scores("NodeResourcesBalancedAllocation", pod("p")))
                .as("best effort is skipped")
                .isEmpty();
    }

    @Test
    void imagesThatAreThereCount() {
        bench.with(
                node("a")
                        .editStatus()
                        .addNewImage()
                        .withNames("app:1")
                        .withSizeBytes(1000L * 1024 * 1024)
                        .endImage()
                        .endStatus(),
                node("b"));
        PodBuilder pod = pod("p").editSpec()
                .editFirstContainer()
                .withImage("app:1")
                .endContainer()
                .endSpec();

        // half of the nodes hold it: 500 Mi count, of 23 to 1000
        assertThat(bench.scores("ImageLocality", pod)).containsExactly(48L, 0L);
    }

    // -- spreading and affinity
    // ----------------------------------------------------------------------------------------

    @Test
    void spreadKeepsTheSkew() {
        bench.with(inZone("a", "z1"), inZone("b", "z2"), node("c"))
                .running(labelled("q1", "app", "web"), "a")
                .running(labelled("q2", "other", "x"), "b");
        PodBuilder pod = labelled("p", "app", "web")
                .editSpec()
                .addNewTopologySpreadConstraint()
                .withMaxSkew(1)
                .withTopologyKey("topology.kubernetes.io/zone")
                .withWhenUnsatisfiable("DoNotSchedule")
                .withNewLabelSelector()
                .addToMatchLabels("app", "web")
                .endLabelSelector()
                .endTopologySpreadConstraint()
                .endSpec();

        assertThat(bench.filter("PodTopologySpread", pod))
                .containsExactly(
                        entry("a", "node(s) didn't match pod topology spread constraints"),
                        entry("b", ""),
                        entry("c", "node(s) didn't match pod topology spread constraints (missing required label)"));
    }

    @Test
    void affinityFollowsOtherPodsAndTheFirstOfAGroupGoesAnywhere() {
        bench.with(inZone("a", "z1"), inZone("b", "z2"));
        PodBuilder pod = near("p", "app", "web", labelled("p", "app", "web"));

        assertThat(bench.filter("InterPodAffinity", pod)).containsExactly(entry("a", ""), entry("b", ""));

        bench.running(labelled("q", "app", "web"), "b");

        assertThat(bench.filter("InterPodAffinity", pod))
                .containsExactly(entry("a", "node(s) didn't match pod affinity rules"), entry("b", ""));
    }

    private static PodBuilder near(String name, String key, String value, PodBuilder pod) {
        return pod.editMetadata()
                .withName(name)
                .endMetadata()
                .editSpec()
                .withNewAffinity()
                .withNewPodAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withTopologyKey("topology.kubernetes.io/zone")
                .withNewLabelSelector()
                .addToMatchLabels(key, value)
                .endLabelSelector()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAffinity()
                .endAffinity()
                .endSpec();
    }

    @Test
    void antiAffinityHoldsInBothDirections() {
        PodBuilder shy = labelled("shy", "app", "db")
                .editSpec()
                .withNewAffinity()
                .withNewPodAntiAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withTopologyKey("kubernetes.io/hostname")
                .withNewLabelSelector()
                .addToMatchLabels("app", "web")
                .endLabelSelector()
                .withNewNamespaceSelector()
                .addToMatchLabels("team", "x")
                .endNamespaceSelector()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAntiAffinity()
                .endAffinity()
                .endSpec();
        bench.knows(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("default")
                        .addToLabels("team", "x")
                        .endMetadata()
                        .build())
                .with(node("a"), node("b"))
                .running(labelled("q", "app", "web"), "a");

        assertThat(bench.filter("InterPodAffinity", shy))
                .containsExactly(entry("a", "node(s) didn't match pod anti-affinity rules"), entry("b", ""));

        bench.running(shy, "b");

        assertThat(bench.filter("InterPodAffinity", labelled("p", "app", "web")))
                .containsExactly(
                        entry("a", ""), entry("b", "node(s) didn't satisfy existing pods anti-affinity rules"));
    }

    private static NodeBuilder inZone(String name, String zone) {
        return node(name)
                .editMetadata()
                .addToLabels("topology.kubernetes.io/zone", zone)
                .endMetadata();
    }

    private static PodBuilder labelled(String name, String key, String value) {
        return pod(name).editMetadata().addToLabels(key, value).endMetadata();
    }

    // -- preemption
    // ----------------------------------------------------------------------------------------------------

    @Test
    void preemptionSparesWhomItCanAndTakesTheNodeWithTheLeastImportantVictims() {
        bench.with(node("a"), node("b"))
                .running(ranked("a1", 5, "2"), "a")
                .running(ranked("a2", 1, "2"), "a")
                .running(ranked("b1", 5, "4"), "b");

        assertThat(bench.schedule(ranked("p", 10, "2"))).isEqualTo("0/2 nodes are available: 2 Insufficient cpu. -> a");
        assertThat(bench.async).as("victims are deleted beside the cycle").hasSize(1);
    }

    @Test
    void preemptionRespectsDisruptionBudgets() {
        bench.with(node("a"), node("b"))
                .running(
                        ranked("a1", 1, "4")
                                .editMetadata()
                                .addToLabels("app", "db")
                                .endMetadata(),
                        "a")
                .running(ranked("b1", 5, "4"), "b")
                .knows(new PodDisruptionBudgetBuilder()
                        .withNewMetadata()
                        .withName("db")
                        .withNamespace("default")
                        .endMetadata()
                        .withNewSpec()
                        .withNewSelector()
                        .withMatchLabels(Map.of("app", "db"))
                        .endSelector()
                        .endSpec()
                        .withNewStatus()
                        .withDisruptionsAllowed(0)
                        .endStatus()
                        .build());

        assertThat(bench.schedule(ranked("p", 10, "2"))).endsWith("-> b");
    }

    @Test
    void preemptionSaysWhyItDoesNotHelp() {
        bench.with(node("a"), node("b")).running(ranked("a1", 20, "4"), "a").running(ranked("b1", 20, "4"), "b");

        assertThat(bench.schedule(ranked("p", 10, "2")))
                .isEqualTo("0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2"
                        + " nodes are available: 2 No preemption victims found for incoming pod.");
        assertThat(bench.schedule(ranked("q", 10, "2")
                        .editSpec()
                        .withPreemptionPolicy("Never")
                        .endSpec()))
                .endsWith("preemption: not eligible due to preemptionPolicy=Never.");
    }

    @Test
    void nominatedPodsCountForThoseBelowThem() {
        bench.with(node("a")).nominated(ranked("important", 10, "3"), "a");

        assertThat(bench.schedule(ranked("lesser", 5, "2"))).startsWith("0/1 nodes are available: 1 Insufficient cpu.");
        assertThat(bench.schedule(ranked("greater", 20, "2"))).isEqualTo("a");
    }

    private static PodBuilder ranked(String name, int priority, String cpu) {
        return pod(name, cpu, null).editSpec().withPriority(priority).endSpec();
    }
}
