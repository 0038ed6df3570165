package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.AttachedVolume;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachmentStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Volumes of a CSI driver come to the nodes of the pods that use them, and leave when the node has let go. */
class AttachmentSimulationTest {
    private static final String UNIQUE = "kubernetes.io/csi/csi.example.com^h-disk";
    private static final Duration PATIENCE = Duration.ofMinutes(6).plusSeconds(5);

    @Test
    @DisplayName("a volume is attached to the node of its pod, which is told when the driver has done it")
    void attachesWhereAPodIs() {
        try (ControllerWorld world = world("ReadWriteOnce")) {
            pod(world, "p", "n1");
            VolumeAttachment attachment = only(world);
            assertThat(attachment.getMetadata().getName())
                    // sha256 of handle, driver and node, as the reference's attachments are called
                    .isEqualTo("csi-b4cc66fb10024e3c7e2651291d44969ffcb3564cfff6fe263d3dbd893f320934");
            assertThat(attachment.getSpec().getAttacher()).isEqualTo("csi.example.com");
            assertThat(attachment.getSpec().getNodeName()).isEqualTo("n1");
            assertThat(attachment.getSpec().getSource().getPersistentVolumeName())
                    .isEqualTo("disk");
            assertThat(attached(world, "n1")).isEmpty();

            answer(world);
            assertThat(attached(world, "n1")).containsExactly(UNIQUE);
            assertThat(world.events())
                    .contains("SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume \"disk\" ");
        }
    }

    @Test
    void tellsWhatTheDriverSaysWentWrong() {
        try (ControllerWorld world = world("ReadWriteOnce")) {
            pod(world, "p", "n1");
            world.changeStatus(
                    only(world),
                    each -> each.setStatus(Json.fromTree(
                            json("{'attached':false,'attachError':{'message':'no more slots'}}"),
                            VolumeAttachmentStatus.class)));
            world.settle();
            assertThat(world.events())
                    .contains("FailedAttachVolume: AttachVolume.Attach failed for volume \"disk\" : no more slots");
        }
    }

    @Test
    @DisplayName(
            "a volume leaves when its pods have gone or ended and the node has unmounted it; the node is told first")
    void detachesWhenTheNodeHasLetGo() {
        try (ControllerWorld world = world("ReadWriteOnce")) {
            pod(world, "p", "n1");
            answer(world);
            inUse(world, "n1", true);
            world.setPhase(world.get(Pod.class, "p"), "Succeeded", false);
            world.kernel.advance(PATIENCE);
            assertThat(world.list(VolumeAttachment.class))
                    .as("a node that is ready is waited for")
                    .hasSize(1);
            assertThat(attached(world, "n1")).containsExactly(UNIQUE);
            inUse(world, "n1", false);
            assertThat(world.list(VolumeAttachment.class)).isEmpty();
            assertThat(attached(world, "n1")).isEmpty();
        }
    }

    @Test
    @DisplayName(
            "a node that is not ready keeps a mounted volume for six minutes, one that is out of service not at all")
    void forcesNodesThatAreNotThere() {
        try (ControllerWorld world = world("ReadWriteOnce")) {
            pod(world, "p", "n1");
            answer(world);
            inUse(world, "n1", true);
            ready(world, "n1", false);
            world.finish(world.get(Pod.class, "p"));
            world.kernel.advance(Duration.ofMinutes(5));
            assertThat(world.list(VolumeAttachment.class)).hasSize(1);
            world.kernel.advance(Duration.ofSeconds(65));
            assertThat(world.list(VolumeAttachment.class)).isEmpty();

            pod(world, "q", "n1");
            answer(world);
            world.finish(world.get(Pod.class, "q"));
            world.settle();
            assertThat(world.list(VolumeAttachment.class)).hasSize(1);
            world.client.patch(
                    ResourceType.of(Node.class),
                    null,
                    "n1",
                    Patch.merge(json("{'spec':{'taints':[{'key':'node.kubernetes.io/out-of-service',"
                            + "'value':'nodeshutdown','effect':'NoExecute'}]}}")),
                    null);
            world.settle();
            assertThat(world.list(VolumeAttachment.class)).isEmpty();
        }
    }

    @Test
    @DisplayName("a volume for one node goes to the next only when it has left the first; the pods are told who has it")
    void attachesToOneNodeAtATime() {
        try (ControllerWorld world = world("ReadWriteOnce")) {
            pod(world, "p", "n1");
            answer(world);
            pod(world, "q", "n2");
            assertThat(world.list(VolumeAttachment.class)).hasSize(1);
            assertThat(world.events())
                    .contains(
                            "FailedAttachVolume: Multi-Attach error for volume \"disk\" Volume is already used by pod(s) p");
            world.finish(world.get(Pod.class, "p"));
            world.settle();
            assertThat(only(world).getSpec().getNodeName()).isEqualTo("n2");
        }
    }

