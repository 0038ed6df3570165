package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Volumes are made, bound, grown, taken back and let go. */
class VolumeSimulationTest {
    private static final String CONTROLLERS = "persistentvolume-binder-controller,persistentvolume-expander-controller,"
            + "persistentvolumeclaim-protection-controller,persistentvolume-protection-controller";
    private static final Duration RESYNC = Duration.ofSeconds(16);

    @Test
    @DisplayName("PV-2, PV-3: a claim of a host-path class gets a volume of its own, which goes with it")
    void makesHostPathsAndDeletesThem() {
        try (ControllerWorld world = world()) {
            hostPaths(world, "");
            claim(world, "data", "'storageClassName':'paths',");
            PersistentVolumeClaim claim = world.get(PersistentVolumeClaim.class, "data");
            String uid = claim.getMetadata().getUid();
            assertThat(claim.getStatus().getPhase()).isEqualTo("Bound");
            assertThat(claim.getSpec().getVolumeName()).isEqualTo("pvc-" + uid);
            assertThat(claim.getMetadata().getAnnotations())
                    .containsEntry("volume.kubernetes.io/storage-provisioner", "kubernetes.io/host-path")
                    .containsEntry("volume.beta.kubernetes.io/storage-provisioner", "kubernetes.io/host-path")
                    .containsEntry("pv.kubernetes.io/bound-by-controller", "yes");
            PersistentVolume volume = onlyVolume(world);
            assertThat(volume.getMetadata().getAnnotations())
                    .containsExactlyInAnyOrderEntriesOf(Map.of(
                            "kubernetes.io/createdby", "hostpath-dynamic-provisioner",
                            "pv.kubernetes.io/bound-by-controller", "yes",
                            "pv.kubernetes.io/provisioned-by", "kubernetes.io/host-path"));
            assertThat(volume.getMetadata().getFinalizers())
                    .containsExactlyInAnyOrder("kubernetes.io/pv-controller", "kubernetes.io/pv-protection");
            assertThat(volume.getSpec().getHostPath().getPath()).startsWith("/tmp/hostpath_pv/");
            assertThat(volume.getSpec().getPersistentVolumeReclaimPolicy()).isEqualTo("Delete");
            assertThat(volume.getSpec().getCapacity()).containsEntry("storage", new Quantity("1Gi"));
            assertThat(volume.getStatus().getPhase()).isEqualTo("Bound");
            assertThat(world.events())
                    .contains(
                            "ProvisioningSucceeded: Successfully provisioned volume pvc-%s using kubernetes.io/host-path"
                                    .formatted(uid));

            world.delete(PersistentVolumeClaim.class, "data", "Background");
            assertThat(world.list(PersistentVolume.class)).isEmpty();
        }
    }

    @Test
    @DisplayName("PV-3: a volume that is deleted while it is bound goes after its claim, and not before")
    void keepsADeletedVolumeUntilItsClaimGoes() {
        try (ControllerWorld world = world()) {
            hostPaths(world, "");
            claim(world, "data", "'storageClassName':'paths',");
            world.client.delete(
                    ResourceType.of(PersistentVolume.class),
                    null,
                    onlyVolume(world).getMetadata().getName(),
                    DeleteOptions.defaults());
            world.settle();
            assertThat(Pods.isTerminating(onlyVolume(world))).isTrue();
            world.delete(PersistentVolumeClaim.class, "data", "Background");
            assertThat(world.list(PersistentVolume.class)).isEmpty();
        }
    }

    @Test
    @DisplayName(
            "PV-3: one that waits for its consumer gets its volume when a node is chosen; an unknown node is chosen anew")
    void waitsForItsConsumer() {
        try (ControllerWorld world = world()) {
            world.node("n1", "z");
            hostPaths(world, ",'volumeBindingMode':'WaitForFirstConsumer'");
            claim(world, "data", "'storageClassName':'paths',");
            assertThat(world.events())
                    .contains("WaitForFirstConsumer: waiting for first consumer to be created before binding");
            select(world, "nowhere");
            assertThat(world.list(PersistentVolume.class)).isEmpty();
            assertThat(world.get(PersistentVolumeClaim.class, "data")
                            .getMetadata()
                            .getAnnotations())
                    .doesNotContainKey("volume.kubernetes.io/selected-node");
            select(world, "n1");
            assertThat(phase(world, "data")).isEqualTo("Bound");
        }
    }

