package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.NodeSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttributeBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResultBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Scores of extended resources count devices where a node doesn't offer the resource itself (KEP-5004). */
class DeviceScoresTest {
    private static final String DRIVER = "gpu.example.com";
    private static final String GPU = "example.com/gpu";
    private static final String IMPLICIT = "deviceclass.resource.kubernetes.io/gpu";

    private final Bench bench = new Bench(
            Profile.named("default-scheduler")
                    .args(
                            "NodeResourcesFit",
                            json(
                                    """
                            {"scoringStrategy": {"type": "MostAllocated",
                                                 "resources": [{"name": "example.com/gpu", "weight": 1},
                                                               {"name": "deviceclass.resource.kubernetes.io/gpu", "weight": 1}]}}"""))
                    .args(
                            "NodeResourcesBalancedAllocation",
                            json(
                                    """
                            {"resources": [{"name": "cpu", "weight": 1}, {"name": "example.com/gpu", "weight": 1}]}""")));

    private static JsonNode json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    private DeviceScoresTest deviceClass(String... expressions) {
        DeviceClassBuilder gpu = new DeviceClassBuilder()
                .withNewMetadata()
                .withName("gpu")
                .endMetadata()
                .withNewSpec()
                .withExtendedResourceName(GPU)
                .endSpec();
        for (String expression : expressions) {
            gpu.editSpec().addNewSelector().withNewCel(expression).endSelector().endSpec();
        }
        bench.knows(gpu.build());
        return this;
    }

    private static Device[] devices(String... names) {
        return Arrays.stream(names)
                .map(name -> new DeviceBuilder().withName(name).build())
                .toArray(Device[]::new);
    }

    private static ResourceSliceBuilder slice(String pool, Device... devices) {
        return new ResourceSliceBuilder()
                .withNewMetadata()
                .withName("slice-" + pool)
                .endMetadata()
                .withNewSpec()
                .withDriver(DRIVER)
                .withNewPool()
                .withName(pool)
                .withGeneration(1L)
                .withResourceSliceCount(1L)
                .endPool()
                .withDevices(devices)
                .endSpec();
    }

    /** A node with devices of its own. */
    private DeviceScoresTest node(String name, Device... devices) {
        bench.with(Bench.node(name));
        bench.knows(slice(name, devices).editSpec().withNodeName(name).endSpec().build());
        return this;
    }

    private static DeviceRequestAllocationResult result(String pool, String device) {
        return new DeviceRequestAllocationResultBuilder()
                .withRequest("r")
                .withDriver(DRIVER)
                .withPool(pool)
                .withDevice(device)
                .build();
    }

    private DeviceScoresTest allocated(String claim, DeviceRequestAllocationResult... results) {
        bench.knows(new ResourceClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(claim)
                .withUid("uid-" + claim)
                .withResourceVersion("1")
                .endMetadata()
                .withNewStatus()
                .withNewAllocation()
                .withNewDevices()
                .withResults(results)
                .endDevices()
                .endAllocation()
                .endStatus()
                .build());
        return this;
    }

    private static PodBuilder asking(String resource, String amount) {
        return Bench.pod("p", "1", null)
                .editSpec()
                .editFirstContainer()
                .editResources()
                .addToRequests(resource, new Quantity(amount))
                .endResources()
                .endContainer()
                .endSpec();
    }

    /** How much of the resource would be in use, in percent by node. */
    private List<Long> used(String resource, String amount) {
        return bench.scores("NodeResourcesFit", asking(resource, amount));
    }

    private List<Long> balance() {
        return bench.scores("NodeResourcesBalancedAllocation", asking(GPU, "1"));
    }

    @Test
    void whatIsInUseOfANodesDevicesIsCountedAndWhatThePodAsksFor() {
        deviceClass().node("a", devices("d0", "d1", "d2", "d3")).node("b", devices("d0", "d1", "d2", "d3"));
        allocated("c", result("b", "d0"), result("b", "d1"));

        assertThat(used(GPU, "1")).containsExactly(25L, 75L);
        assertThat(used(GPU, "2")).containsExactly(50L, 100L);
    }

    @Test
    void balanceIsComparedWithAndWithoutWhatThePodAsksFor() {
        deviceClass().node("a", devices("d0", "d1", "d2", "d3")).node("b", devices("d0", "d1"));
        allocated("c", result("b", "d0"));

        // a: from 0 and 0 to 1/4 and 1/4, even as before; b: from 0 and 1/2 to 1/4 and 1, 75 and then 62 of 100
        assertThat(balance()).containsExactly(75L, 68L);
    }

    @Test
    void aClassStandsForTheResourceWithItsNameToo() {
        deviceClass().node("a", devices("d0", "d1"));

        assertThat(used(IMPLICIT, "1")).containsExactly(50L);
    }

    @Test
    void aNodeThatOffersTheResourceItselfIsScoredByThat() {
        deviceClass().node("a", devices("d0", "d1"));
        bench.with(Bench.node("b")
                .editStatus()
                .addToAllocatable(GPU, new Quantity("5"))
                .endStatus());
        bench.knows(slice("b", devices("d0", "d1"))
                .editSpec()
                .withNodeName("b")
                .endSpec()
                .build());

        assertThat(used(GPU, "1")).containsExactly(50L, 20L);
    }

