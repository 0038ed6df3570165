package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.CapacityRequirements;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Devices that may be allocated more than once give shares of their capacity (KEP-5075). */
class SharedDevicesTest {
    private final Bench bench = new Bench()
            .with(Bench.node("a"))
            .knows(new DeviceClassBuilder()
                    .withNewMetadata()
                    .withName("gpu")
                    .endMetadata()
                    .withNewSpec()
                    .endSpec()
                    .build())
            .knows(new ResourceSliceBuilder()
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
                    .addNewDevice()
                    .withName("d")
                    .withAllowMultipleAllocations(true)
                    .addToCapacity(
                            "memory",
                            new io.fabric8.kubernetes.api.model.resource.v1.DeviceCapacityBuilder()
                                    .withValue(new Quantity("8Gi"))
                                    .build())
                    .endDevice()
                    .endSpec()
                    .build());

    private ResourceClaim claim(String name, String memory, String taken) {
        ResourceClaimBuilder claim = new ResourceClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .withResourceVersion("1")
                .endMetadata()
                .withNewSpec()
                .withNewDevices()
                .addNewRequest()
                .withName("r")
                .withNewExactly()
                .withDeviceClassName("gpu")
                .withCapacity(new CapacityRequirements(Map.of("memory", new Quantity(memory))))
                .endExactly()
                .endRequest()
                .endDevices()
                .endSpec();
        if (!taken.isEmpty()) {
            AllocationResult allocation = new io.fabric8.kubernetes.api.model.resource.v1.AllocationResultBuilder()
                    .withNewDevices()
                    .addNewResult()
                    .withRequest("r")
                    .withDriver("gpu.example.com")
                    .withPool("a")
                    .withDevice("d")
                    .withShareID("share-" + name)
                    .addToConsumedCapacity("memory", new Quantity(taken))
                    .endResult()
                    .endDevices()
                    .build();
            claim.withNewStatus().withAllocation(allocation).endStatus();
        }
        return claim.build();
    }

    private String schedule(String claim) {
        return bench.schedule(Bench.pod("p")
                .editSpec()
                .addNewResourceClaim()
                .withName("c")
                .withResourceClaimName(claim)
                .endResourceClaim()
                .endSpec());
    }

    @Test
    void aDeviceIsSharedAsLongAsItHasCapacityLeft() {
        bench.knows(claim("other", "4Gi", "4Gi"))
                .knows(claim("fits", "4Gi", ""))
                .knows(claim("too-much", "5Gi", ""));

        assertThat(schedule("fits")).isEqualTo("a");
        assertThat(schedule("too-much")).contains("cannot allocate all claims");
    }
}