    @Test
    @DisplayName("PV-3: a volume is released when the claim goes that it is reserved for, even one that never named it")
    void releasesAVolumeWhoseClaimGoesBeforeItIsBound() {
        try (ControllerWorld world = world()) {
            claim(world, "data", "'storageClassName':'','volumeMode':'Block',");
            create(
                    world,
                    PersistentVolume.class,
                    "{'metadata':{'name':'disk'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['ReadWriteOnce'],"
                            + "'hostPath':{'path':'/disk'},'persistentVolumeReclaimPolicy':'Retain','claimRef':{"
                            + "'namespace':'default','name':'data','uid':'"
                            + world.get(PersistentVolumeClaim.class, "data")
                                    .getMetadata()
                                    .getUid()
                            + "'}}}");
            world.settle();
            assertThat(onlyVolume(world).getStatus().getPhase()).isNotEqualTo("Released");
            world.delete(PersistentVolumeClaim.class, "data", "Background");
            assertThat(onlyVolume(world).getStatus().getPhase()).isEqualTo("Released");
        }
    }

    @Test
    void saysWhyNoHostPathIsMade() {
        try (ControllerWorld world = world()) {
            hostPaths(world, ",'mountOptions':['ro','soft']");
            claim(world, "options", "'storageClassName':'paths',");
            create(world, StorageClass.class, "{'metadata':{'name':'block'},'provisioner':'kubernetes.io/host-path'}");
            claim(world, "block", "'storageClassName':'block','volumeMode':'Block',");
            claim(
                    world,
                    "source",
                    "'storageClassName':'block','dataSource':{'kind':'PersistentVolumeClaim','name':'block'},");
            assertThat(world.list(PersistentVolume.class)).isEmpty();
            assertThat(world.events())
                    .contains(
                            "ProvisioningFailed: Mount options are not supported by the provisioner but StorageClass"
                                    + " \"paths\" has mount options [ro soft]",
                            "ProvisioningFailed: Failed to provision volume with StorageClass \"block\":"
                                    + " kubernetes.io/host-path does not support block volume provisioning",
                            "ProvisioningFailed: plugin \"kubernetes.io/host-path\" is not a CSI plugin. Only CSI plugin"
                                    + " can provision a claim with a datasource");
        }
        try (ControllerWorld world = new ControllerWorld(
                1, CONTROLLERS, UnaryOperator.identity(), controllers -> controllers.hostPathProvisioning(false))) {
            hostPaths(world, "");
            claim(world, "data", "'storageClassName':'paths',");
            assertThat(world.list(PersistentVolume.class)).isEmpty();
            assertThat(world.events())
                    .contains("ProvisioningFailed: Failed to create provisioner: provisioning in volume plugin"
                            + " \"kubernetes.io/host-path\" is disabled");
        }
    }

    @Test
    @DisplayName("PV-2: the driver that has taken over from a plugin is asked instead of it")
    void asksTheDriverThatHasTakenOver() {
        try (ControllerWorld world = world()) {
            create(world, StorageClass.class, "{'metadata':{'name':'ebs'},'provisioner':'kubernetes.io/aws-ebs'}");
            claim(world, "data", "'storageClassName':'ebs',");
            assertThat(world.get(PersistentVolumeClaim.class, "data")
                            .getMetadata()
                            .getAnnotations())
                    .containsEntry("volume.kubernetes.io/storage-provisioner", "ebs.csi.aws.com");
            assertThat(world.events())
                    .anyMatch(
                            each -> each.startsWith("ExternalProvisioning: Waiting for a volume to be created either by"
                                    + " the external provisioner 'ebs.csi.aws.com' or manually"));
        }
    }

    @Test
    @DisplayName("PV-3: a claim without a class gets the default one when there is one; \"\" means none for ever")
    void takesTheDefaultClassLater() {
        try (ControllerWorld world = world()) {
            claim(world, "any", "");
            claim(world, "none", "'storageClassName':'',");
            assertThat(phase(world, "any")).isEqualTo("Pending");
            hostPaths(world, "");
            world.client.patch(
                    ResourceType.of(StorageClass.class),
                    null,
                    "paths",
                    Patch.merge(json("{'metadata':{'annotations':{"
                            + "'storageclass.kubernetes.io/is-default-class':'true'}}}")),
                    null);
            world.kernel.advance(RESYNC);
            assertThat(phase(world, "any")).isEqualTo("Bound");
            assertThat(world.get(PersistentVolumeClaim.class, "any").getSpec().getStorageClassName())
                    .isEqualTo("paths");
            assertThat(phase(world, "none")).isEqualTo("Pending");
        }
    }

