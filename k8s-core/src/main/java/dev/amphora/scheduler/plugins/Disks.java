package dev.amphora.scheduler.plugins;

import io.fabric8.kubernetes.api.model.AWSElasticBlockStoreVolumeSource;
import io.fabric8.kubernetes.api.model.GCEPersistentDiskVolumeSource;
import io.fabric8.kubernetes.api.model.ISCSIVolumeSource;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.api.model.RBDVolumeSource;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.Collections;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Volumes that name a disk themselves, and the CSI drivers that have taken over from the code that once served them. */
final class Disks {
    private Disks() {}

    /**
     * A disk as a CSI driver knows it.
     *
     * @param plugin the name of the code that once served it
     * @param driver the driver
     * @param handle the disk
     */
    record Migrated(String plugin, String driver, String handle) {}

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

    /** The disk that a pod names itself, as its CSI driver knows it; null if there is none that has been taken over. */
    static @Nullable Migrated migrated(Volume volume) {
        if (volume.getAwsElasticBlockStore() != null) {
            return ebs(volume.getAwsElasticBlockStore().getVolumeID());
        }
        if (volume.getGcePersistentDisk() != null) {
            return gce("UNSPECIFIED", volume.getGcePersistentDisk().getPdName());
        }
        if (volume.getAzureDisk() != null) {
            return of("azure-disk", volume.getAzureDisk().getDiskURI());
        }
        if (volume.getAzureFile() != null) {
            return of("azure-file", volume.getAzureFile().getShareName());
        }
        if (volume.getCinder() != null) {
            return of("cinder", volume.getCinder().getVolumeID());
        }
        if (volume.getVsphereVolume() != null) {
            return of("vsphere-volume", volume.getVsphereVolume().getVolumePath());
        }
        return volume.getPortworxVolume() == null
                ? null
                : of("portworx-volume", volume.getPortworxVolume().getVolumeID());
    }

    /** The same for a persistent volume. */
    static @Nullable Migrated migrated(PersistentVolumeSpec volume) {
        if (volume.getAwsElasticBlockStore() != null) {
            return ebs(volume.getAwsElasticBlockStore().getVolumeID());
        }
        if (volume.getGcePersistentDisk() != null) {
            return gce("UNSPECIFIED", volume.getGcePersistentDisk().getPdName());
        }
        if (volume.getAzureDisk() != null) {
            return of("azure-disk", volume.getAzureDisk().getDiskURI());
        }
        if (volume.getAzureFile() != null) {
            return of("azure-file", volume.getAzureFile().getShareName());
        }
        if (volume.getCinder() != null) {
            return of("cinder", volume.getCinder().getVolumeID());
        }
        if (volume.getVsphereVolume() != null) {
            return of("vsphere-volume", volume.getVsphereVolume().getVolumePath());
        }
        return volume.getPortworxVolume() == null
                ? null
                : of("portworx-volume", volume.getPortworxVolume().getVolumeID());
    }

    /** The CSI driver that has taken over from some code, null if none has. */
    static @Nullable String driver(String plugin) {
        return switch (plugin) {
            case "kubernetes.io/aws-ebs" -> "ebs.csi.aws.com";
            case "kubernetes.io/gce-pd" -> "pd.csi.storage.gke.io";
            case "kubernetes.io/azure-disk" -> "disk.csi.azure.com";
            case "kubernetes.io/azure-file" -> "file.csi.azure.com";
            case "kubernetes.io/cinder" -> "cinder.csi.openstack.org";
            case "kubernetes.io/vsphere-volume" -> "csi.vsphere.vmware.com";
            case "kubernetes.io/portworx-volume" -> "pxd.portworx.com";
            default -> null;
        };
    }

    private static Migrated of(String name, @Nullable String handle) {
        String plugin = "kubernetes.io/" + name;
        return new Migrated(plugin, Claims.text(driver(plugin)), Claims.text(handle));
    }

    /** A volume of EBS may be written {@code aws://zone/id}. */
    private static Migrated ebs(@Nullable String id) {
        String text = Claims.text(id);
        return of("aws-ebs", text.startsWith("aws://") ? text.substring(text.lastIndexOf('/') + 1) : text);
    }

    private static Migrated gce(String zone, @Nullable String disk) {
        return of("gce-pd", "projects/UNSPECIFIED/zones/" + zone + "/disks/" + disk);
    }
}