    @Test
    @DisplayName("whoever comes in the place of a pod that waited for a volume is told too who has it")
    void tellsThoseWhoComeLater() {
        try (ControllerWorld world = world("ReadWriteOnce")) {
            pod(world, "p", "n1");
            answer(world);
            pod(world, "q", "n2");
            world.finish(world.get(Pod.class, "q"));
            world.settle();
            pod(world, "r", "n2");
            world.settle();
            assertThat(world.list(Event.class))
                    .filteredOn(event -> event.getReason().equals("FailedAttachVolume"))
                    .extracting(event -> event.getInvolvedObject().getName())
                    .containsExactlyInAnyOrder("q", "r");
        }
    }

    @Test
    void attachesToSeveralNodesWhatMayBeShared() {
        try (ControllerWorld world = world("ReadWriteMany")) {
            pod(world, "p", "n1");
            pod(world, "q", "n2");
            answer(world);
            assertThat(world.list(VolumeAttachment.class)).hasSize(2);
            assertThat(attached(world, "n1")).containsExactly(UNIQUE);
            assertThat(attached(world, "n2")).containsExactly(UNIQUE);
        }
    }

    @Test
    void leavesAloneWhatItIsNotAskedFor() {
        try (ControllerWorld world = world("ReadWriteOnce")) {
            create(
                    world,
                    VolumeAttachment.class,
                    "{'metadata':{'name':'somebodys'},'spec':{'attacher':'csi.example.com','nodeName':'n1',"
                            + "'source':{'persistentVolumeName':'disk'}}}");
            create(world, CSIDriver.class, "{'metadata':{'name':'csi.example.com'},'spec':{'attachRequired':false}}");
            pod(world, "p", "n1");
            pod(world, "unmanaged", "n3");
            assertThat(only(world).getMetadata().getName()).isEqualTo("somebodys");
        }
    }

    private static ControllerWorld world(String mode) {
        ControllerWorld world = new ControllerWorld(
                1, "persistentvolume-attach-detach-controller," + "persistentvolume-binder-controller");
        for (String name : List.of("n1", "n2", "n3")) {
            world.node(name, "z");
            if (!name.equals("n3")) {
                world.client.patch(
                        ResourceType.of(Node.class),
                        null,
                        name,
                        Patch.merge(json("{'metadata':{'annotations':{"
                                + "'volumes.kubernetes.io/controller-managed-attach-detach':'true'}}}")),
                        null);
            }
        }
        create(
                world,
                PersistentVolume.class,
                "{'metadata':{'name':'disk'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['" + mode + "'],"
                        + "'csi':{'driver':'csi.example.com','volumeHandle':'h-disk'}}}");
        create(
                world,
                PersistentVolumeClaim.class,
                "{'metadata':{'name':'data','namespace':'default'},'spec':{'accessModes':['" + mode + "'],"
                        + "'storageClassName':'','resources':{'requests':{'storage':'1Gi'}}}}");
        return world;
    }

    private static void pod(ControllerWorld world, String name, String node) {
        create(
                world,
                Pod.class,
                "{'metadata':{'name':'" + name + "','namespace':'default'},'spec':{'nodeName':'" + node + "',"
                        + "'containers':[{'name':'c','image':'img:1'}],"
                        + "'volumes':[{'name':'v','persistentVolumeClaim':{'claimName':'data'}}]}}");
    }

    /** What the driver's attacher does. */
    private static void answer(ControllerWorld world) {
        for (VolumeAttachment each : world.list(VolumeAttachment.class)) {
            world.changeStatus(
                    each,
                    attachment -> attachment.setStatus(
                            Json.fromTree(json("{'attached':true}"), VolumeAttachmentStatus.class)));
        }
        world.settle();
    }

    private static void inUse(ControllerWorld world, String node, boolean yes) {
        world.changeStatus(
                node(world, node), changed -> changed.getStatus().setVolumesInUse(yes ? List.of(UNIQUE) : List.of()));
        world.settle();
    }

    private static void ready(ControllerWorld world, String node, boolean yes) {
        world.changeStatus(
                node(world, node),
                changed -> changed.getStatus().getConditions().get(0).setStatus(yes ? "True" : "Unknown"));
        world.settle();
    }

    private static Node node(ControllerWorld world, String name) {
        return world.client.get(ResourceType.of(Node.class), null, name);
    }

    private static List<String> attached(ControllerWorld world, String node) {
        return node(world, node).getStatus().getVolumesAttached().stream()
                .map(AttachedVolume::getName)
                .toList();
    }

    private static VolumeAttachment only(ControllerWorld world) {
        assertThat(world.list(VolumeAttachment.class)).hasSize(1);
        return world.list(VolumeAttachment.class).get(0);
    }

    private static <T extends HasMetadata> void create(ControllerWorld world, Class<T> type, String text) {
        world.client.create(Json.fromTree(json(text), type));
        world.settle();
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
}
