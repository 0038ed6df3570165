package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/** When a change may help a pod that {@link VolumeBinding} has turned down. */
final class VolumeHints {
    private VolumeHints() {}

    static Answer afterClassChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        return Answer.queueIf(!(before instanceof StorageClass old)
                || !(after instanceof StorageClass now)
                || !old.getAllowedTopologies().equals(now.getAllowedTopologies()));
    }

    static Answer afterClaimChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        return Answer.queueIf(Claims.uses(pod, after, true));
    }

    static Answer afterNodeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        return Answer.queueIf(!(before instanceof CSINode old)
                || !(after instanceof CSINode now)
                || !migrated(old).equals(migrated(now)));
    }

    private static String migrated(CSINode node) {
        return Claims.text(Claims.annotation(node.getMetadata(), InTreePlugin.MIGRATED_PLUGINS));
    }

    static Answer afterDriverChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        if (!(before instanceof CSIDriver old) || !(after instanceof CSIDriver now)) {
            return Answer.SKIP;
        }
        for (Volume volume : pod.spec().getVolumes()) {
            if (volume.getCsi() != null
                    && now.getMetadata().getName().equals(volume.getCsi().getDriver())
                    && tracksCapacity(old)
                    && !tracksCapacity(now)) {
                return Answer.QUEUE;
            }
        }
        return Answer.SKIP;
    }

    static boolean tracksCapacity(CSIDriver driver) {
        return driver.getSpec() != null && Boolean.TRUE.equals(driver.getSpec().getStorageCapacity());
    }

    static Answer afterCapacityChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        if (!(before instanceof CSIStorageCapacity old)) {
            return Answer.QUEUE;
        }
        Quantity was = limit(old);
        Quantity is = after instanceof CSIStorageCapacity now ? limit(now) : null;
        return Answer.queueIf(is != null && (was == null || bytes(is) > bytes(was)));
    }

    /** The largest volume that can be made, null if that isn't known. */
    static @Nullable Quantity limit(CSIStorageCapacity capacity) {
        return capacity.getMaximumVolumeSize() == null ? capacity.getCapacity() : capacity.getMaximumVolumeSize();
    }

    static long bytes(Quantity quantity) {
        return quantity.getNumericalAmount().setScale(0, RoundingMode.CEILING).longValue();
    }
}
