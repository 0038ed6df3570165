package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Fields of features that are off")
final class DisabledFeaturesTest {

    @Test
    void vanishFromPodsAndFromTemplates() {
        String spec = "{'containers':[{'name':'c','lifecycle':{'stopSignal':'SIGUSR1'}}],'schedulingGroup':{}}";
        ObjectNode pod = Kinds.tree("{'spec':%s}".formatted(spec));
        ObjectNode cronJob = Kinds.tree("{'spec':{'jobTemplate':{'spec':{'template':{'spec':%s}}}}}".formatted(spec));

        StrategyRegistry.strategy("", "pods").dropDisabledFields(pod);
        StrategyRegistry.strategy("batch", "cronjobs").dropDisabledFields(cronJob);

        ObjectNode left = Kinds.tree("{'containers':[{'name':'c'}]}");
        assertThat(pod.get("spec")).isEqualTo(left);
        assertThat(cronJob.at("/spec/jobTemplate/spec/template/spec")).isEqualTo(left);
    }

    @Test
    void stayWhileDefaultsAreSet() {
        ObjectNode lease = Kinds.tree("{'spec':{'strategy':'OldestEmulationVersion'}}");
        Strategy strategy = StrategyRegistry.strategy("coordination.k8s.io", "leases");

        strategy.setDefaults(lease);
        assertThat(lease.path("spec").has("strategy")).isTrue();
        strategy.dropDisabledFields(lease);
        assertThat(lease.path("spec").has("strategy")).isFalse();
    }
}
