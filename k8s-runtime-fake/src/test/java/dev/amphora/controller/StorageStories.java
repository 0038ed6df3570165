package dev.amphora.controller;

import static dev.amphora.controller.ControllerStory.SOON;
import static dev.amphora.controller.ControllerStory.create;
import static dev.amphora.controller.ControllerStory.delete;
import static dev.amphora.controller.ControllerStory.json;
import static dev.amphora.controller.ControllerStory.merge;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Patch;
import dev.amphora.kernel.Actor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimStatus;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachmentStatus;
import java.time.Duration;
import java.util.List;

/** {@linkplain ControllerStory Stories} of volumes and devices. */
final class StorageStories {
    private static final Duration LOOK = Duration.ofMillis(700);
    private static final String BINDER = "persistentvolume-binder-controller,"
            + "persistentvolumeclaim-protection-controller,persistentvolume-protection-controller";

    static final List<ControllerStory> ALL = List.of(
            new ControllerStory(
                    "made for a claim",
                    BINDER,
                    world -> {
                        storageClass(world, "paths", "kubernetes.io/host-path");
                        claim(world, "one", "'storageClassName':'paths',");
                        claim(world, "two", "'storageClassName':'paths',");
                    },
                    SOON,
                    world -> delete(world, PersistentVolumeClaim.class, "default", "one", "Background"),
                    List.of(PersistentVolume.class, PersistentVolumeClaim.class)),
            new ControllerStory(
                    "emptied for the next",
                    BINDER,
                    world -> {
                        volume(
                                world,
                                "'hostPath':{'path':'/tmp/disk'},'persistentVolumeReclaimPolicy':'Recycle',"
                                        + "'storageClassName':''");
                        claim(world, "data", "'storageClassName':'',");
                        always(world, StorageStories::empty);
                    },
                    SOON,
                    world -> delete(world, PersistentVolumeClaim.class, "default", "data", "Background"),
                    List.of(PersistentVolume.class, PersistentVolumeClaim.class, Pod.class)),
            new ControllerStory(
                    "grows on its node",
                    BINDER + ",persistentvolume-expander-controller",
                    world -> {
                        storageClass(world, "flex", "example.com/flex");
                        volume(world, "'flexVolume':{'driver':'example.com/flex'},'storageClassName':'flex'");
                        claim(world, "data", "'storageClassName':'flex','volumeName':'disk',");
                    },
                    SOON,
                    world -> merge(
                            world,
                            PersistentVolumeClaim.class,
                            "data",
                            "{'spec':{'resources':{'requests':{'storage':'2Gi'}}}}"),
                    List.of(PersistentVolume.class, PersistentVolumeClaim.class)),
            new ControllerStory(
                    "from node to node",
                    BINDER + ",persistentvolume-attach-detach-controller",
                    world -> {
                        for (String name : List.of("n1", "n2")) {
                            world.client.patch(
                                    ResourceType.of(Node.class),
                                    null,
                                    name,
                                    Patch.merge(json("{'metadata':{'annotations':{"
                                            + "'volumes.kubernetes.io/controller-managed-attach-detach':'true'}}}")),
                                    null);
                        }
                        volume(world, "'csi':{'driver':'csi.example.com','volumeHandle':'h'},'storageClassName':''");
                        claim(world, "data", "'storageClassName':'',");
                        create(world, Pod.class, user("p", "n1"));
                        always(world, StorageStories::attach);
                    },
                    SOON,
                    world -> {
                        create(world, Pod.class, user("q", "n2"));
                        world.kernel.advance(SOON);
                        delete(world, Pod.class, "default", "p", "Background");
                    },
                    List.of(VolumeAttachment.class, Node.class)),
            new ControllerStory(
                    "a broken device",
                    "resourceclaim-controller,device-taint-eviction-controller",
                    world -> {
                        create(
                                world,
                                ResourceSlice.class,
                                "{'metadata':{'name':'slice'},'spec':{'driver':'gpu.example.com','nodeName':'n1',"
                                        + "'pool':{'name':'n1','generation':1,'resourceSliceCount':1},"
                                        + "'devices':[{'name':'gpu-0'}]}}");
                        create(
                                world,
                                ResourceClaim.class,
                                "{'metadata':{'name':'gpu'},'spec':{'devices':{'requests':[{'name':'r',"
                                        + "'exactly':{'deviceClassName':'dc'}}]}}}");
                        allocate(world);
                        create(
                                world,
                                Pod.class,
                                "{'metadata':{'name':'p'},'spec':{'nodeName':'n1','containers':[{'name':'c',"
                                        + "'image':'img:1'}],'resourceClaims':[{'name':'gpu',"
                                        + "'resourceClaimName':'gpu'}]}}");
                    },
                    SOON,
                    world -> world.client.patch(
                            ResourceType.of(ResourceSlice.class),
                            null,
                            "slice",
                            Patch.merge(json("{'spec':{'devices':[{'name':'gpu-0','taints':[{'key':'broken',"
                                    + "'effect':'NoExecute'}]}]}}")),
                            null),
                    List.of(ResourceClaim.class, Pod.class)));