    @Test
    @DisplayName("PV-3: a volume to be recycled is emptied by a pod and may then be had again")
    void recycles() {
        try (ControllerWorld world = world()) {
            volume(world, "disk", "'persistentVolumeReclaimPolicy':'Recycle',");
            claim(world, "data", "'storageClassName':'',");
            world.delete(PersistentVolumeClaim.class, "data", "Background");
            assertThat(onlyVolume(world).getStatus().getPhase()).isEqualTo("Released");
            Pod recycler = world.get(Pod.class, "recycler-for-disk");
            assertThat(recycler.getSpec().getActiveDeadlineSeconds()).isEqualTo(60);
            assertThat(recycler.getSpec().getVolumes().get(0).getHostPath().getPath())
                    .isEqualTo("/tmp/disk");
            world.setPhase(recycler, "Failed", false);
            world.settle();
            world.kernel.advance(Duration.ofSeconds(1));
            assertThat(onlyVolume(world).getStatus().getPhase()).isEqualTo("Failed");
            assertThat(world.events())
                    .contains(
                            "VolumeFailedRecycle: Recycle failed: failed to recycle volume: pod failed, pod.Status.Message"
                                    + " unknown");

            world.kernel.advance(RESYNC);
            world.setPhase(world.get(Pod.class, "recycler-for-disk"), "Succeeded", false);
            world.settle();
            assertThat(world.exists(Pod.class, "recycler-for-disk")).isFalse();
            assertThat(onlyVolume(world).getStatus().getPhase()).isEqualTo("Available");
            assertThat(onlyVolume(world).getSpec().getClaimRef()).isNull();
            assertThat(world.events()).contains("VolumeRecycled: Volume recycled");
            claim(world, "other", "'storageClassName':'',");
            assertThat(phase(world, "other")).isEqualTo("Bound");
        }
    }

    @Test
    @DisplayName("PV-3: what can't be deleted says so and is tried again")
    void saysWhatCannotBeDeleted() {
        try (ControllerWorld world = world()) {
            create(
                    world,
                    PersistentVolume.class,
                    "{'metadata':{'name':'disk'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['ReadWriteOnce'],"
                            + "'hostPath':{'path':'/data'},'persistentVolumeReclaimPolicy':'Delete'}}");
            claim(world, "data", "'storageClassName':'',");
            world.delete(PersistentVolumeClaim.class, "data", "Background");
            assertThat(onlyVolume(world).getStatus().getPhase()).isEqualTo("Failed");
            assertThat(onlyVolume(world).getStatus().getMessage())
                    .isEqualTo("host_path deleter only supports /tmp/.+ but received provided /data");
            world.client.patch(
                    ResourceType.of(PersistentVolume.class),
                    null,
                    "disk",
                    Patch.merge(json("{'spec':{'persistentVolumeReclaimPolicy':'Retain'}}")),
                    null);
            world.kernel.advance(RESYNC);
            assertThat(onlyVolume(world).getStatus().getPhase()).isEqualTo("Failed");
        }
    }

    @Test
    @DisplayName("PV-3: the finalizer of a volume made here follows its reclaim policy")
    void keepsTheFinalizerInLineWithThePolicy() {
        try (ControllerWorld world = world()) {
            hostPaths(world, "");
            claim(world, "data", "'storageClassName':'paths',");
            String name = onlyVolume(world).getMetadata().getName();
            for (String policy : new String[] {"Retain", "Delete"}) {
                world.client.patch(
                        ResourceType.of(PersistentVolume.class),
                        null,
                        name,
                        Patch.merge(json("{'spec':{'persistentVolumeReclaimPolicy':'" + policy + "'}}")),
                        null);
                world.settle();
                assertThat(onlyVolume(world).getMetadata().getFinalizers().contains("kubernetes.io/pv-controller"))
                        .as(policy)
                        .isEqualTo(policy.equals("Delete"));
            }
        }
    }

    @Test
    @DisplayName("PV-1: a volume that names a claim is its, whatever the class; a smaller free one is not")
    void prefersTheVolumeThatNamesIt() {
        try (ControllerWorld world = world()) {
            volume(world, "free", "");
            volume(world, "kept", "'storageClassName':'other','claimRef':{'namespace':'default','name':'data'},");
            claim(world, "data", "'storageClassName':'',");
            assertThat(world.get(PersistentVolumeClaim.class, "data").getSpec().getVolumeName())
                    .isEqualTo("kept");
        }
    }

