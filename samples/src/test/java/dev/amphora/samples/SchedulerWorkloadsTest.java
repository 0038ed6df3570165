package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The benchmark's workloads, small. */
class SchedulerWorkloadsTest {
    private static final int NODES = 10;
    private static final int PODS = 9;

    private final PrintWriter out = new PrintWriter(new StringWriter());

    @Test
    void eachHasANameOfItsOwnAndAFigureOfTheReferenceUnlessItIsOurs() {
        List<SchedulerWorkload> all = SchedulerWorkloads.all();
        assertThat(all).extracting(SchedulerWorkload::name).doesNotHaveDuplicates();
        assertThat(all)
                .filteredOn(each -> each.origin() != SchedulerWorkload.Origin.OWN)
                .allSatisfy(each -> assertThat(each.known()).isNotEmpty());
    }

    @Test
    void allPodsOfThoseThatAreDecidedAloneFindANode() {
        SchedulerDecisions decisions = new SchedulerDecisions(out);
        for (SchedulerWorkload each : SchedulerWorkloads.all()) {
            if (each.decides()) {
                assertThat(decisions.run(each.sized(NODES, 0, PODS)).pods())
                        .as(each.name())
                        .isEqualTo(PODS);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"while-gated", "deleted-with-finalizers", "csi-pvs", "claim-template", "gang"})
    void podsAreBoundInAClusterWhereTheyNeedMoreThanNodes(String name) throws Exception {
        SchedulerWorkload workload = SchedulerWorkloads.all().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
        assertThat(new SchedulerRun(out, 1)
                        .inProcess(workload.sized(NODES, 4, PODS))
                        .pods())
                .isEqualTo(PODS);
    }
}
