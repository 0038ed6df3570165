package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttributeBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceConstraint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequest;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What becomes of claims that can't be met, or hardly. */
class DeviceEdgesTest {
    private static final String DRIVER = "gpu.example.com";

    private final Bench bench = new Bench()
            .with(Bench.node("a"))
            .knows(new DeviceClassBuilder()
                    .withNewMetadata()
                    .withName("gpu")
                    .endMetadata()
                    .withNewSpec()
                    .endSpec()
                    .build());

    private static Device device(String name) {
        return new DeviceBuilder().withName(name).build();
    }

    private static Device onNuma(String name, String numa) {
        return new DeviceBuilder()
                .withName(name)
                .withAttributes(Map.of(
                        "numa", new DeviceAttributeBuilder().withString(numa).build()))
                .build();
    }

    private void slice(long slicesOfPool, Device... devices) {
        bench.knows(new ResourceSliceBuilder()
                .withNewMetadata()
                .withName("s")
                .endMetadata()
                .withNewSpec()
                .withDriver(DRIVER)
                .withNodeName("a")
                .withNewPool()
                .withName("a")
                .withGeneration(1L)
                .withResourceSliceCount(slicesOfPool)
                .endPool()
                .withDevices(devices)
                .endSpec()
                .build());
    }

    private static DeviceRequest request(String name, String mode, long count, boolean admin) {
        return new DeviceRequestBuilder()
                .withName(name)
                .withNewExactly()
                .withDeviceClassName("gpu")
                .withAllocationMode(mode)
                .withCount(count)
                .withAdminAccess(admin ? true : null)
                .endExactly()
                .build();
    }

    private static DeviceRequest some(String name, long count) {
        return request(name, "ExactCount", count, false);
    }

    private static DeviceRequest all(String name) {
        return request(name, "All", 0, false);
    }

    private static DeviceRequest admin(String name) {
        return request(name, "ExactCount", 1, true);
    }

    private static ResourceClaimBuilder claim(String name, DeviceRequest... requests) {
        return new ResourceClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .withResourceVersion("1")
                .endMetadata()
                .withNewSpec()
                .withNewDevices()
                .withRequests(requests)
                .endDevices()
                .endSpec();
    }

    private String schedule(ResourceClaimBuilder claim) {
        bench.knows(claim.build());
        return bench.schedule(Bench.pod("p")
                .editSpec()
                .addNewResourceClaim()
                .withName("c")
                .withResourceClaimName("c")
                .endResourceClaim()
                .endSpec());
    }

    private void taken(String device) {
        bench.knows(claim("other", some("r", 1))
                .withNewStatus()
                .withNewAllocation()
                .withNewDevices()
                .addNewResult()
                .withRequest("r")
                .withDriver(DRIVER)
                .withPool("a")
                .withDevice(device)
                .endResult()
                .endDevices()
                .endAllocation()
                .endStatus()
                .build());
    }

    @Test
    void whoWantsAllDevicesWaitsForPoolsThatAreBeingUpdated() {
        slice(2, device("d"));

        assertThat(schedule(claim("c", all("r"))))
                .contains("claim default/c, request r: asks for all devices, but resource pool gpu.example.com/a is "
                        + "currently being updated");
    }

    @Test
    void poolsWithTwoDevicesOfOneNameGiveNone() {
        slice(1, device("d"), device("d"));

        assertThat(schedule(claim("c", some("r", 1)))).contains("1 invalid resource pools were encountered");
    }

    @Test
    void aClaimHasNoMoreDevicesThanItsResultCanName() {
        slice(1, IntStream.range(0, 40).mapToObj(i -> device("d" + i)).toArray(Device[]::new));

        assertThat(schedule(claim("c", some("r", 33))))
                .contains("claim default/c: number of requested devices 33 exceeds the claim limit of 32");
    }

    @Test
    void allDevicesTogetherMustMeetTheConstraints() {
        slice(1, onNuma("d0", "0"), onNuma("d1", "1"));

        assertThat(schedule(claim("c", all("r"))
                        .editSpec()
                        .editDevices()
                        .withConstraints(List.of(new DeviceConstraint(null, DRIVER + "/numa", List.of())))
                        .endDevices()
                        .endSpec()))
                .contains("claim default/c, request r: cannot add device gpu.example.com/a/d1 because a claim "
                        + "constraint would not be satisfied");
    }

    @Test
    void selectorsAreNotAskedAboutDevicesThatAreInUse() {
        slice(1, device("blank"), onNuma("d", "0"));
        taken("blank");

        assertThat(schedule(claim("c", some("r", 1))
                        .editSpec()
                        .editDevices()
                        .editFirstRequest()
                        .editExactly()
                        .addNewSelector()
                        .withNewCel("device.attributes[\"" + DRIVER + "\"].numa == \"0\"")
                        .endSelector()
                        .endExactly()
                        .endRequest()
                        .endDevices()
                        .endSpec()))
                .isEqualTo("a");
    }

    @Test
    void adminAccessIsHadToDevicesOfOthersAndOnceInAClaim() {
        slice(1, device("d"));
        taken("d");

        assertThat(schedule(claim("c", admin("r")))).isEqualTo("a");
    }

    @Test
    void adminAccessTwiceInAClaimNeedsTwoDevices() {
        slice(1, device("d"));

        assertThat(schedule(claim("c", admin("r"), admin("s")))).contains("cannot allocate all claims");
    }

    @Test
    void aDeviceIsNotGivenToTheVeryClaimThatLooksAfterIt() {
        slice(1, device("d"));

        assertThat(schedule(claim("c", admin("r"), some("s", 1)))).contains("cannot allocate all claims");
    }
}
