package dev.amphora.tck;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import dev.amphora.scheduler.testing.TestPod;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The default plugins keep the contract that plugins of others are held to. */
class DefaultPluginsContractTest {
    abstract static class Named extends SchedulerPluginContract {
        @Override
        protected PluginFactory plugin() {
            return DefaultPlugins.all().stream()
                    .filter(each -> each.name().equals(getClass().getSimpleName()))
                    .findFirst()
                    .orElseThrow()
                    .factory();
        }

        @Override
        protected int cases() {
            return 100;
        }
    }

    @Nested
    class SchedulingGates extends Named {
        @Override
        protected TestPod vary(TestPod pod, RandomGenerator chance) {
            return chance.nextBoolean() ? pod.gate("example.dev/wait") : pod;
        }
    }

    @Nested
    class PrioritySort extends Named {}

    @Nested
    class NodeUnschedulable extends Named {}

    @Nested
    class TaintToleration extends Named {}

    @Nested
    class NodeAffinity extends Named {
        @Override
        protected TestPod vary(TestPod pod, RandomGenerator chance) {
            return chance.nextBoolean()
                    ? pod.edit(p -> p.editSpec()
                            .editOrNewAffinity()
                            .editOrNewNodeAffinity()
                            .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                            .withWeight(3)
                            .withNewPreference()
                            .addNewMatchExpression()
                            .withKey("disk")
                            .withOperator("In")
                            .withValues("ssd")
                            .endMatchExpression()
                            .endPreference()
                            .endPreferredDuringSchedulingIgnoredDuringExecution()
                            .endNodeAffinity()
                            .endAffinity()
                            .endSpec())
                    : pod;
        }
    }

    @Nested
    class NodePorts extends Named {}

    @Nested
    class NodeResourcesFit extends Named {}

    @Nested
    class NodeResourcesBalancedAllocation extends Named {}

    @Nested
    class ImageLocality extends Named {
        /** Counts the nodes that have an image; what is remembered of scores is forgotten whenever nodes come, go or change. */
        @Test
        @Override
        public void aNodeLocalAnswerFollowsFromNodeAndSignature() {
            assertThatThrownBy(super::aNodeLocalAnswerFollowsFromNodeAndSignature)
                    .hasMessageContaining("raw score");
        }
    }

    @Nested
    class PodTopologySpread extends Named {
        @Override
        protected TestPod vary(TestPod pod, RandomGenerator chance) {
            return pod.edit(p -> p.editSpec()
                    .addNewTopologySpreadConstraint()
                    .withTopologyKey("topology.kubernetes.io/zone")
                    .withMaxSkew(1)
                    .withWhenUnsatisfiable("ScheduleAnyway")
                    .withNewLabelSelector()
                    .addToMatchLabels("app", "a")
                    .endLabelSelector()
                    .endTopologySpreadConstraint()
                    .endSpec());
        }
    }

    @Nested
    class InterPodAffinity extends Named {
        /** As in the reference, whose hint about nodes doesn't look at what pods that run keep away from them. */
        @Test
        @Override
        public void aPodThatWasTurnedDownIsWokenByWhatHelps() {
            assertThatThrownBy(super::aPodThatWasTurnedDownIsWokenByWhatHelps)
                    .hasMessageContaining("hints={InterPodAffinity=QueueSkip}");
        }
    }
}
