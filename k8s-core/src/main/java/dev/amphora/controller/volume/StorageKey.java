package dev.amphora.controller.volume;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;

/** A claim, or a volume if there is no namespace. */
record StorageKey(String namespace, String name) {
    static StorageKey of(PersistentVolume volume) {
        return ofVolume(volume.getMetadata().getName());
    }

    static StorageKey ofVolume(String name) {
        return new StorageKey("", name);
    }

    static StorageKey of(PersistentVolumeClaim claim) {
        return new StorageKey(
                claim.getMetadata().getNamespace(), claim.getMetadata().getName());
    }
}
