package dev.amphora.controller.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import org.jspecify.annotations.Nullable;

/** The annotations and finalizers by which controllers, schedulers and drivers tell each other about storage. */
final class StorageAnnotations {
    /** On a claim that was bound once. */
    static final String BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
    /** On the side of a binding that a controller chose, not a person. */
    static final String BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
    /** On a volume: who made it. */
    static final String PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
    /** On claims and volumes of a plugin that was in the tree once: the driver that has taken over. */
    static final String MIGRATED_TO = "pv.kubernetes.io/migrated-to";
    /** On a claim: who is to make a volume. */
    static final String PROVISIONER = "volume.kubernetes.io/storage-provisioner";

    static final String BETA_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner";
    /** On a claim: who is to make the volume larger. */
    static final String RESIZER = "volume.kubernetes.io/storage-resizer";
    /** On a claim: for which node the volume is made. */
    static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";
    /** The class, in the way of before Kubernetes 1.6. */
    static final String BETA_CLASS = "volume.beta.kubernetes.io/storage-class";
    /** On a volume that waits for its node to grow: how large it was. */
    static final String PRE_RESIZE_CAPACITY = "volume.alpha.kubernetes.io/pre-resize-capacity";
    /** Keeps a volume until what it stands for is deleted. */
    static final String DELETION_PROTECTION = "kubernetes.io/pv-controller";
    /** The same, of an external provisioner. */
    static final String EXTERNAL_PROTECTION = "external-provisioner.volume.kubernetes.io/finalizer";

    private StorageAnnotations() {}

    static @Nullable String get(HasMetadata object, String key) {
        return object.getMetadata().getAnnotations() == null
                ? null
                : object.getMetadata().getAnnotations().get(key);
    }

    static boolean has(HasMetadata object, String key) {
        return get(object, key) != null;
    }

    static boolean isEmpty(@Nullable String text) {
        return text == null || text.isEmpty();
    }
}
