package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.Json;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.SchedulerExtender.Victims;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import dev.amphora.scheduler.report.ExplanationReport;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What extenders have a say in, and what they have not. */
class ExtendersTest {
    private static final String GPU = "example.com/gpu";

    private final ScriptedExtender first = new ScriptedExtender("first");
    private final ScriptedExtender second = new ScriptedExtender("second");

    /** Three equal nodes, and all extenders. */
    private static SchedulerSandbox sandbox(Profile profile, SchedulerExtender... extenders) {
        SchedulerSandbox sandbox = new SchedulerSandbox(profile, List.of(extenders), 1);
        for (String name : List.of("a", "b", "c")) {
            sandbox.put(node(name).build());
        }
        return sandbox;
    }

    private static SchedulerSandbox sandbox(SchedulerExtender... extenders) {
        return sandbox(Profile.named("default-scheduler"), extenders);
    }

    private static SchedulerSandbox.Attempted schedule(PodBuilder pod, SchedulerExtender... extenders) {
        return sandbox(extenders).schedule(pod.build());
    }

    private static Pod running(String name, String nodeName, int priority) {
        return pod(name, "3", null)
                .editSpec()
                .withNodeName(nodeName)
                .withPriority(priority)
                .endSpec()
                .build();
    }

    private static PodBuilder important(String name) {
        return pod(name, "2", null).editSpec().withPriority(10).endSpec();
    }

    // -- filter ------------------------------------------------------------------------------------------------------

    @Test
    void oneIsAskedAfterTheOtherAboutTheNodesThatAreLeft() {
        first.refuses("no", "b");
        second.refuses("never", "c");

        assertThat(schedule(pod("p"), first, second).nodeName()).isEqualTo("a");
        assertThat(first.asked).containsExactly("filter [a, b, c]");
        assertThat(second.asked).containsExactly("filter [a, c]");
    }

    @Test
    void onlyNodesThatPluginsAgreeToAreAskedAbout() {
        first.refuses("no", "b");
        SchedulerSandbox sandbox = sandbox(first, second);
        sandbox.put(node("a").editSpec().withUnschedulable(true).endSpec().build());
        sandbox.put(node("c").editSpec().withUnschedulable(true).endSpec().build());

        assertThat(sandbox.schedule(pod("p").build()).message())
                .startsWith("0/3 nodes are available: 1 no, 2 node(s) were unschedulable.");
        assertThat(first.asked).containsExactly("filter [b]");
        assertThat(second.asked).isEmpty();
    }

    @Test
    void whyExtendersTurnNodesDownIsToldWithWhatPluginsSay() {
        first.refuses("no GPU left", "a", "b").refusesForGood("no GPU", "a");
        SchedulerSandbox sandbox = sandbox(first);
        sandbox.put(node("c").editSpec().withUnschedulable(true).endSpec().build());

        assertThat(sandbox.schedule(pod("p").build()).message())
                .startsWith("0/3 nodes are available: 1 no GPU, 1 no GPU left, 1 node(s) were unschedulable.");
    }

    @Test
    void nodesThatWereNotLookedAtAreNotToldOfEvenIfTheyAreKnown() {
        first.leaves(names -> List.of());
        String[] all = IntStream.range(0, 150).mapToObj(i -> "n" + i).toArray(String[]::new);
        SchedulerSandbox sandbox =
                new SchedulerSandbox(Profile.named("default-scheduler"), List.of(first.refuses("no", all)), 1);
        for (int i = 0; i < all.length; i++) {
            sandbox.put(node(all[i])
                    .editSpec()
                    .withUnschedulable(i >= 145)
                    .endSpec()
                    .build());
        }

        // the search ends with 100 nodes, and goes on from there with the next pod
        for (String told :
                List.of("100 no.", "100 no, 5 node(s) were unschedulable.", "100 no, 5 node(s)", "100 no.")) {
            assertThat(sandbox.schedule(pod("p").build()).message()).startsWith("0/150 nodes are available: " + told);
        }
    }

    @Test
    void nodesThatAnExtenderSaysNothingAboutAreOutWithoutAReason() {
        first.leaves(names -> List.of());

        assertThat(schedule(pod("p"), first).message())
                .isEqualTo("0/3 nodes are available: no new claims to deallocate, preemption: 0/3 nodes are available:"
                        + " 3 Preemption is not helpful for scheduling.");
    }

    @Test
    void aNodeThatTheExtenderWasNotAskedAboutIsAnError() {
        first.leaves(names -> List.of("a", "z"));

        assertThat(schedule(pod("p"), first).message())
                .isEqualTo("extender \"first\" claims a filtered node \"z\" which is not found in the input node list");
    }

    @Test
    void aFailureIsThePodsUnlessTheExtenderMayBeIgnored() {
        assertThat(schedule(pod("p"), first.refuses("no", "a").fails("down")).message())
                .isEqualTo("down");
        assertThat(schedule(pod("p"), first.ignorable(), second.refuses("no", "a", "b"))
                        .nodeName())
                .isEqualTo("c");
    }

