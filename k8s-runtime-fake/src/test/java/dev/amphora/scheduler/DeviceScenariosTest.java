package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ListOptions;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Pods that need devices, in simulation; the tests play the claim controller. */
class DeviceScenariosTest {
    private static final ResourceType<ResourceClaim> CLAIMS = ResourceType.of(ResourceClaim.class);

    private final SchedulerWorld world = new SchedulerWorld(2, DefaultScheduler.create());

    @BeforeEach
    void begin() {
        world.client.create(new DeviceClassBuilder()
                .withNewMetadata()
                .withName("gpu")
                .endMetadata()
                .withNewSpec()
                .withExtendedResourceName("example.com/gpu")
                .endSpec()
                .build());
    }

    @AfterEach
    void close() {
        world.close();
    }

    private void advance(long seconds) {
        world.kernel.advance(Duration.ofSeconds(seconds));
    }

    /** A driver says that a node has one device. */
    private void device(String node) {
        world.client.create(new ResourceSliceBuilder()
                .withNewMetadata()
                .withName("slice-" + node)
                .endMetadata()
                .withNewSpec()
                .withDriver("gpu.example.com")
                .withNodeName(node)
                .withNewPool()
                .withName(node)
                .withGeneration(1L)
                .withResourceSliceCount(1L)
                .endPool()
                .addNewDevice()
                .withName("d")
                .endDevice()
                .endSpec()
                .build());
    }

    private void claim(String name) {
        world.client.create(new ResourceClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNewDevices()
                .addNewRequest()
                .withName("r")
                .withNewExactly()
                .withDeviceClassName("gpu")
                .withAllocationMode("ExactCount")
                .withCount(1L)
                .endExactly()
                .endRequest()
                .endDevices()
                .endSpec()
                .build());
    }

    private static PodBuilder pod(String name, String claim) {
        return SchedulerWorld.pod(name, "1")
                .editSpec()
                .addNewResourceClaim()
                .withName("c")
                .withResourceClaimName(claim)
                .endResourceClaim()
                .endSpec();
    }

    private ResourceClaim get(String claim) {
        return world.client.get(CLAIMS, "default", claim);
    }

    private boolean isAllocated(String claim) {
        return get(claim).getStatus() != null && get(claim).getStatus().getAllocation() != null;
    }

    private List<String> reservedFor(String claim) {
        return get(claim).getStatus() == null
                ? List.of()
                : get(claim).getStatus().getReservedFor().stream()
                        .map(ResourceClaimConsumerReference::getName)
                        .toList();
    }

    /** What the claim controller does when a pod has ended. */
    private void release(String claim) {
        world.client.updateStatus(new ResourceClaimBuilder(get(claim))
                .editStatus()
                .withAllocation(null)
                .withReservedFor(List.of())
                .endStatus()
                .build());
    }

