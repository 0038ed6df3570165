package dev.amphora.controller.volume;

import com.google.common.collect.ImmutableMap;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The plugins that were in Kubernetes' tree once, and the drivers that have taken over from them (KEP-625). */
final class CsiMigration {
    private static final Map<String, String> DRIVERS = ImmutableMap.of(
            "kubernetes.io/aws-ebs", "ebs.csi.aws.com",
            "kubernetes.io/gce-pd", "pd.csi.storage.gke.io",
            "kubernetes.io/cinder", "cinder.csi.openstack.org",
            "kubernetes.io/azure-disk", "disk.csi.azure.com",
            "kubernetes.io/azure-file", "file.csi.azure.com",
            "kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com",
            "kubernetes.io/portworx-volume", "pxd.portworx.com");

    private CsiMigration() {}

    /** The driver that has taken over from a plugin; empty if none has. */
    static Optional<String> driverOf(@Nullable String plugin) {
        return Optional.ofNullable(plugin == null ? null : DRIVERS.get(plugin));
    }

    /** The plugin that a volume was for; empty if it is not one of those. */
    static Optional<String> pluginOf(PersistentVolume volume) {
        PersistentVolumeSpec spec = volume.getSpec();
        Map<String, @Nullable Object> sources = new LinkedHashMap<>();
        sources.put("kubernetes.io/aws-ebs", spec.getAwsElasticBlockStore());
        sources.put("kubernetes.io/gce-pd", spec.getGcePersistentDisk());
        sources.put("kubernetes.io/cinder", spec.getCinder());
        sources.put("kubernetes.io/azure-disk", spec.getAzureDisk());
        sources.put("kubernetes.io/azure-file", spec.getAzureFile());
        sources.put("kubernetes.io/vsphere-volume", spec.getVsphereVolume());
        sources.put("kubernetes.io/portworx-volume", spec.getPortworxVolume());
        return sources.entrySet().stream()
                .filter(each -> each.getValue() != null)
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /**
     * The annotations of an object that a plugin made or is to make, with the driver that has taken over named or no more.
     *
     * @param maker the plugin; null if nobody is named, then nothing changes
     */
    static @Nullable Map<String, String> annotated(@Nullable Map<String, String> annotations, @Nullable String maker) {
        if (annotations == null || maker == null) {
            return annotations;
        }
        String driver = driverOf(maker).orElse(null);
        String named = annotations.get(StorageAnnotations.MIGRATED_TO);
        if (driver == null ? StorageAnnotations.isEmpty(named) : driver.equals(named)) {
            return annotations;
        }
        Map<String, String> changed = new HashMap<>(annotations);
        if (driver == null) {
            changed.remove(StorageAnnotations.MIGRATED_TO);
        } else {
            changed.put(StorageAnnotations.MIGRATED_TO, driver);
        }
        return changed;
    }
}
