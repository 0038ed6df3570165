package dev.amphora.scheduler.extender;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.scheduler.SchedulerConfiguration;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.SchedulerExtender.ManagedResource;
import dev.amphora.scheduler.framework.SchedulerExtender.Verb;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The {@code extenders} of a KubeSchedulerConfiguration. */
class ExtenderConfigurationTest {
    private static List<SchedulerExtender> read(String extenders) {
        return SchedulerConfiguration.read(
                        """
                        apiVersion: kubescheduler.config.k8s.io/v1
                        kind: KubeSchedulerConfiguration
                        extenders:
                        """
                                + extenders)
                .extenders();
    }

    @Test
    void whatItSaysIsWhatTheExtenderDoes() {
        List<SchedulerExtender> extenders = read(
                """
                - urlPrefix: http://127.0.0.1:8888/scheduler
                  filterVerb: filter
                  prioritizeVerb: prioritize
                  weight: 5
                  bindVerb: bind
                  preemptVerb: preempt
                  enableHTTPS: false
                  httpTimeout: 1m30s
                  nodeCacheCapable: true
                  managedResources:
                  - {name: example.com/gpu, ignoredByScheduler: true}
                  - {name: example.com/fpga}
                  ignorable: true
                - urlPrefix: https://extender.example.com
                """);

        SchedulerExtender first = extenders.get(0);
        assertThat(first.name()).isEqualTo("http://127.0.0.1:8888/scheduler");
        assertThat(first.verbs()).containsExactlyInAnyOrder(Verb.values());
        assertThat(first.weight()).isEqualTo(5);
        assertThat(first.isIgnorable()).isTrue();
        assertThat(first.managedResources())
                .containsExactly(
                        new ManagedResource("example.com/gpu", true), new ManagedResource("example.com/fpga", false));
        assertThat(extenders.get(1).verbs()).isEmpty();
        assertThat(extenders.get(1).isIgnorable()).isFalse();
        assertThat(read("  []")).isEmpty();
        assertThat(read("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "[{prioritizeVerb: p}] | extenders[0].weight: Invalid value: 0: must have a positive weight applied to it",
                "[{prioritizeVerb: p, weight: -2}] | extenders[0].weight: Invalid value: -2: must have a positive weight applied to it",
                "[{bindVerb: a}, {bindVerb: b}] | extenders: Invalid value: \"found 2 extenders implementing bind\": only one extender can implement bind",
                "[{managedResources: [{name: example.com/a}]}, {managedResources: [{name: example.com/a}]}] | extenders[1].managedResources[0].name: Invalid value: \"example.com/a\": duplicate extender managed resource name",
                "[{managedResources: [{name: cpu}]}] | extenders[0].managedResources[0].name: Invalid value: \"cpu\": is an invalid extended resource name",
                "[{managedResources: [{name: kubernetes.io/a}]}] | extenders[0].managedResources[0].name: Invalid value: \"kubernetes.io/a\": is an invalid extended resource name",
                "[{managedResources: [{name: requests.example.com/a}]}] | extenders[0].managedResources[0].name: Invalid value: \"requests.example.com/a\": is an invalid extended resource name",
                "[{managedResources: [{name: /a}]}] | extenders[0].managedResources[0].name: Invalid value: \"/a\": prefix part must be non-empty",
                "[{urlPrefix: x, tlsConfig: {insecure: true, caData: YQ==}}] | extenders[0].tlsConfig: specifying a root certificates file with the insecure flag is not allowed",
                "[{urlPrefix: x, tlsConfig: {caData: YQ==}}] | extenders[0].tlsConfig: unable to load root certificates: unable to parse bytes as PEM block",
                "[{urlPrefix: x, tlsConfig: {certData: YQ==, keyData: YQ==}}] | extenders[0].tlsConfig: cannot read certificate or key: no PRIVATE KEY block",
                "[{urlPrefix: x, tlsConfig: {caFile: /nowhere/ca.crt}}] | extenders[0].tlsConfig.caFile: cannot read /nowhere/ca.crt",
                "[{urlPrefix: x, httpTimeout: soon}] | time: invalid duration \"soon\" in extenders[0].httpTimeout",
                "[{urlPrefix: x, filterverb: f}] | strict decoding error: unknown field \"extenders[0].filterverb\"",
                "[{urlPrefix: x, weight: heavy}] | extenders[0].weight: must be an integer",
                "{urlPrefix: x} | extenders: must be a list",
            })
    void whatMakesNoSenseIsRefused(String extenders, String message) {
        assertThatThrownBy(() -> read("  " + extenders))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void allThatIsWrongIsTold() {
        assertThatThrownBy(() -> read("  [{prioritizeVerb: p, bindVerb: a}, {bindVerb: b}]"))
                .hasMessage(
                        "[extenders[0].weight: Invalid value: 0: must have a positive weight applied to it, "
                                + "extenders: Invalid value: \"found 2 extenders implementing bind\": only one extender can implement bind]");
    }
}