    @Test
    void whatOneProfileHasPromisedAnotherOneDoesNotGiveAway() {
        world.crashAll();
        world.start(DefaultScheduler.builder()
                .profile(Profile.named("one"))
                .profile(Profile.named("two"))
                .build());
        device("n1");
        for (String profile : List.of("one", "two")) {
            claim(profile);
            world.create(
                    pod(profile, profile).editSpec().withSchedulerName(profile).endSpec());
        }
        advance(20);
        world.node("n1", "4");
        advance(20);
        assertThat(List.of(isAllocated("one"), isAllocated("two"))).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void aClaimIsAllocatedAndReservedBeforeItsPodIsBound() {
        world.node("n1", "4");
        device("n1");
        claim("c");
        String[] seen = {""};
        world.fault = (method, arguments) -> {
            if (SchedulerWorld.isBinding(method, arguments)) {
                seen[0] = isAllocated("c") + " " + reservedFor("c");
            }
        };
        world.create(pod("a", "c"));
        advance(5);
        assertThat(seen[0]).isEqualTo("true [a]");
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        assertThat(get("c").getMetadata().getFinalizers()).containsExactly("resource.kubernetes.io/delete-protection");
    }

    @Test
    void aBindingThatFailsGivesTheReservationBackAndKeepsTheAllocation() {
        world.node("n1", "4");
        device("n1");
        claim("c");
        world.failBindings(1, StatusException.internalError("down"));
        world.create(pod("a", "c"));
        world.kernel.advance(Duration.ofMillis(500));
        assertThat(isAllocated("c")).isTrue();
        assertThat(reservedFor("c")).isEmpty();
        advance(10);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        assertThat(reservedFor("c")).containsExactly("a");
    }

    @Test
    void anAllocationThatCannotBeWrittenLeavesTheDeviceToOthers() {
        world.node("n1", "4");
        device("n1");
        claim("one");
        claim("two");
        world.fault = (method, arguments) -> {
            if (method.equals("updateStatus")
                    && ((ResourceClaim) arguments[0]).getMetadata().getName().equals("one")) {
                throw StatusException.conflict("resource.k8s.io", "resourceclaims", "one", "modified");
            }
        };
        world.create(pod("a", "one"));
        advance(30);
        assertThat(isAllocated("one")).isFalse();
        world.create(pod("b", "two"));
        advance(30);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
        assertThat(world.nodeOf("a")).isEmpty();
    }

    @Test
    void oneDeviceServesOnePodAndTheNextWhenItIsGivenBack() {
        world.node("n1", "4");
        device("n1");
        claim("one");
        claim("two");
        world.create(pod("a", "one"));
        advance(5);
        world.create(pod("b", "two"));
        advance(20);
        assertThat(world.nodeOf("b")).isEmpty();
        assertThat(world.scheduled("b").getMessage())
                .startsWith("0/1 nodes are available: 1 cannot allocate all claims.");
        world.delete("a");
        advance(20);
        assertThat(world.nodeOf("b")).isEmpty();
        release("one");
        advance(5);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    void podsThatShareAClaimGoToTheSameNode() {
        world.node("n1", "4");
        world.node("n2", "4");
        device("n1");
        device("n2");
        claim("c");
        world.create(pod("a", "c"));
        world.create(pod("b", "c"));
        advance(20);
        assertThat(world.nodeOf("b")).isNotEmpty().isEqualTo(world.nodeOf("a"));
        assertThat(reservedFor("c")).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    @DisplayName(
            "surprises, Scheduler 16: a pod whose claim is missing gets neither condition nor event, and goes on when it comes")
    void aPodWaitsSilentlyForItsClaim() {
        world.node("n1", "4");
        device("n1");
        world.create(pod("a", "c"));
        advance(400);
        assertThat(world.get("a").getStatus().getConditions()).isNullOrEmpty();
        assertThat(world.notes("a", "FailedScheduling")).isEmpty();
        claim("c");
        advance(5);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    @Test
    void aDeviceThatIsPublishedLaterWakesThePod() {
        world.node("n1", "4");
        claim("c");
        world.create(pod("a", "c"));
        advance(20);
        assertThat(world.nodeOf("a")).isEmpty();
        device("n1");
        advance(5);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    @Test
    void aClaimThatNobodyUsesIsGivenBackWhereItsNodeHasNoRoom() {
        world.node("n1", "1");
        device("n1");
        claim("c");
        world.create(pod("a", "c"));
        advance(5);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        world.delete("a");
        world.client.updateStatus(new ResourceClaimBuilder(get("c"))
                .editStatus()
                .withReservedFor(List.of())
                .endStatus()
                .build());
        world.patchNode("n1", "{\"metadata\":{\"labels\":{\"kubernetes.io/hostname\":\"other\"}}}");
        world.node("n2", "1");
        device("n2");
        world.patchNode("n1", "{\"spec\":{\"unschedulable\":true}}");
        advance(5);
        world.create(pod("b", "c")
                .editSpec()
                .addToNodeSelector("kubernetes.io/hostname", "n2")
                .endSpec());
        advance(20);
        assertThat(world.nodeOf("b")).isEqualTo("n2");
        assertThat(world.notes("b", "FailedScheduling"))
                .anyMatch(note -> note.contains("deallocation of ResourceClaim completed"));
    }

    @Test
    void aClaimThatIsDeletedWhileThePodWaitsHoldsItBackAgain() {
        world.node("n1", "4");
        claim("c");
        world.create(pod("a", "c"));
        advance(10);
        world.client.delete(CLAIMS, "default", "c", DeleteOptions.defaults());
        device("n1");
        advance(10);
        assertThat(world.nodeOf("a")).isEmpty();
        claim("c");
        advance(10);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    // -- extended resources that devices stand for -------------------------------------------------------------------

    private static PodBuilder extended(String name, String count) {
        return SchedulerWorld.pod(name, "1")
                .editSpec()
                .editFirstContainer()
                .editResources()
                .addToRequests("example.com/gpu", new Quantity(count))
                .addToLimits("example.com/gpu", new Quantity(count))
                .endResources()
                .endContainer()
                .endSpec();
    }

    private List<ResourceClaim> claims() {
        return world.client.list(CLAIMS, "default", ListOptions.all()).items();
    }

    @Test
    @DisplayName(
            "KEP-5004: a claim is made for the devices that a node gives for an extended resource, and told in the pod's status")
    void anExtendedResourceIsGivenByADevice() {
        world.node("n1", "4");
        device("n1");
        world.create(extended("a", "1"));
        advance(5);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        ResourceClaim made = claims().get(0);
        assertThat(made.getMetadata().getName()).startsWith("a-extended-resources-");
        var told = world.get("a").getStatus().getExtendedResourceClaimStatus();
        assertThat(told.getResourceClaimName()).isEqualTo(made.getMetadata().getName());
        assertThat(told.getRequestMappings()).singleElement().satisfies(mapping -> {
            assertThat(mapping.getContainerName()).isEqualTo("c");
            assertThat(mapping.getResourceName()).isEqualTo("example.com/gpu");
            assertThat(mapping.getRequestName()).isEqualTo("container-0-request-1");
        });
    }

    @Test
    void aClaimMadeForAnAttemptThatFailsIsDeleted() {
        world.node("n1", "4");
        device("n1");
        world.failBindings(2, StatusException.internalError("down"));
        world.create(extended("a", "1"));
        advance(30);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        assertThat(claims()).singleElement().satisfies(claim -> assertThat(
                        claim.getMetadata().getName())
                .isEqualTo(world.get("a")
                        .getStatus()
                        .getExtendedResourceClaimStatus()
                        .getResourceClaimName()));
    }

    @Test
    void aClaimThatACrashHasLeftBehindIsDeletedBeforeAnother() {
        world.node("n1", "4");
        device("n1");
        world.fault = (method, arguments) -> {
            if (SchedulerWorld.isBinding(method, arguments)) {
                world.fault = (again, nothing) -> {};
                world.crashAll();
                throw StatusException.internalError("crashed");
            }
        };
        world.create(extended("a", "1"));
        world.settle();
        String left = claims().get(0).getMetadata().getName();
        world.start(DefaultScheduler.create());
        advance(20);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        assertThat(claims())
                .singleElement()
                .satisfies(claim -> assertThat(claim.getMetadata().getName()).isNotEqualTo(left));
    }

    @Test
    @DisplayName("KEP-5004: an init container that ends uses the devices of the containers after it")
    void initContainersShareTheDevicesOfThoseWhoStay() {
        world.node("n1", "4");
        device("n1");
        world.create(extended("a", "1")
                .editSpec()
                .addNewInitContainer()
                .withName("i")
                .withImage("i:1")
                .withNewResources()
                .addToRequests("example.com/gpu", new Quantity("1"))
                .addToLimits("example.com/gpu", new Quantity("1"))
                .endResources()
                .endInitContainer()
                .endSpec());
        advance(10);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
        assertThat(world.get("a").getStatus().getExtendedResourceClaimStatus().getRequestMappings())
                .extracting(mapping -> mapping.getContainerName() + " " + mapping.getRequestName())
                .containsExactly("c container-1-request-1", "i container-1-request-1");
    }

    // -- devices that a driver has to get ready (KEP-5007) ------------------------------------------------------------

    /** A driver says that there is a device that it can bring to any node. */
    private void fabricDevice(String name) {
        world.client.create(new ResourceSliceBuilder()
                .withNewMetadata()
                .withName("a-fabric-" + name)
                .endMetadata()
                .withNewSpec()
                .withDriver("gpu.example.com")
                .withAllNodes(true)
                .withNewPool()
                .withName("a-fabric-" + name)
                .withGeneration(1L)
                .withResourceSliceCount(1L)
                .endPool()
                .addNewDevice()
                .withName(name)
                .withBindsToNode(true)
                .withBindingConditions("example.com/attached")
                .withBindingFailureConditions("example.com/broken")
                .endDevice()
                .endSpec()
                .build());
    }

    /** What the driver does: says something of the device that a claim has. */
    private void report(String claim, String condition) {
        var result =
                get(claim).getStatus().getAllocation().getDevices().getResults().get(0);
        world.client.updateStatus(new ResourceClaimBuilder(get(claim))
                .editStatus()
                .addNewDevice()
                .withDriver(result.getDriver())
                .withPool(result.getPool())
                .withDevice(result.getDevice())
                .withConditions(new ConditionBuilder()
                        .withType(condition)
                        .withStatus("True")
                        .withReason("Because")
                        .withMessage("it is so")
                        .withLastTransitionTime("2026-01-01T00:00:00Z")
                        .build())
                .endDevice()
                .endStatus()
                .build());
    }

    @Test
    void aPodIsBoundWhenTheDriverHasItsDeviceReady() {
        world.node("n1", "4");
        world.node("n2", "4");
        fabricDevice("f");
        claim("c");
        world.create(pod("a", "c"));
        advance(60);

        assertThat(world.nodeOf("a")).isEmpty();
        assertThat(reservedFor("c")).containsExactly("a");
        var allocation = get("c").getStatus().getAllocation();
        String node = allocation
                .getNodeSelector()
                .getNodeSelectorTerms()
                .get(0)
                .getMatchFields()
                .get(0)
                .getValues()
                .get(0);
        assertThat(node).isIn("n1", "n2");
        assertThat(allocation.getAllocationTimestamp()).isNotNull();
        assertThat(allocation.getDevices().getResults().get(0).getBindingConditions())
                .containsExactly("example.com/attached");
        assertThat(world.notes("a", "BindingConditionsPending"))
                .containsExactly("waiting for binding conditions for device on node " + node);

        report("c", "example.com/attached");
        advance(6);
        assertThat(world.nodeOf("a")).isEqualTo(node);
    }

    @Test
    void aDeviceThatCannotBeMadeReadyIsGivenBackAndAnotherIsTaken() {
        world.node("n1", "4");
        fabricDevice("f");
        claim("c");
        world.create(pod("a", "c"));
        advance(10);
        fabricDevice("e");
        report("c", "example.com/broken");
        advance(6);

        assertThat(world.notes("a", "FailedScheduling"))
                .anyMatch(note -> note.contains("claim c binding failed: reason=Because, message=\"it is so\""));
        advance(30);
        assertThat(isAllocated("c")).isTrue();
        assertThat(get("c").getStatus().getDevices()).isEmpty();

        report("c", "example.com/attached");
        advance(6);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    @Test
    void afterTenMinutesTheWaitIsOver() {
        world.node("n1", "4");
        fabricDevice("f");
        claim("c");
        world.create(pod("a", "c"));
        advance(599);
        assertThat(world.notes("a", "FailedScheduling")).isEmpty();
        advance(15);

        assertThat(world.notes("a", "FailedScheduling")).anyMatch(note -> note.contains("binding timeout"));
        assertThat(world.nodeOf("a")).isEmpty();
    }

    @Test
    void devicesThatCanBeUsedAtOnceComeFirst() {
        world.node("n1", "4");
        fabricDevice("f");
        device("n1");
        claim("c");
        world.create(pod("a", "c"));
        advance(5);

        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }
}
