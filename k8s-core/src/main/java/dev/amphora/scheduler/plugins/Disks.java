package dev.amphora.scheduler.plugins;

import io.fabric8.kubernetes.api.model.AWSElasticBlockStoreVolumeSource;
import io.fabric8.kubernetes.api.model.GCEPersistentDiskVolumeSource;
import io.fabric8.kubernetes.api.model.ISCSIVolumeSource;
import io.fabric8.kubernetes.api.model.RBDVolumeSource;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.Collections;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Volumes that name a disk themselves. */
final class Disks {
    private Disks() {}

    /** Whether a volume is a disk that pods can't share freely. */
    static boolean isExclusive(Volume volume) {
        return volume.getGcePersistentDisk() != null
                || volume.getAwsElasticBlockStore() != null
                || volume.getRbd() != null
                || volume.getIscsi() != null;
    }

    /** Whether two volumes are the same disk, and it can't be used by both. */
    static boolean conflict(Volume one, Volume other) {
        GCEPersistentDiskVolumeSource gce = one.getGcePersistentDisk();
        GCEPersistentDiskVolumeSource otherGce = other.getGcePersistentDisk();
        if (gce != null
                && otherGce != null
                && Objects.equals(gce.getPdName(), otherGce.getPdName())
                && !bothReadOnly(gce.getReadOnly(), otherGce.getReadOnly())) {
            return true;
        }
        AWSElasticBlockStoreVolumeSource ebs = one.getAwsElasticBlockStore();
        AWSElasticBlockStoreVolumeSource otherEbs = other.getAwsElasticBlockStore();
        if (ebs != null && otherEbs != null && Objects.equals(ebs.getVolumeID(), otherEbs.getVolumeID())) {
            return true;
        }
        ISCSIVolumeSource iscsi = one.getIscsi();
        ISCSIVolumeSource otherIscsi = other.getIscsi();
        if (iscsi != null
                && otherIscsi != null
                && Objects.equals(iscsi.getIqn(), otherIscsi.getIqn())
                && !bothReadOnly(iscsi.getReadOnly(), otherIscsi.getReadOnly())) {
            return true;
        }
        RBDVolumeSource rbd = one.getRbd();
        RBDVolumeSource otherRbd = other.getRbd();
        return rbd != null
                && otherRbd != null
                && !Collections.disjoint(rbd.getMonitors(), otherRbd.getMonitors())
                && Claims.text(rbd.getPool()).equals(Claims.text(otherRbd.getPool()))
                && Objects.equals(rbd.getImage(), otherRbd.getImage())
                && !bothReadOnly(rbd.getReadOnly(), otherRbd.getReadOnly());
    }

    private static boolean bothReadOnly(@Nullable Boolean one, @Nullable Boolean other) {
        return Boolean.TRUE.equals(one) && Boolean.TRUE.equals(other);
    }
}