    @Test
    void tellsWhoMakesAVolumeGrow() {
        try (ControllerWorld world = world()) {
            hostPaths(world, ",'allowVolumeExpansion':true");
            claim(world, "data", "'storageClassName':'paths',");
            grow(world, "data");
            assertThat(world.events())
                    .contains("ExternalExpanding: waiting for an external controller to expand this PVC");
            assertThat(world.get(PersistentVolumeClaim.class, "data")
                            .getStatus()
                            .getConditions())
                    .isEmpty();
        }
    }

    @Test
    void readiesAVolumeThatGrowsOnItsNode() {
        try (ControllerWorld world = world()) {
            create(
                    world,
                    StorageClass.class,
                    "{'metadata':{'name':'flex'},'provisioner':'example.com/flex','allowVolumeExpansion':true}");
            create(
                    world,
                    PersistentVolume.class,
                    "{'metadata':{'name':'disk'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['ReadWriteOnce'],"
                            + "'storageClassName':'flex','flexVolume':{'driver':'example.com/flex'}}}");
            claim(world, "data", "'storageClassName':'flex',");
            grow(world, "data");
            PersistentVolumeClaim claim = world.get(PersistentVolumeClaim.class, "data");
            assertThat(claim.getStatus().getConditions())
                    .singleElement()
                    .extracting(PersistentVolumeClaimCondition::getType, PersistentVolumeClaimCondition::getMessage)
                    .containsExactly(
                            "FileSystemResizePending",
                            "Waiting for user to (re-)start a pod to finish file system resize of volume on node.");
            assertThat(claim.getStatus().getAllocatedResources()).containsEntry("storage", new Quantity("2Gi"));
            assertThat(claim.getStatus().getAllocatedResourceStatuses()).containsEntry("storage", "NodeResizePending");
            assertThat(claim.getStatus().getCapacity()).containsEntry("storage", new Quantity("1Gi"));
            assertThat(onlyVolume(world).getSpec().getCapacity()).containsEntry("storage", new Quantity("2Gi"));
            assertThat(onlyVolume(world).getMetadata().getAnnotations())
                    .containsEntry("volume.alpha.kubernetes.io/pre-resize-capacity", "1Gi");

            world.changeStatus(claim, done -> {
                done.getStatus().setCapacity(Map.of("storage", new Quantity("2Gi")));
                done.getStatus().setAllocatedResourceStatuses(Map.of());
                done.getStatus().setConditions(List.of());
            });
            world.settle();
            assertThat(onlyVolume(world).getMetadata().getAnnotations())
                    .doesNotContainKey("volume.alpha.kubernetes.io/pre-resize-capacity");
        }
    }

    private static ControllerWorld world() {
        return new ControllerWorld(1, CONTROLLERS);
    }

    private static void hostPaths(ControllerWorld world, String more) {
        create(
                world,
                StorageClass.class,
                "{'metadata':{'name':'paths'},'provisioner':'kubernetes.io/host-path'" + more + "}");
    }

    private static void volume(ControllerWorld world, String name, String more) {
        create(
                world,
                PersistentVolume.class,
                "{'metadata':{'name':'" + name + "'},'spec':{" + more + "'capacity':{'storage':'1Gi'},"
                        + "'accessModes':['ReadWriteOnce'],'hostPath':{'path':'/tmp/" + name + "'}}}");
    }

    private static void claim(ControllerWorld world, String name, String more) {
        create(
                world,
                PersistentVolumeClaim.class,
                "{'metadata':{'name':'" + name + "','namespace':'default'},'spec':{" + more
                        + "'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}}}}");
    }

    private static void select(ControllerWorld world, String node) {
        world.merge(
                PersistentVolumeClaim.class,
                "data",
                "{\"metadata\":{\"annotations\":{\"volume.kubernetes.io/selected-node\":\"" + node + "\"}}}");
        world.settle();
    }

    private static void grow(ControllerWorld world, String name) {
        world.merge(
                PersistentVolumeClaim.class, name, "{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"2Gi\"}}}}");
        world.settle();
    }

    private static PersistentVolume onlyVolume(ControllerWorld world) {
        assertThat(world.list(PersistentVolume.class)).hasSize(1);
        return world.list(PersistentVolume.class).get(0);
    }

    private static @Nullable String phase(ControllerWorld world, String claim) {
        return world.get(PersistentVolumeClaim.class, claim).getStatus().getPhase();
    }

    private static <T extends HasMetadata> void create(ControllerWorld world, Class<T> type, String text) {
        world.client.create(Json.fromTree(json(text), type));
        world.settle();
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
