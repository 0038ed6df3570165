package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.scheduler.report.ExplanationReport;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a copy of a cluster answers, and that it stays a copy. */
class WhatIfTest {
    private static final Profile PROFILE = Profile.named("default-scheduler");

    @Test
    void twoPodsShareWhatRoomThereIsAndTheThirdIsTold() {
        WhatIf whatIf = of(node("a", "2"), node("b", "1"));

        List<WhatIf.Decision> decisions = whatIf.schedule(List.of(pod("x", "1"), pod("y", "1"), pod("z", "2")));

        assertThat(decisions).extracting(WhatIf.Decision::pod).containsExactly("ns/x", "ns/y", "ns/z");
        assertThat(decisions.get(0).nodeName()).isEqualTo("a");
        assertThat(decisions.get(1).nodeName()).isIn("a", "b");
        assertThat(decisions.get(2).nodeName()).isNull();
        assertThat(decisions.get(2).message())
                .isEqualTo(
                        "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes"
                                + " are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful"
                                + " for scheduling.");
    }

    @Test
    void whatAForkTriesIsForgottenUnlessItIsCommitted() {
        WhatIf whatIf = of(node("a", "1"));

        WhatIf dropped = whatIf.fork();
        assertThat(dropped.schedule(pod("x", "1")).nodeName()).isEqualTo("a");
        assertThat(whatIf.podsOn("a")).isEmpty();

        WhatIf kept = whatIf.fork();
        kept.schedule(pod("y", "1"));
        kept.commit();
        assertThat(whatIf.podsOn("a")).containsExactly("ns/y");
        assertThat(whatIf.schedule(pod("z", "1")).nodeName()).isNull();
    }

    @Test
    void aForkOfSomethingThatHasChangedSinceIsNotCommitted() {
        WhatIf whatIf = of(node("a", "4"));
        WhatIf fork = whatIf.fork();
        whatIf.schedule(pod("x", "1"));

        assertThatThrownBy(fork::commit).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(whatIf::commit).isInstanceOf(IllegalStateException.class);
        assertThat(whatIf.podsOn("a")).containsExactly("ns/x");
    }

    @Test
    void aDrainedNodesPodsGoElsewhereButThoseOfDaemonSetsStay() {
        Pod daemon = new PodBuilder(running("daemon", "1", "a"))
                .editMetadata()
                .addNewOwnerReference()
                .withKind("DaemonSet")
                .withController(true)
                .endOwnerReference()
                .endMetadata()
                .build();
        WhatIf whatIf = of(node("a", "4"), node("b", "4"), running("web", "1", "a"), daemon);

        List<WhatIf.Decision> decisions = whatIf.schedule(whatIf.drain("a"));

        assertThat(decisions).containsExactly(new WhatIf.Decision("ns/web", "b", List.of(), null));
        assertThat(whatIf.podsOn("a")).containsExactly("ns/daemon");
    }

    @Test
    void anUrgentPodTakesThePlaceOfALesserOne() {
        WhatIf whatIf = of(node("a", "1"), running("lesser", "1", "a"));
        Pod urgent = new PodBuilder(pod("urgent", "1"))
                .editSpec()
                .withPriority(100)
                .endSpec()
                .build();

        assertThat(whatIf.schedule(urgent))
                .isEqualTo(new WhatIf.Decision("ns/urgent", "a", List.of("ns/lesser"), null));
        assertThat(whatIf.podsOn("a")).containsExactly("ns/urgent");
    }

    @Test
    void theMoreImportantPodIsTriedFirst() {
        WhatIf whatIf = of(node("a", "1"));
        Pod urgent = new PodBuilder(pod("urgent", "1"))
                .editSpec()
                .withPriority(100)
                .endSpec()
                .build();

        assertThat(whatIf.schedule(List.of(pod("x", "1"), urgent)))
                .extracting(WhatIf.Decision::pod, WhatIf.Decision::nodeName)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("ns/urgent", "a"),
                        org.assertj.core.groups.Tuple.tuple("ns/x", null));
    }

    @Test
    void aRunningPodIsExplainedAsIfItHadToBePlacedNow() {
        Pod web = running("web", "1", "a");
        WhatIf whatIf = of(node("a", "1"), node("b", "1"), running("other", "1", "b"), web);

        Explanation explanation = whatIf.explain(web);

        assertThat(explanation.feasible()).containsExactly("a");
        assertThat(explanation.refusal("b").reasons()).containsExactly("Insufficient cpu");
        assertThat(whatIf.podsOn("a")).containsExactly("ns/web");
    }

    @Test
    void aPodForAnUnknownSchedulerIsRefusedByName() {
        Pod pod = new PodBuilder(pod("x", "1"))
                .editSpec()
                .withSchedulerName("nobody")
                .endSpec()
                .build();

        assertThatThrownBy(() -> of(node("a", "1")).explain(pod))
                .hasMessage("no profile is named nobody, which pod ns/x asks for");
    }

    @Test
    void theTableTellsScoresAndRefusals() {
        WhatIf whatIf = of(node("a", "4"), node("b", "4"), running("big", "4", "b"));

        String table = ExplanationReport.of(whatIf.explain(pod("x", "1"))).table(false);

        assertThat(table)
                .startsWith("Pod ns/x: 1 of 2 nodes can run it; a is the best\n")
                .contains("NODE  REFUSED BY        WHY\nb     NodeResourcesFit  Insufficient cpu\n");
        assertThat(table.lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(120));
    }

    @Test
    void aPageHoldsNothingThatANameCouldRun() {
        Pod hostile = new PodBuilder(pod("</script><script>alert(1)//", "1")).build();

        String html = ExplanationReport.of(
                        of(node("<img src=x onerror=alert(1)>", "4")).explain(hostile))
                .html();

        assertThat(html).doesNotContain("<img").doesNotContain("<script>alert").doesNotContain("@EXPLANATION@");
        assertThat(html).doesNotContain("http://").doesNotContain("https://");
    }

    @Test
    void aTerminalGetsNoControlCharacters() {
        String table = ExplanationReport.of(of(node("a\u001b[31m", "4")).explain(pod("x", "1")))
                .table(true);

        assertThat(table).doesNotContain("\u001b");
    }

    private static WhatIf of(HasMetadata... objects) {
        return WhatIf.of(List.of(PROFILE), 1, List.of(objects));
    }

    private static Node node(String name, String cpu) {
        Map<String, Quantity> room = Map.of("cpu", new Quantity(cpu), "pods", new Quantity("110"));
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewStatus()
                .withAllocatable(room)
                .withCapacity(room)
                .endStatus()
                .build();
    }

    private static Pod pod(String name, String cpu) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("ns")
                .withName(name)
                .withUid(name)
                .endMetadata()
                .withNewSpec()
                .withSchedulerName("default-scheduler")
                .addNewContainer()
                .withName("c")
                .withNewResources()
                .addToRequests("cpu", new Quantity(cpu))
                .endResources()
                .endContainer()
                .endSpec()
                .build();
    }

    private static Pod running(String name, String cpu, String node) {
        return new PodBuilder(pod(name, cpu))
                .editSpec()
                .withNodeName(node)
                .endSpec()
                .build();
    }
}
