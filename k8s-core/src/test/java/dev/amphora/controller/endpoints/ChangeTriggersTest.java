package dev.amphora.controller.endpoints;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.client.ObjectKey;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeTriggersTest {
    private static final ObjectKey KEY = ObjectKey.of("default", "web");

    private final ChangeTriggers triggers = new ChangeTriggers();

    private static String at(int second) {
        return "2026-01-01T00:00:%02dZ".formatted(second);
    }

    private static Service service(int made) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withCreationTimestamp(at(made))
                .endMetadata()
                .build();
    }

    private static Pod pod(String name, int changed) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withLastTransitionTime(at(changed))
                .endCondition()
                .endStatus()
                .build();
    }

    @Test
    void atFirstItIsWhenTheServiceWasMade() {
        assertThat(triggers.look(KEY, service(1), List.of(pod("a", 9)))).isEqualTo(at(1));
    }

    @Test
    void laterItIsTheEarliestChangeSinceTheLastLook() {
        triggers.look(KEY, service(1), List.of(pod("a", 9)));

        assertThat(triggers.look(KEY, service(1), List.of(pod("a", 9)))).isNull();
        assertThat(triggers.look(KEY, service(1), List.of(pod("a", 20), pod("b", 15), new Pod())))
                .isEqualTo(at(15));
        assertThat(triggers.look(KEY, service(30), List.of(pod("a", 20)))).isEqualTo(at(30));
    }

    @Test
    void aServiceThatIsMadeAgainBeginsAnew() {
        triggers.look(KEY, service(1), List.of());
        triggers.forget(KEY);

        assertThat(triggers.look(KEY, service(5), List.of(pod("a", 2)))).isEqualTo(at(5));
    }
}
