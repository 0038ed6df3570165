package dev.amphora.scheduler;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.CapacityRequirements;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCapacityBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.CSINodeBuilder;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacityBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachmentBuilder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** Volumes, claims, devices and what belongs to them, which come, change and go by chance. */
final class RandomObjects {
    private static final String DRIVER = "csi.example.com";
    private static final String PLUGIN = "kubernetes.io/gce-pd";
    private static final String PLUGIN_DRIVER = "pd.csi.storage.gke.io";
    private static final String DEVICE_DRIVER = "gpu.example.com";
    private static final List<String> CLASSES = List.of("slow", "fast");
    private static final List<String> DEVICE_CLASSES = List.of("gpu", "big-gpu");
    private static final List<String> RESOURCES =
            List.of("example.com/rare", "example.com/gpu", "example.com/gpu", "deviceclass.resource.kubernetes.io/gpu");

    private final SandboxWorld world;
    private final RandomGenerator chance;
    private final Map<String, HasMetadata> known = new TreeMap<>();
    private int revision;
    private int made;

    RandomObjects(SandboxWorld world, RandomGenerator chance) {
        this.world = world;
        this.chance = chance;
        CLASSES.forEach(this::storageClass);
        DEVICE_CLASSES.forEach(this::deviceClass);
        for (int i = 0; i < 4; i++) {
            volume();
        }
    }

    private boolean oneIn(int n) {
        return chance.nextInt(n) == 0;
    }

    private <T> T any(List<T> list) {
        return list.get(chance.nextInt(list.size()));
    }

    /** What the API server does with an object. */
    <T extends HasMetadata> T put(T object) {
        object.getMetadata().setResourceVersion(String.valueOf(++revision));
        if (object.getMetadata().getName() == null) {
            object.getMetadata().setName(object.getMetadata().getGenerateName() + made++);
        }
        if (object.getMetadata().getUid() == null) {
            object.getMetadata().setUid("uid-" + made++);
        }
        known.put(key(object), object);
        world.put(object);
        return object;
    }

    private static String key(HasMetadata object) {
        return object.getKind() + "/" + object.getMetadata().getNamespace() + "/"
                + object.getMetadata().getName();
    }

    private List<HasMetadata> all(String kind) {
        return known.values().stream()
                .filter(object -> object.getKind().equals(kind))
                .toList();
    }

    private void remove(String kind) {
        List<HasMetadata> objects = all(kind);
        if (!objects.isEmpty()) {
            HasMetadata gone = any(objects);
            known.remove(key(gone));
            world.remove(gone);
        }
    }

    // -- what happens ------------------------------------------------------------------------------------------------

    void change(List<String> nodes) {
        String node = any(nodes);
        switch (chance.nextInt(16)) {
            case 0, 1 -> volume();
            case 2 -> remove("PersistentVolume");
            case 3 -> remove("PersistentVolumeClaim");
            case 4 -> storageClass(any(CLASSES));
            case 5 -> csiNode(node);
            case 6 -> attachment(node);
            case 7 -> remove("VolumeAttachment");
            case 8 -> capacity();
            case 9 -> remove("CSIStorageCapacity");
            case 10, 11 -> slice(node);
            case 12 -> remove("ResourceSlice");
            case 13 -> remove("ResourceClaim");
            case 14 -> deviceClass(any(DEVICE_CLASSES));
            default -> {
                if (oneIn(2)) {
                    remove(any(List.of("StorageClass", "DeviceClass", "CSINode", "CSIDriver")));
                }
            }
        }
    }

    /** Lets devices come, go or be given back, or mean something else. */
    void changeDevices(List<String> nodes) {
        switch (chance.nextInt(8)) {
            case 0, 1, 2 -> slice(any(nodes));
            case 3 -> remove("ResourceSlice");
            case 4, 5, 6 -> remove("ResourceClaim");
            default -> deviceClass(any(DEVICE_CLASSES));
        }
    }

    /** What goes with a new node. */
    void node(String name) {
        if (oneIn(2)) {
            csiNode(name);
        }
        if (oneIn(2)) {
            slice(name);
        }
    }

    private void storageClass(String name) {
        put(new StorageClassBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withProvisioner(any(List.of("kubernetes.io/no-provisioner", DRIVER, DRIVER, DRIVER, PLUGIN)))
                .withVolumeBindingMode(oneIn(5) ? "Immediate" : "WaitForFirstConsumer")
                .build());
        put(new CSIDriverBuilder()
                .withNewMetadata()
                .withName(DRIVER)
                .endMetadata()
                .withNewSpec()
                .withStorageCapacity(oneIn(3))
                .endSpec()
                .build());
    }