    @Test
    void aNodeThatOffersNoneOfTheResourceIsScoredByItsDevices() {
        deviceClass();
        bench.with(Bench.node("a")
                .editStatus()
                .addToAllocatable(GPU, new Quantity("0"))
                .endStatus());
        bench.knows(slice("a", devices("d0", "d1"))
                .editSpec()
                .withNodeName("a")
                .endSpec()
                .build());

        assertThat(used(GPU, "1")).containsExactly(50L);
    }

    @Test
    void whatDoesNotExistDoesNotCount() {
        node("without-class", devices("d0"));
        assertThat(used(GPU, "1")).containsExactly(0L);

        deviceClass();
        bench.with(Bench.node("without-devices"));
        assertThat(used(GPU, "1")).containsExactly(100L, 0L);
        assertThat(used("example.com/other", "1")).containsExactly(0L, 0L);
    }

    @Test
    void onlyDevicesThatTheClassMeansCount() {
        Device[] devices = devices("d0", "d1", "d2", "d3");
        for (int i = 0; i < devices.length; i++) {
            devices[i]
                    .getAttributes()
                    .put("size", new DeviceAttributeBuilder().withInt((long) i).build());
        }
        deviceClass("device.driver == \"" + DRIVER + "\"", "device.attributes[\"" + DRIVER + "\"].size >= 2")
                .node("a", devices);
        allocated("c", result("a", "d0"), result("a", "d3"));

        assertThat(used(GPU, "0")).containsExactly(0L);
        assertThat(used(GPU, "1")).containsExactly(100L);
        assertThat(balance()).containsExactly(68L);
    }

    @Test
    void aResourceIsLeftOutWhereASelectorHasNoValueForADevice() {
        Device[] devices = devices("d0", "blank");
        devices[0]
                .getAttributes()
                .put("size", new DeviceAttributeBuilder().withInt(1L).build());
        deviceClass("device.attributes[\"" + DRIVER + "\"].size >= 1")
                .node("a", devices)
                .node("b", devices[0]);

        assertThat(used(GPU, "1")).containsExactly(0L, 100L);
    }

    @Test
    void devicesCountOnTheNodesThatTheyAreFor() {
        deviceClass();
        bench.with(Bench.node("a").editMetadata().addToLabels("zone", "z").endMetadata())
                .with(Bench.node("b"));
        bench.knows(slice("all", devices("d0"))
                .editSpec()
                .withAllNodes(true)
                .endSpec()
                .build());
        Device[] each = devices("named", "selected", "everywhere", "elsewhere");
        each[0].setNodeName("b");
        each[1].setNodeSelector(new NodeSelectorBuilder()
                .addNewNodeSelectorTerm()
                .addToMatchExpressions(new NodeSelectorRequirement("zone", "In", List.of("z")))
                .endNodeSelectorTerm()
                .build());
        each[2].setAllNodes(true);
        each[3].setNodeName("c");
        bench.knows(slice("each", each)
                .editSpec()
                .withPerDeviceNodeSelection(true)
                .endSpec()
                .build());
        allocated("c", result("each", "named"));

        // a: all/d0, selected and everywhere; b: all/d0, named and everywhere
        assertThat(used(GPU, "1")).containsExactly(33L, 66L);
    }

    @Test
    void aDeviceIsInUseOnceHoweverManyHaveAShareOfIt() {
        deviceClass().node("a", devices("d0", "d1", "d2", "d3"));
        DeviceRequestAllocationResult share = result("a", "d0");
        share.setShareID("s0");
        DeviceRequestAllocationResult other = result("a", "d0");
        other.setShareID("s1");
        allocated("c", share).allocated("other", other);

        assertThat(used(GPU, "1")).containsExactly(50L);
    }

    @Test
    void whoHasAdminAccessUsesNoDevice() {
        deviceClass().node("a", devices("d0", "d1"));
        DeviceRequestAllocationResult admin = result("a", "d0");
        admin.setAdminAccess(true);
        allocated("c", admin);

        assertThat(used(GPU, "1")).containsExactly(50L);
    }

    @Test
    void devicesThatNobodyCanHaveCountAll() {
        Device[] devices = devices("tainted", "partition", "free", "taken");
        devices[0] = new DeviceBuilder(devices[0])
                .addNewTaint()
                .withKey("t")
                .withEffect("NoSchedule")
                .endTaint()
                .build();
        devices[1] = new DeviceBuilder(devices[1])
                .addNewConsumesCounter()
                .withCounterSet("there-is-none")
                .endConsumesCounter()
                .build();
        deviceClass().node("a", devices);
        allocated("c", result("a", "taken"));

        assertThat(used(GPU, "1")).containsExactly(50L);
    }

    @Test
    void whatIsReservedForAPodCountsBeforeItIsWritten() {
        deviceClass().node("a", devices("d0", "d1"));
        PodInfo pod = PodInfo.of(asking(GPU, "1").build());
        CycleState state = new CycleState();
        bench.cache.snapshot();
        bench.scheduling.schedule(bench.framework, state, pod);
        bench.framework.runReserve(state, pod, "a");

        assertThat(used(GPU, "1")).containsExactly(100L);

        bench.framework.runUnreserve(state, pod, "a");

        assertThat(used(GPU, "1")).containsExactly(50L);
    }
}
