package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraintBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What plugins of the default profile say at the edges, where the reference is not what one would guess. */
class PluginEdgesTest {

    private static Bench with(String plugin, String args) {
        return new Bench(
                Profile.named("default-scheduler").args(plugin, Json.read(args.getBytes(StandardCharsets.UTF_8))));
    }

    private static PodBuilder asking(String resource, String amount) {
        return pod("p").editSpec()
                .editFirstContainer()
                .editResources()
                .addToRequests(resource, new Quantity(amount))
                .endResources()
                .endContainer()
                .endSpec();
    }

    // -- resources ---------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "example.com/gpu, -",
                "other.com/gpu, -",
                "cpu, Insufficient cpu",
                "hugepages-2Mi, Insufficient hugepages-2Mi",
                "kubernetes.io/thing, Insufficient kubernetes.io/thing",
            })
    void onlyExtendedResourcesCanBeIgnored(String resource, @Nullable String refusal) {
        Bench bench = with(
                        "NodeResourcesFit",
                        """
                        {"ignoredResources": ["example.com/gpu", "cpu", "hugepages-2Mi"],
                         "ignoredResourceGroups": ["other.com", "kubernetes.io"]}""")
                .with(node("a"));

        assertThat(bench.filter("NodeResourcesFit", asking(resource, "5")))
                .containsEntry("a", refusal == null ? "" : refusal);
    }

    @Test
    void theNumberOfPodsIsNoResourceToScoreBy() {
        Bench bench = with(
                        "NodeResourcesFit",
                        """
                        {"scoringStrategy": {"type": "LeastAllocated",
                                             "resources": [{"name": "cpu"}, {"name": "pods"}]}}""")
                .with(node("a"));

        assertThat(bench.scores("NodeResourcesFit", pod("p", "2", null))).containsExactly(50L);
    }

    // -- hints -------------------------------------------------------------------------------------------------------

    private static boolean helps(
            Bench bench,
            String plugin,
            PodBuilder pod,
            ClusterEvent event,
            @Nullable HasMetadata old,
            @Nullable HasMetadata now) {
        return new QueueingHints(bench.framework.plugins(), false)
                .concernedBy(event).stream()
                        .filter(registration -> registration.plugin().equals(plugin))
                        .anyMatch(registration -> registration.helps(PodInfo.of(pod.build()), old, now));
    }

    private static ClusterEvent event(EventResource resource, int action) {
        return new ClusterEvent(resource, action);
    }

    @Test
    void aNodeThatGivesADeviceForTheResourceIsWorthAnotherLookWheneverItHasMoreOfAnything() {
        Bench bench = new Bench()
                .knows(new DeviceClassBuilder()
                        .withNewMetadata()
                        .withName("gpu")
                        .endMetadata()
                        .withNewSpec()
                        .withExtendedResourceName("example.com/gpu")
                        .endSpec()
                        .build());
        NodeBuilder larger = node("a")
                .editStatus()
                .addToAllocatable("cpu", new Quantity("8"))
                .endStatus();
        ClusterEvent grown = event(EventResource.NODE, Actions.UPDATE_NODE_ALLOCATABLE);

        assertThat(helps(
                        bench,
                        "NodeResourcesFit",
                        asking("example.com/gpu", "1"),
                        grown,
                        node("a").build(),
                        larger.build()))
                .isTrue();
        assertThat(helps(
                        bench,
                        "NodeResourcesFit",
                        asking("memory", "1"),
                        grown,
                        node("a").build(),
                        larger.build()))
                .isFalse();
    }

    @Test
    void anotherPodWithoutANodeHelpsNeitherSpreadNorAffinity() {
        PodBuilder spread = labelled("p")
                .editSpec()
                .withTopologySpreadConstraints(new TopologySpreadConstraintBuilder()
                        .withTopologyKey("kubernetes.io/hostname")
                        .withMaxSkew(1)
                        .withWhenUnsatisfiable("DoNotSchedule")
                        .withNewLabelSelector()
                        .withMatchLabels(Map.of("app", "web"))
                        .endLabelSelector()
                        .build())
                .withNewAffinity()
                .withNewPodAntiAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withTopologyKey("kubernetes.io/hostname")
                .withNewLabelSelector()
                .withMatchLabels(Map.of("app", "web"))
                .endLabelSelector()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAntiAffinity()
                .endAffinity()
                .endSpec();
        PodBuilder placed = labelled("q").editSpec().withNodeName("a").endSpec();
        Bench bench = new Bench();
        for (String plugin : List.of("PodTopologySpread", "InterPodAffinity")) {
            ClusterEvent gone = event(EventResource.ASSIGNED_POD, Actions.DELETE);
            assertThat(helps(bench, plugin, spread, gone, labelled("q").build(), null))
                    .isFalse();
            assertThat(helps(bench, plugin, spread, gone, placed.build(), null)).isTrue();
        }
    }

    private static PodBuilder labelled(String name) {
        return pod(name).editMetadata().addToLabels("app", "web").endMetadata();
    }

    @Test
    void aNodeThatDeclaresOtherFeaturesIsWorthAnotherLook() {
        NodeBuilder declaring = node("a").editStatus().withDeclaredFeatures("F").endStatus();
        ClusterEvent changed = event(EventResource.NODE, Actions.UPDATE_NODE_DECLARED_FEATURE);
        Bench bench = new Bench();

        assertThat(helps(
                        bench,
                        "NodeDeclaredFeatures",
                        pod("p"),
                        changed,
                        node("a").build(),
                        declaring.build()))
                .isTrue();
        assertThat(helps(bench, "NodeDeclaredFeatures", pod("p"), changed, declaring.build(), declaring.build()))
                .isFalse();
    }

    // -- selectors that make no sense, and budgets -------------------------------------------------------------------

    @Test
    void affinityThatMakesNoSenseTurnsItsPodDownForGood() {
        PodBuilder broken = pod("p").editSpec()
                .withNewAffinity()
                .withNewPodAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withTopologyKey("zone")
                .withNewLabelSelector()
                .withMatchExpressions(new LabelSelectorRequirement("app", "Like", List.of("x")))
                .endLabelSelector()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAffinity()
                .endAffinity()
                .endSpec();

        assertThat(new Bench().with(node("a")).schedule(broken))
                .startsWith("0/1 nodes are available: parsing pod: requiredAffinityTerms: \"Like\" is not a valid");
    }

    @Test
    void aBudgetProtectsNoPodWithoutLabels() {
        PodDisruptionBudgetBuilder all = new PodDisruptionBudgetBuilder()
                .withNewMetadata()
                .withName("all")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .withMatchExpressions(new LabelSelectorRequirement("tier", "DoesNotExist", List.of()))
                .endSelector()
                .endSpec();
        Bench bench = new Bench()
                .with(node("a"), node("b"))
                .running(pod("a1", "4", null), "a")
                .running(labelled("b1", "4"), "b")
                .knows(all.build());

        assertThat(bench.schedule(pod("p", "2", null).editSpec().withPriority(1).endSpec()))
                .endsWith("-> a");
    }

    private static PodBuilder labelled(String name, String cpu) {
        return pod(name, cpu, null).editMetadata().addToLabels("app", "web").endMetadata();
    }

    // -- the order of the search
    // ---------------------------------------------------------------------------------------

    @Test
    void aNominatedNodeThatDoesNotFitCountsAmongThoseLookedAt() {
        Bench bench = new Bench();
        for (int i = 0; i < 200; i++) {
            bench.with(node("n" + i));
        }
        bench.running(pod("large", "4", null), "n199");
        bench.cache.snapshot();
        PodBuilder nominated = pod("p", "1", null)
                .withNewStatus()
                .withNominatedNodeName("n199")
                .endStatus();

        bench.scheduling.schedule(bench.framework, new CycleState(), PodInfo.of(nominated.build()));

        assertThat(bench.scheduling.nextStartNodeIndex()).isEqualTo(101);
    }
}
