package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimStatus;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplate;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Claims to devices come and go with pods, and pods go with devices that are tainted. */
class DeviceSimulationTest {

    @Test
    @DisplayName(
            "a claim that several pods use is taken back from each that ends, and its devices are freed by the last")
    void freesDevicesThatNobodyUses() {
        try (ControllerWorld world = world()) {
            create(world, ResourceClaim.class, claim("shared"));
            for (String name : List.of("one", "two")) {
                create(world, Pod.class, pod(name, "'resourceClaimName':'shared'"));
            }
            allocate(world, "shared", "one", "two");
            assertThat(consumers(world, "shared")).containsExactly("one", "two");
            world.setPhase(world.get(Pod.class, "one"), "Succeeded", false);
            world.settle();
            assertThat(consumers(world, "shared")).containsExactly("two");
            assertThat(claimOf(world, "shared").getStatus().getAllocation()).isNotNull();
            world.finish(world.get(Pod.class, "two"));
            world.settle();
            assertThat(consumers(world, "shared")).isEmpty();
            ResourceClaim freed = claimOf(world, "shared");
            assertThat(freed.getStatus() == null ? null : freed.getStatus().getAllocation())
                    .isNull();
            assertThat(freed.getMetadata().getFinalizers()).isEmpty();
        }
    }

    @Test
    @DisplayName("a claim made for a pod goes when the pod has ended, though the pod is still there")
    void deletesTheClaimsOfEndedPods() {
        try (ControllerWorld world = world()) {
            template(world);
            create(world, Pod.class, pod("p", "'resourceClaimTemplateName':'t'"));
            allocate(world, generated(world), "p");
            world.setPhase(world.get(Pod.class, "p"), "Failed", false);
            world.settle();
            assertThat(world.list(ResourceClaim.class)).isEmpty();
            assertThat(world.exists(Pod.class, "p")).isTrue();
        }
    }

    @Test
    @DisplayName("a claim that was deleted by mistake is made again, and the pod is told its name")
    void makesAClaimAgain() {
        try (ControllerWorld world = world()) {
            template(world);
            create(world, Pod.class, pod("p", "'resourceClaimTemplateName':'t'"));
            String first = generated(world);
            world.client.delete(ResourceType.of(ResourceClaim.class), "default", first, DeleteOptions.defaults());
            world.settle();
            assertThat(generated(world)).isNotEqualTo(first);
            assertThat(world.get(Pod.class, "p").getStatus().getResourceClaimStatuses())
                    .singleElement()
                    .satisfies(each -> assertThat(each.getResourceClaimName()).isEqualTo(generated(world)));
        }
    }

    @Test
    @DisplayName("a claim that has devices is reserved for a pod that came to its node without a scheduler")
    void reservesForPodsWithoutAScheduler() {
        try (ControllerWorld world = world()) {
            create(world, ResourceClaim.class, claim("mine"));
            allocate(world, "mine");
            create(
                    world,
                    Pod.class,
                    pod("p", "'resourceClaimName':'mine'").replace("'spec':{", "'spec':{'nodeName':'n1',"));
            assertThat(consumers(world, "mine")).containsExactly("p");
        }
    }

    @Test
    @DisplayName(
            "a pod leaves a tainted device when its claim doesn't bear the taint any longer; without the taint it stays")
    void evictsFromTaintedDevices() {
        try (ControllerWorld world = world()) {
            create(world, ResourceSlice.class, slice(""));
            for (String name : List.of("hasty", "patient")) {
                create(world, ResourceClaim.class, claim(name));
                create(world, Pod.class, pod(name, "'resourceClaimName':'" + name + "'"));
            }
            allocateWith(world, "hasty", "", "hasty");
            allocateWith(
                    world,
                    "patient",
                    ",'tolerations':[{'key':'broken','operator':'Exists','effect':'NoExecute','tolerationSeconds':30}]",
                    "patient");
            for (String name : List.of("hasty", "patient")) {
                world.run(world.get(Pod.class, name));
            }
            taint(world, "NoSchedule");
            assertThat(Pods.isTerminating(world.get(Pod.class, "hasty"))).isFalse();
            taint(world, "NoExecute");
            Pod evicted = world.get(Pod.class, "hasty");
            assertThat(Pods.isTerminating(evicted)).isTrue();
            assertThat(Pods.condition(evicted, "DisruptionTarget"))
                    .hasValueSatisfying(each -> assertThat(each.getReason()).isEqualTo("DeletionByDeviceTaintManager"));
            assertThat(world.events()).contains("DeviceTaintManagerEviction: Marking for deletion");

            world.kernel.advance(Duration.ofSeconds(20));
            taint(world, null);
            assertThat(world.events()).contains("DeviceTaintManagerEviction: Cancelling deletion");
            world.kernel.advance(Duration.ofSeconds(20));
            assertThat(Pods.isTerminating(world.get(Pod.class, "patient"))).isFalse();
            taint(world, "NoExecute");
            world.kernel.advance(Duration.ofSeconds(31));
            assertThat(Pods.isTerminating(world.get(Pod.class, "patient"))).isTrue();
        }
    }

