package dev.amphora.samples.conformance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.amphora.samples.Kubectl;
import dev.amphora.samples.conformance.KubectlCluster.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What a user of kubectl was recorded to see of an API server, with the newest kubectl that is installed and in part with the oldest. */
class KubectlConformanceIT {
    /** Whose output was recorded, whole or in what differs. */
    private static final Set<String> RECORDED = Set.of("1.27", "1.30", "1.32", "1.33");

    /** What was recorded with older versions too, each time as far as it differs. */
    private static final Set<String> WITH_OLDER_VERSIONS =
            Set.of("get/errors", "create/configmap", "kinds/pod", "kinds/job", "kinds/configmap", "kinds/secret");

    @Test
    void printsAsWithTheReferenceAgainstAnApiServerAlone() throws Exception {
        replay(newest(), Level.api, scenario -> scenario.needs() == Level.api);
    }

    @Test
    void printsAsWithTheReferenceAgainstAControlPlaneAndScriptedNodes() throws Exception {
        replay(newest(), Level.nodes, scenario -> scenario.needs() != Level.api);
    }

    @Test
    void theOldestKubectlPrintsAsWithTheReferenceToo() throws Exception {
        List<Path> installed = Kubectl.installed();
        assumeTrue(installed.size() > 1, "one kubectl alone is here");
        replay(
                installed.get(0),
                Level.api,
                scenario -> scenario.needs() == Level.api && WITH_OLDER_VERSIONS.contains(scenario.name()));
    }

    private static Path newest() {
        List<Path> installed = Kubectl.installed();
        assumeTrue(!installed.isEmpty(), Kubectl.HOW_TO_GET_KUBECTL);
        return installed.get(installed.size() - 1);
    }

    private static void replay(Path kubectl, Level level, Predicate<KubectlScenario> chosen) throws Exception {
        String version = KubectlRuns.version(kubectl);
        String minor = version.substring(0, version.lastIndexOf('.'));
        assumeTrue(RECORDED.contains(minor), "kubectl " + version + " is here; recorded are " + RECORDED);
        Outcomes outcomes = new Outcomes();
        KnownFailures known = KnownFailures.of(level == Level.api ? "kubectl" : "kubectl-with-nodes", minor);
        Path archive = Path.of(KubectlConformanceIT.class
                .getResource("/conformance/kubectl.zip")
                .toURI());
        try (VectorFiles.Opened opened = VectorFiles.open(List.of(archive), "kubectl/scenarios")) {
            List<KubectlScenario> scenarios = KubectlRuns.select(opened.files(), version, level).stream()
                    .filter(chosen)
                    .toList();
            new KubectlRuns(kubectl, 4).replay(scenarios, () -> KubectlCluster.embedded(level), outcomes::of);
            // Output is compared with what was printed at an idle moment: a scenario that surprises is played again,
            // alone, twice at most.
            for (int round = 0; round < 2; round++) {
                List<KubectlScenario> again = scenarios.stream()
                        .filter(scenario -> outcomes.surprises(known, scenario.name()))
                        .toList();
                if (!again.isEmpty()) {
                    new KubectlRuns(kubectl, 1).replay(again, () -> KubectlCluster.embedded(level), outcomes::again);
                }
            }
        }
        outcomes.assertOnly(known);
    }
}
