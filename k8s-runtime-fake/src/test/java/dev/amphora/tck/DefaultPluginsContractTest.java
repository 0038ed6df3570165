package dev.amphora.tck;

import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import dev.amphora.scheduler.testing.TestPod;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Nested;

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
                            .addNewMatchExpression("disk", "In", java.util.List.of("ssd"))
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
    class ImageLocality extends Named {}

    @Nested
    class PodTopologySpread extends Named {}

    @Nested
    class InterPodAffinity extends Named {}
}