    private static ControllerWorld world() {
        ControllerWorld world = new ControllerWorld(
                1, "resourceclaim-controller,device-taint-eviction-controller,garbage-collector-controller");
        world.node("n1", "z");
        return world;
    }

    private static void template(ControllerWorld world) {
        create(
                world,
                ResourceClaimTemplate.class,
                "{'metadata':{'name':'t','namespace':'default'},'spec':{'spec':" + SPEC + "}}");
    }

    private static final String SPEC = "{'devices':{'requests':[{'name':'r','exactly':{'deviceClassName':'dc'}}]}}";

    private static String claim(String name) {
        return "{'metadata':{'name':'" + name + "','namespace':'default'},'spec':" + SPEC + "}";
    }

    private static String pod(String name, String claim) {
        return "{'metadata':{'name':'" + name + "','namespace':'default'},'spec':{'containers':[{'name':'c',"
                + "'image':'img:1'}],'resourceClaims':[{'name':'gpu'," + claim + "}]}}";
    }

    private static String slice(String taints) {
        return "{'metadata':{'name':'slice'},'spec':{'driver':'gpu.example.com','nodeName':'n1',"
                + "'pool':{'name':'n1','generation':1,'resourceSliceCount':1},"
                + "'devices':[{'name':'gpu-0'" + taints + "}]}}";
    }

    private static void taint(ControllerWorld world, @Nullable String effect) {
        String taints = effect == null ? "[]" : "[{'key':'broken','value':'yes','effect':'" + effect + "'}]";
        world.client.patch(
                ResourceType.of(ResourceSlice.class),
                null,
                "slice",
                Patch.merge(json("{'spec':{'devices':[{'name':'gpu-0','taints':" + taints + "}]}}")),
                null);
        world.settle();
    }

    private static void allocate(ControllerWorld world, String claim, String... pods) {
        allocateWith(world, claim, "", pods);
    }

    /** What the scheduler does. */
    private static void allocateWith(ControllerWorld world, String claim, String tolerations, String... pods) {
        ResourceClaim marked = Json.copy(claimOf(world, claim));
        marked.getMetadata().setFinalizers(List.of("resource.kubernetes.io/delete-protection"));
        ResourceClaim current = world.client.update(marked);
        StringBuilder reserved = new StringBuilder();
        for (String pod : pods) {
            reserved.append(reserved.isEmpty() ? "" : ",")
                    .append("{'resource':'pods','name':'" + pod + "','uid':'"
                            + world.get(Pod.class, pod).getMetadata().getUid() + "'}");
        }
        current.setStatus(Json.fromTree(
                json("{'allocation':{'devices':{'results':[{'request':'r','driver':'gpu.example.com','pool':'n1',"
                        + "'device':'gpu-0'" + tolerations + "}]}},'reservedFor':[" + reserved + "]}"),
                ResourceClaimStatus.class));
        world.client.updateStatus(current);
        world.settle();
    }

    private static ResourceClaim claimOf(ControllerWorld world, String name) {
        return world.get(ResourceClaim.class, name);
    }

    private static String generated(ControllerWorld world) {
        List<ResourceClaim> all = world.client
                .list(ResourceType.of(ResourceClaim.class), "default", ListOptions.all())
                .items();
        assertThat(all).hasSize(1);
        return all.get(0).getMetadata().getName();
    }

    private static List<String> consumers(ControllerWorld world, String claim) {
        ResourceClaim found = claimOf(world, claim);
        return found.getStatus() == null
                ? List.of()
                : found.getStatus().getReservedFor().stream()
                        .map(ResourceClaimConsumerReference::getName)
                        .toList();
    }

    private static <T extends HasMetadata> void create(ControllerWorld world, Class<T> type, String text) {
        world.client.create(Json.fromTree(json(text), type));
        world.settle();
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