    @Test
    void thoseThatMayBeIgnoredAreAskedLast() {
        first.refuses("no", "a").ignorable();
        second.refuses("no", "b");

        assertThat(schedule(pod("p"), first, second).nodeName()).isEqualTo("c");
        assertThat(second.asked).containsExactly("filter [a, b, c]");
        assertThat(first.asked).containsExactly("filter [a, c]");
    }

    @Test
    void aNominatedNodeIsNotTakenWhenAnExtenderTurnsItDown() {
        first.refuses("no", "b");
        Pod nominated =
                pod("p").withNewStatus().withNominatedNodeName("b").endStatus().build();

        assertThat(sandbox(first).schedule(nominated).nodeName()).isIn("a", "c");
        assertThat(sandbox().schedule(nominated).nodeName()).isEqualTo("b");
    }

    // -- who is asked ------------------------------------------------------------------------------------------------

    @Test
    void onlyPodsThatHaveToDoWithAResourceInItsCareAreItsBusiness() {
        first.refuses("no", "a", "b", "c").manages(GPU, true);

        assertThat(schedule(pod("p"), first).nodeName()).isNotNull();
        assertThat(first.asked).isEmpty();
        for (PodBuilder pod : List.of(gpuRequest(), gpuLimit(), gpuOfInitContainer())) {
            assertThat(schedule(pod, first).nodeName()).isNull();
        }
    }

    @Test
    void aResourceThatIsLeftToTheExtenderIsNotCountedByTheScheduler() {
        first.refuses("taken", "a", "b").manages(GPU, true);
        second.refuses("taken", "a", "b").manages(GPU, false);

        assertThat(schedule(gpuRequest(), first).nodeName()).isEqualTo("c");
        assertThat(schedule(gpuRequest(), second).message())
                .startsWith("0/3 nodes are available: 3 Insufficient example.com/gpu.");
        assertThat(second.asked).isEmpty();
    }

    @Test
    void theResourcesThatAConfigurationIgnoresStayIgnored() {
        Profile profile = Profile.named("default-scheduler")
                .args(
                        "NodeResourcesFit",
                        Json.mapper().valueToTree(Map.of("ignoredResources", List.of("example.com/other"))));
        first.manages(GPU, true);
        PodBuilder both = gpuRequest()
                .editSpec()
                .editFirstContainer()
                .editResources()
                .addToRequests("example.com/other", new Quantity("1"))
                .endResources()
                .endContainer()
                .endSpec();

        assertThat(sandbox(profile, first).schedule(both.build()).nodeName()).isNotNull();
    }

    private static PodBuilder gpuRequest() {
        return pod("p").editSpec()
                .editFirstContainer()
                .editResources()
                .addToRequests(GPU, new Quantity("1"))
                .endResources()
                .endContainer()
                .endSpec();
    }

    private static PodBuilder gpuLimit() {
        return pod("p").editSpec()
                .editFirstContainer()
                .editResources()
                .addToLimits(GPU, new Quantity("1"))
                .endResources()
                .endContainer()
                .endSpec();
    }

    private static PodBuilder gpuOfInitContainer() {
        return pod("p").editSpec()
                .addNewInitContainer()
                .withName("init")
                .withNewResources()
                .addToRequests(GPU, new Quantity("1"))
                .endResources()
                .endInitContainer()
                .endSpec();
    }

    // -- prioritize --------------------------------------------------------------------------------------------------

    @Test
    void prioritiesCountTenfoldTimesTheWeight() {
        first.prefers(3, Map.of("a", 1L, "b", 7L, "z", 10L));
        second.prefers(2, Map.of("c", 10L));

        Explanation explanation = sandbox(first, second).explain(pod("p").build());
        Explanation without = sandbox().explain(pod("p").build());

        assertThat(explanation.top()).containsExactly("b");
        for (int i = 0; i < 3; i++) {
            assertThat(explanation.total().get(i) - without.total().get(i))
                    .isEqualTo(List.of(30L, 210L, 200L).get(i));
        }
        assertThat(schedule(pod("p"), first, second).nodeName()).isEqualTo("b");
    }

    @Test
    void whoGivesNoPrioritiesIsPassedOver() {
        first.prefers(100, Map.of("a", 10L)).fails("down");
        second.prefers(1, Map.of("c", 10L));

        assertThat(schedule(pod("p"), first, second).nodeName()).isEqualTo("c");
    }

    @Test
    void nodesAreLookedForUntilThereIsAChoiceEvenWithoutScorePlugins() {
        Profile bare = Profile.bare("default-scheduler");
        for (DefaultPlugins.Default each : DefaultPlugins.all()) {
            if (List.of("PrioritySort", "DefaultBinder", "NodeUnschedulable").contains(each.name())) {
                bare = bare.with(each.name(), 1, each.factory());
            }
        }

        assertThat(sandbox(bare).schedule(pod("p").build()).feasible()).isEqualTo(1);
        assertThat(sandbox(bare, first.prefers(1, Map.of("b", 1L))).schedule(pod("p").build()))
                .extracting(SchedulerSandbox.Attempted::nodeName, SchedulerSandbox.Attempted::feasible)
                .containsExactly("b", 3);
        assertThat(sandbox(bare, second.refuses("no", "a", "c"))
                        .schedule(pod("p").build())
                        .nodeName())
                .isEqualTo("b");
    }

