package dev.amphora.scheduler.framework;

/** The kinds of object whose changes may make a pod schedulable. */
public enum EventResource {
    /** Any pod: as a registration it matches {@link #ASSIGNED_POD} and {@link #UNSCHEDULED_POD}. */
    POD("Pod"),
    /** A pod that has a node. */
    ASSIGNED_POD("AssignedPod"),
    /** A pod that waits. */
    UNSCHEDULED_POD("UnschedulablePod"),
    /** A node. */
    NODE("Node"),
    /** A PersistentVolume. */
    PERSISTENT_VOLUME("PersistentVolume"),
    /** A PersistentVolumeClaim. */
    PERSISTENT_VOLUME_CLAIM("PersistentVolumeClaim"),
    /** A CSINode. */
    CSI_NODE("storage.k8s.io/CSINode"),
    /** A CSIDriver. */
    CSI_DRIVER("storage.k8s.io/CSIDriver"),
    /** A VolumeAttachment. */
    VOLUME_ATTACHMENT("storage.k8s.io/VolumeAttachment"),
    /** A CSIStorageCapacity. */
    CSI_STORAGE_CAPACITY("storage.k8s.io/CSIStorageCapacity"),
    /** A StorageClass. */
    STORAGE_CLASS("storage.k8s.io/StorageClass"),
    /** A ResourceClaim. */
    RESOURCE_CLAIM("resource.k8s.io/ResourceClaim"),
    /** A ResourceSlice. */
    RESOURCE_SLICE("resource.k8s.io/ResourceSlice"),
    /** A DeviceClass. */
    DEVICE_CLASS("resource.k8s.io/DeviceClass"),
    /** A PodGroup of {@code scheduling.x-k8s.io}. */
    POD_GROUP("PodGroup"),
    /** Anything. */
    ANY("*");

    private final String text;

    EventResource(String text) {
        this.text = text;
    }

    /** Whether a registration for this resource is concerned by an event on another. */
    public boolean matches(EventResource incoming) {
        return this == ANY
                || this == incoming
                || (this == POD && (incoming == ASSIGNED_POD || incoming == UNSCHEDULED_POD));
    }

    /** The name as the reference writes it. */
    @Override
    public String toString() {
        return text;
    }
}