    private void volume() {
        PersistentVolumeBuilder volume = new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName("pv" + made++)
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(any(CLASSES))
                .addToCapacity("storage", new Quantity((1 + chance.nextInt(4)) + "Gi"))
                .withAccessModes(oneIn(3) ? "ReadWriteOncePod" : "ReadWriteOnce")
                .withNewCsi()
                .withDriver(DRIVER)
                .withVolumeHandle("h" + chance.nextInt(12))
                .endCsi()
                .endSpec()
                .withNewStatus()
                .withPhase("Available")
                .endStatus();
        if (oneIn(3)) {
            volume.editSpec()
                    .withCsi(null)
                    .withNewGcePersistentDisk()
                    .withPdName("disk" + chance.nextInt(3))
                    .endGcePersistentDisk()
                    .endSpec();
        }
        if (oneIn(2)) {
            String zone = "z" + chance.nextInt(3);
            volume.editMetadata()
                    .addToLabels("topology.kubernetes.io/zone", zone)
                    .endMetadata()
                    .editSpec()
                    .withNewNodeAffinity()
                    .withNewRequired()
                    .addNewNodeSelectorTerm()
                    .addNewMatchExpression()
                    .withKey("topology.kubernetes.io/zone")
                    .withOperator("In")
                    .withValues(zone)
                    .endMatchExpression()
                    .endNodeSelectorTerm()
                    .endRequired()
                    .endNodeAffinity()
                    .endSpec();
        }
        put(volume.build());
    }

    private void csiNode(String node) {
        put(new CSINodeBuilder()
                .withNewMetadata()
                .withName(node)
                .addToAnnotations("storage.alpha.kubernetes.io/migrated-plugins", oneIn(2) ? PLUGIN : "")
                .endMetadata()
                .withNewSpec()
                .addNewDriver()
                .withName(PLUGIN_DRIVER)
                .withNodeID(node)
                .withNewAllocatable(1 + chance.nextInt(3))
                .endDriver()
                .addNewDriver()
                .withName(DRIVER)
                .withNodeID(node)
                .withNewAllocatable(1 + chance.nextInt(3))
                .endDriver()
                .endSpec()
                .build());
    }

    private void attachment(String node) {
        List<HasMetadata> volumes = all("PersistentVolume");
        if (!volumes.isEmpty()) {
            put(new VolumeAttachmentBuilder()
                    .withNewMetadata()
                    .withName("va" + made++)
                    .endMetadata()
                    .withNewSpec()
                    .withNodeName(node)
                    .withNewSource()
                    .withPersistentVolumeName(any(volumes).getMetadata().getName())
                    .endSource()
                    .endSpec()
                    .build());
        }
    }

    private void capacity() {
        put(new CSIStorageCapacityBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("capacity" + chance.nextInt(4))
                .endMetadata()
                .withStorageClassName(any(CLASSES))
                .withCapacity(new Quantity(chance.nextInt(5) + "Gi"))
                .withNewNodeTopology()
                .addToMatchLabels("topology.kubernetes.io/zone", "z" + chance.nextInt(3))
                .endNodeTopology()
                .build());
    }

    private void slice(String node) {
        ResourceSliceBuilder slice = new ResourceSliceBuilder()
                .withNewMetadata()
                .withName("slice-" + node)
                .endMetadata()
                .withNewSpec()
                .withDriver(DEVICE_DRIVER)
                .withNewPool()
                .withName(node)
                .withGeneration((long) revision)
                .withResourceSliceCount(oneIn(12) ? 2L : 1L)
                .endPool()
                .endSpec();
        if (oneIn(5)) {
            slice.editSpec().withAllNodes(true).endSpec();
        } else {
            slice.editSpec().withNodeName(node).endSpec();
        }
        for (int i = chance.nextInt(4); i > 0; i--) {
            DeviceBuilder device = new DeviceBuilder()
                    .withName("d" + i)
                    .addToAttributes(
                            "size",
                            new io.fabric8.kubernetes.api.model.resource.v1.DeviceAttributeBuilder()
                                    .withInt((long) chance.nextInt(3))
                                    .build());
            if (oneIn(4)) {
                device.withAllowMultipleAllocations(true)
                        .addToCapacity(
                                "memory",
                                new DeviceCapacityBuilder()
                                        .withValue(new Quantity("8Gi"))
                                        .withNewRequestPolicy()
                                        .withDefault(new Quantity("1Gi"))
                                        .withNewValidRange()
                                        .withMin(new Quantity("1Gi"))
                                        .withStep(new Quantity("2Gi"))
                                        .endValidRange()
                                        .endRequestPolicy()
                                        .build());
            }
            if (oneIn(8)) {
                device.addNewTaint().withKey("t").withEffect("NoSchedule").endTaint();
            }
            slice.editSpec().addToDevices(device.build()).endSpec();
        }
        put(slice.build());
    }