    // -- preempt -----------------------------------------------------------------------------------------------------

    private static SchedulerSandbox full(SchedulerExtender... extenders) {
        return sandbox(extenders)
                .put(running("x", "a", 1))
                .put(running("y", "b", 2))
                .put(running("z", "c", 3));
    }

    @Test
    void extendersChooseAmongCandidatesForPreemption() {
        first.preempts(candidates -> {
            Map<String, Victims> left = new LinkedHashMap<>(candidates);
            left.remove("a");
            return left;
        });
        second.preempts(candidates -> Map.of("c", candidates.get("c")));

        assertThat(full().schedule(important("p").build()).nominatedNode()).isEqualTo("a");
        assertThat(full(first).schedule(important("p").build()).nominatedNode()).isEqualTo("b");
        assertThat(full(first, second).schedule(important("p").build()).nominatedNode())
                .isEqualTo("c");
        assertThat(second.asked).hasSize(1);
        assertThat(second.asked.get(0))
                .startsWith("preempt [")
                .contains("b", "c")
                .doesNotContain("a");
    }

    @Test
    void victimsAreThoseThatTheExtenderWants() {
        PodInfo more = PodInfo.of(running("w", "a", 1));
        first.preempts(candidates -> {
            Victims one = candidates.get("a");
            return Map.of("a", new Victims(List.of(one.pods().get(0), more), 0));
        });
        WhatIf whatIf = WhatIf.of(
                List.of(Profile.named("default-scheduler")),
                List.of(first),
                1,
                List.of(node("a").build(), running("x", "a", 1), running("w", "a", 1)));

        WhatIf.Decision decision = whatIf.schedule(important("p").build());

        assertThat(decision.nodeName()).isEqualTo("a");
        assertThat(decision.victims()).containsExactlyInAnyOrder("default/x", "default/w");
    }

    @Test
    void withoutACandidateLeftNothingIsPreempted() {
        first.preempts(candidates -> Map.of());

        assertThat(full(first).schedule(important("p").build()).message())
                .isEqualTo("0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: no"
                        + " candidate node for preemption");
    }

    @Test
    void aCandidateWithoutVictimsIsAnErrorUnlessTheExtenderMayBeIgnored() {
        first.preempts(candidates -> {
            Map<String, Victims> changed = new LinkedHashMap<>(candidates);
            changed.put("a", new Victims(List.of(), 0));
            return changed;
        });

        assertThat(full(first).schedule(important("p").build()).message())
                .endsWith("preemption: expected at least one victim pod on node \"a\"");
        assertThat(full(first.ignorable()).schedule(important("p").build()).nominatedNode())
                .isEqualTo("b");
    }

    @Test
    void preemptionFailsWithItsExtenderUnlessThatMayBeIgnored() {
        first.preempts(candidates -> candidates).fails("down");

        assertThat(full(first).schedule(important("p").build()).message()).endsWith("preemption: down");
        assertThat(full(first.ignorable()).schedule(important("p").build()).nominatedNode())
                .isEqualTo("a");
    }

    @Test
    void whereOnlyAnExtenderSaysNoPreemptionFindsNoVictims() {
        first.refuses("no", "a", "b", "c");

        assertThat(sandbox(first)
                        .put(running("x", "a", 1))
                        .schedule(pod("p").editSpec().withPriority(10).endSpec().build())
                        .message())
                .isEqualTo("0/3 nodes are available: 3 no. preemption: expected at least one victim pod on node \"a\"");
    }

    // -- explain -----------------------------------------------------------------------------------------------------

    @Test
    void anExplanationShowsWhatExtendersSay() {
        first.refuses("no", "a");
        second.leaves(names -> List.of("c", "b")).prefers(2, Map.of("b", 4L));

        Explanation explanation = sandbox(first, second).explain(pod("p").build());

        assertThat(explanation.refusal("a"))
                .isEqualTo(Status.unschedulable("no").withPlugin("first"));
        assertThat(explanation.feasible()).containsExactly("c", "b");
        assertThat(explanation.scores())
                .contains(new Explanation.Scores("second", 2, List.of(0L, 4L), List.of(0L, 40L)));
        assertThat(ExplanationReport.of(explanation).table(true))
                .contains("4/40/80")
                .containsPattern("a +first +no");
    }

    @Test
    void anExplanationShowsThatAnExtenderLeavesANodeOutOrFails() {
        first.leaves(names -> List.of("b"));

        assertThat(sandbox(first).explain(pod("p").build()).refusal("a"))
                .isEqualTo(Status.unresolvable().withPlugin("first"));
        first.fails("down");
        assertThat(sandbox(first).explain(pod("p").build()).error()).isEqualTo(Status.error("down"));
    }

    // -- setup -------------------------------------------------------------------------------------------------------

    @Test
    void onlyOneMayBind() {
        assertThatThrownBy(() -> DefaultScheduler.builder()
                        .extender(first.binds())
                        .extender(second.binds())
                        .build())
                .hasMessage("only one extender can implement bind, found 2");
    }
}
