package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimSpec;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What several plugins ask of claims and volumes. */
final class Claims {
    static final String WAIT_FOR_FIRST_CONSUMER = "WaitForFirstConsumer";
    static final String BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
    private static final String CLASS = "volume.beta.kubernetes.io/storage-class";

    private Claims() {}

    /** Something that is looked up by name and isn't there; the message is the API server's. */
    static final class Missing extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Missing(String message) {
            super(message, null, false, false);
        }
    }

    static <T extends HasMetadata> T require(Lister<T> lister, String kind, @Nullable String namespace, String name) {
        T found = lister.get(namespace, name);
        if (found == null) {
            throw new Missing(kind + " \"" + name + "\" not found");
        }
        return found;
    }

    static PersistentVolumeClaim claim(Lister<PersistentVolumeClaim> claims, String namespace, String name) {
        return require(claims, "persistentvolumeclaim", namespace, name);
    }

    /** The name of the claim that a pod's volume uses, null if it uses none; generated ones included. */
    static @Nullable String claimName(PodInfo pod, Volume volume) {
        if (volume.getPersistentVolumeClaim() != null) {
            return text(volume.getPersistentVolumeClaim().getClaimName());
        }
        return volume.getEphemeral() == null ? null : pod.name() + "-" + volume.getName();
    }

    /** Whether any volume of a pod uses a claim of a name; generated ones included on demand. */
    static boolean uses(PodInfo pod, @Nullable HasMetadata claim, boolean generated) {
        if (!(claim instanceof PersistentVolumeClaim)
                || !pod.namespace().equals(claim.getMetadata().getNamespace())) {
            return false;
        }
        for (Volume volume : pod.spec().getVolumes()) {
            if ((generated || volume.getPersistentVolumeClaim() != null)
                    && claim.getMetadata().getName().equals(claimName(pod, volume))) {
                return true;
            }
        }
        return false;
    }

    static PersistentVolumeClaimSpec spec(PersistentVolumeClaim claim) {
        return claim.getSpec() == null ? new PersistentVolumeClaimSpec() : claim.getSpec();
    }

    static PersistentVolumeSpec spec(PersistentVolume volume) {
        return volume.getSpec() == null ? new PersistentVolumeSpec() : volume.getSpec();
    }

    static String volumeName(PersistentVolumeClaim claim) {
        return text(spec(claim).getVolumeName());
    }

    /** The storage class of a claim, empty if it has none. */
    static String classOf(PersistentVolumeClaim claim) {
        String annotated = annotation(claim.getMetadata(), CLASS);
        return annotated == null ? text(spec(claim).getStorageClassName()) : annotated;
    }

    /** The storage class of a volume, empty if it has none. */
    static String classOf(PersistentVolume volume) {
        String annotated = annotation(volume.getMetadata(), CLASS);
        return annotated == null ? text(spec(volume).getStorageClassName()) : annotated;
    }

    static boolean waits(StorageClass storageClass) {
        return WAIT_FOR_FIRST_CONSUMER.equals(storageClass.getVolumeBindingMode());
    }

    /** Whether a claim has its volume for good. */
    static boolean isBound(PersistentVolumeClaim claim) {
        return !volumeName(claim).isEmpty() && annotation(claim.getMetadata(), BIND_COMPLETED) != null;
    }

    /** What is wrong with a generated claim that doesn't belong to its pod; null if it does. */
    static @Nullable String strange(PodInfo pod, PersistentVolumeClaim claim) {
        for (OwnerReference owner : claim.getMetadata().getOwnerReferences()) {
            if (Boolean.TRUE.equals(owner.getController()) && pod.uid().equals(owner.getUid())) {
                return null;
            }
        }
        return "PVC " + claim.getMetadata().getNamespace() + "/"
                + claim.getMetadata().getName() + " was not created for pod " + pod.key() + " (pod is not owner)";
    }

    static @Nullable String annotation(ObjectMeta metadata, String name) {
        Map<String, String> annotations = metadata.getAnnotations();
        return annotations == null ? null : annotations.get(name);
    }

    static Map<String, String> labels(HasMetadata object) {
        Map<String, String> labels = object.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }

    static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}