    private void deviceClass(String name) {
        put(new DeviceClassBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewSelector()
                .withNewCel()
                .withExpression(
                        name.equals("gpu")
                                ? "device.driver == \"" + DEVICE_DRIVER + "\""
                                : "device.attributes[\"" + DEVICE_DRIVER + "\"].size >= " + chance.nextInt(3))
                .endCel()
                .endSelector()
                .withExtendedResourceName(oneIn(2) ? "example.com/gpu" : null)
                .endSpec()
                .build());
    }

    // -- pods --------------------------------------------------------------------------------------------------------

    /** The pod with a claim for a volume, sometimes one that others use too. */
    Pod withVolume(PodBuilder pod) {
        String namespace = pod.buildMetadata().getNamespace();
        String name = "claim" + (oneIn(3) ? chance.nextInt(4) : 10 + made++);
        if (!known.containsKey("PersistentVolumeClaim/" + namespace + "/" + name) && !oneIn(12)) {
            put(new PersistentVolumeClaimBuilder()
                    .withNewMetadata()
                    .withNamespace(namespace)
                    .withName(name)
                    .endMetadata()
                    .withNewSpec()
                    .withStorageClassName(any(CLASSES))
                    .withAccessModes(oneIn(3) ? "ReadWriteOncePod" : "ReadWriteOnce")
                    .withNewResources()
                    .addToRequests("storage", new Quantity((1 + chance.nextInt(3)) + "Gi"))
                    .endResources()
                    .endSpec()
                    .build());
        }
        return pod.editSpec()
                .addNewVolume()
                .withName("v")
                .withNewPersistentVolumeClaim(name, false)
                .endVolume()
                .endSpec()
                .build();
    }

    /** The pod with a disk that it can't share. */
    Pod withDisk(PodBuilder pod) {
        return pod.editSpec()
                .addNewVolume()
                .withName("v")
                .withNewGcePersistentDisk()
                .withPdName("disk" + chance.nextInt(3))
                .endGcePersistentDisk()
                .endVolume()
                .endSpec()
                .build();
    }

    /** The pod with a claim for devices. */
    Pod withDevices(PodBuilder pod) {
        String namespace = pod.buildMetadata().getNamespace();
        String name = "devices" + (oneIn(4) ? chance.nextInt(3) : 10 + made++);
        if (!known.containsKey("ResourceClaim/" + namespace + "/" + name)) {
            ResourceClaimBuilder claim = new ResourceClaimBuilder()
                    .withNewMetadata()
                    .withNamespace(namespace)
                    .withName(name)
                    .endMetadata();
            if (oneIn(3)) {
                claim.withNewSpec()
                        .withNewDevices()
                        .addNewRequest()
                        .withName("r")
                        .addNewFirstAvailable()
                        .withName("big")
                        .withDeviceClassName("big-gpu")
                        .withCount(2L)
                        .endFirstAvailable()
                        .addNewFirstAvailable()
                        .withName("any")
                        .withDeviceClassName("gpu")
                        .endFirstAvailable()
                        .endRequest()
                        .endDevices()
                        .endSpec();
            } else {
                claim.withNewSpec()
                        .withNewDevices()
                        .addNewRequest()
                        .withName("r")
                        .withNewExactly()
                        .withDeviceClassName(any(DEVICE_CLASSES))
                        .withAllocationMode(oneIn(5) ? "All" : "ExactCount")
                        .withCount(1L + chance.nextInt(2))
                        .withAdminAccess(oneIn(8) ? true : null)
                        .withCapacity(oneIn(3) ? new CapacityRequirements(Map.of("memory", new Quantity("2Gi"))) : null)
                        .endExactly()
                        .endRequest()
                        .endDevices()
                        .endSpec();
            }
            put(claim.build());
        }
        return pod.editSpec()
                .addNewResourceClaim()
                .withName("c")
                .withResourceClaimName(name)
                .endResourceClaim()
                .endSpec()
                .build();
    }

    /** The pod with an extended resource that device classes may stand for. */
    Pod withExtendedResource(PodBuilder pod) {
        return withExtendedResource(pod, any(RESOURCES));
    }

    static Pod withExtendedResource(PodBuilder pod, String resource) {
        return pod.editSpec()
                .editFirstContainer()
                .editResources()
                .addToRequests(resource, new Quantity("1"))
                .endResources()
                .endContainer()
                .endSpec()
                .build();
    }
}
