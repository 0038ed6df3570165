package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.Json;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttributeBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A search for devices takes no longer than its plugin's arguments allow. */
class DeviceSearchTest {
    /** A scheduler to whom each look at the clock takes a second, and a pod that wants three devices on the same NUMA node, which has two. */
    private static String message(Map<String, String> args) {
        long[] seconds = {0};
        SchedulerSandbox sandbox = new SchedulerSandbox(
                Profile.named("default-scheduler")
                        .args("DynamicResources", Json.mapper().valueToTree(args)),
                1,
                () -> Instant.ofEpochSecond(seconds[0]++));
        List<Device> devices = IntStream.range(0, 40)
                .mapToObj(i -> new DeviceBuilder()
                        .withName("d" + i)
                        .addToAttributes(
                                "numa",
                                new DeviceAttributeBuilder()
                                        .withString("n" + i / 2)
                                        .build())
                        .build())
                .toList();
        sandbox.put(Bench.node("a").build())
                .put(new DeviceClassBuilder()
                        .withNewMetadata()
                        .withName("gpu")
                        .endMetadata()
                        .withNewSpec()
                        .endSpec()
                        .build())
                .put(new ResourceSliceBuilder()
                        .withNewMetadata()
                        .withName("s")
                        .endMetadata()
                        .withNewSpec()
                        .withDriver("gpu.example.com")
                        .withNodeName("a")
                        .withNewPool()
                        .withName("a")
                        .withGeneration(1L)
                        .withResourceSliceCount(1L)
                        .endPool()
                        .withDevices(devices)
                        .endSpec()
                        .build())
                .put(new ResourceClaimBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName("c")
                        .withUid("uid-c")
                        .withResourceVersion("1")
                        .endMetadata()
                        .withNewSpec()
                        .withNewDevices()
                        .addNewRequest()
                        .withName("r")
                        .withNewExactly()
                        .withDeviceClassName("gpu")
                        .withAllocationMode("ExactCount")
                        .withCount(3L)
                        .endExactly()
                        .endRequest()
                        .addNewConstraint()
                        .withMatchAttribute("gpu.example.com/numa")
                        .endConstraint()
                        .endDevices()
                        .endSpec()
                        .build());
        return sandbox.schedule(Bench.pod("p")
                        .editSpec()
                        .addNewResourceClaim()
                        .withName("c")
                        .withResourceClaimName("c")
                        .endResourceClaim()
                        .endSpec()
                        .build())
                .message();
    }

    @Test
    void aSearchThatTakesTooLongIsGivenUp() {
        assertThat(message(Map.of("filterTimeout", "2s")))
                .startsWith("0/1 nodes are available: 1 timed out trying to allocate devices.");
        assertThat(message(Map.of("filterTimeout", "0s")))
                .startsWith("0/1 nodes are available: 1 cannot allocate all claims.");
    }

    @Test
    void timesThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> message(Map.of("filterTimeout", "-1s")))
                .hasMessage(
                        "initializing plugin \"DynamicResources\": filterTimeout: Invalid value: -1s: must be zero or positive");
        assertThatThrownBy(() -> message(Map.of("bindingTimeout", "0.5s")))
                .hasMessageStartingWith("initializing plugin \"DynamicResources\": bindingTimeout: Invalid value: ");
    }
}