    private StorageStories() {}

    private static void storageClass(ControllerWorld world, String name, String provisioner) {
        create(
                world,
                StorageClass.class,
                "{'metadata':{'name':'" + name + "'},'provisioner':'" + provisioner + "','allowVolumeExpansion':true}");
    }

    private static void volume(ControllerWorld world, String spec) {
        create(
                world,
                PersistentVolume.class,
                "{'metadata':{'name':'disk'},'spec':{'capacity':{'storage':'1Gi'},'accessModes':['ReadWriteOnce'],"
                        + spec + "}}");
    }

    private static void claim(ControllerWorld world, String name, String spec) {
        create(
                world,
                PersistentVolumeClaim.class,
                "{'metadata':{'name':'" + name + "'},'spec':{" + spec
                        + "'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'}}}}");
    }

    private static String user(String name, String node) {
        return "{'metadata':{'name':'" + name + "'},'spec':{'nodeName':'" + node + "','containers':[{'name':'c',"
                + "'image':'img:1'}],'volumes':[{'name':'v','persistentVolumeClaim':{'claimName':'data'}}]}}";
    }

    private static void allocate(ControllerWorld world) {
        world.changeStatus(
                world.get(ResourceClaim.class, "gpu"),
                claim -> claim.setStatus(Json.fromTree(
                        json("{'allocation':{'devices':{'results':[{'request':'r','driver':'gpu.example.com',"
                                + "'pool':'n1','device':'gpu-0'}]}}}"),
                        ResourceClaimStatus.class)));
    }

    /** Plays somebody who looks again and again. */
    private static void always(ControllerWorld world, Look look) {
        look(world, world.kernel.actor("somebody"), look);
    }

    /** What somebody does when he looks. */
    private interface Look {
        void at(ControllerWorld world);
    }

    private static void look(ControllerWorld world, Actor actor, Look look) {
        actor.schedule(LOOK, () -> {
            try {
                look.at(world);
            } catch (StatusException e) {
                // it changes meanwhile: the next look sees it
            }
            look(world, actor, look);
        });
    }

    /** The recycler's container ends well. */
    private static void empty(ControllerWorld world) {
        for (Pod pod : world.list(Pod.class)) {
            if (name(pod).startsWith("recycler-for-") && Pods.phase(pod).equals("Running")) {
                world.setPhase(pod, "Succeeded", false);
            }
        }
    }

    /** The driver attaches. */
    private static void attach(ControllerWorld world) {
        for (VolumeAttachment each : world.list(VolumeAttachment.class)) {
            if (each.getStatus() == null
                    || !Boolean.TRUE.equals(each.getStatus().getAttached())) {
                world.changeStatus(
                        each,
                        attachment -> attachment.setStatus(
                                Json.fromTree(json("{'attached':true}"), VolumeAttachmentStatus.class)));
            }
        }
    }

    private static String name(HasMetadata object) {
        return object.getMetadata().getName();
    }
}
