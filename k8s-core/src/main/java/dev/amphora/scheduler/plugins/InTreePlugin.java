package dev.amphora.scheduler.plugins;

import com.google.common.collect.ImmutableList;
import io.fabric8.kubernetes.api.model.AzureDiskVolumeSource;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A plugin that was in Kubernetes' tree once, and the CSI driver that has taken over from it (KEP-625). */
enum InTreePlugin {
    AWS_EBS("kubernetes.io/aws-ebs", "ebs.csi.aws.com", "topology.ebs.csi.aws.com/zone"),
    GCE_PD("kubernetes.io/gce-pd", "pd.csi.storage.gke.io", "topology.gke.io/zone"),
    AZURE_DISK("kubernetes.io/azure-disk", "disk.csi.azure.com", "topology.disk.csi.azure.com/zone"),
    CINDER("kubernetes.io/cinder", "cinder.csi.openstack.org", "topology.cinder.csi.openstack.org/zone"),
    PORTWORX_VOLUME("kubernetes.io/portworx-volume", "pxd.portworx.com", null),
    // these have drivers too, but the reference's scheduler leaves their volumes as they are
    AZURE_FILE("kubernetes.io/azure-file", null, null),
    VSPHERE_VOLUME("kubernetes.io/vsphere-volume", null, null);

    /** The annotation by which a node's {@code CSINode} says which plugins have been taken over from there. */
    static final String MIGRATED_PLUGINS = "storage.alpha.kubernetes.io/migrated-plugins";

    private static final ImmutableList<InTreePlugin> PLUGINS = ImmutableList.copyOf(values());
    private static final String AWS = "aws://";
    private static final Pattern EBS_ID = Pattern.compile("vol-[^/]*");

    /** As classes and nodes write it. */
    final String id;

    /** The driver that its volumes are taken for; null if they are left as they are. */
    final @Nullable String driver;

    /** The label by which the driver tells nodes of a zone; null if there is none. */
    final @Nullable String zoneKey;

    InTreePlugin(String id, @Nullable String driver, @Nullable String zoneKey) {
        this.id = id;
        this.driver = driver;
        this.zoneKey = zoneKey;
    }

    /** The plugin that a class names as its provisioner; null if that is none of these. */
    static @Nullable InTreePlugin named(String provisioner) {
        for (InTreePlugin plugin : PLUGINS) {
            if (plugin.id.equals(provisioner)) {
                return plugin;
            }
        }
        return null;
    }

    /** The plugin of a volume that a pod describes itself; null if it is for none of these. */
    static @Nullable InTreePlugin of(Volume volume) {
        return ofSource(
                volume.getAwsElasticBlockStore(),
                volume.getGcePersistentDisk(),
                volume.getAzureDisk(),
                volume.getCinder(),
                volume.getPortworxVolume(),
                volume.getAzureFile(),
                volume.getVsphereVolume());
    }

    /** The same for a persistent volume. */
    static @Nullable InTreePlugin of(PersistentVolumeSpec volume) {
        return volume.getCsi() != null
                ? null
                : ofSource(
                        volume.getAwsElasticBlockStore(),
                        volume.getGcePersistentDisk(),
                        volume.getAzureDisk(),
                        volume.getCinder(),
                        volume.getPortworxVolume(),
                        volume.getAzureFile(),
                        volume.getVsphereVolume());
    }

    /** The plugin whose source is there; they come in the order of the plugins. */
    private static @Nullable InTreePlugin ofSource(@Nullable Object... sources) {
        for (int i = 0; i < sources.length; i++) {
            if (sources[i] != null) {
                return PLUGINS.get(i);
            }
        }
        return null;
    }

    /** Whether a node says that the driver serves the plugin's volumes there. */
    boolean isMigrated(@Nullable CSINode node) {
        String listed = node == null ? null : Claims.annotation(node.getMetadata(), MIGRATED_PLUGINS);
        return listed != null && Arrays.asList(listed.split(",", -1)).contains(id);
    }

    /**
     * What the driver calls the disk of a volume that a pod describes itself.
     *
     * @throws IllegalArgumentException if the driver takes no such disk
     */
    String handle(Volume volume) {
        return switch (this) {
            case AWS_EBS -> ebs(Claims.text(volume.getAwsElasticBlockStore().getVolumeID()));
            case GCE_PD ->
                gce("zones/UNSPECIFIED", volume.getGcePersistentDisk().getPdName());
            case AZURE_DISK -> azure(volume.getAzureDisk());
            case CINDER -> Claims.text(volume.getCinder().getVolumeID());
            case PORTWORX_VOLUME -> Claims.text(volume.getPortworxVolume().getVolumeID());
            case AZURE_FILE, VSPHERE_VOLUME -> "";
        };
    }

    /**
     * The same for a persistent volume.
     *
     * @throws IllegalArgumentException if the driver takes no such disk
     */
    String handle(PersistentVolume volume) {
        PersistentVolumeSpec spec = Claims.spec(volume);
        return switch (this) {
            case AWS_EBS -> ebs(Claims.text(spec.getAwsElasticBlockStore().getVolumeID()));
            case GCE_PD ->
                gce(place(Claims.labels(volume)), spec.getGcePersistentDisk().getPdName());
            case AZURE_DISK -> azure(spec.getAzureDisk());
            case CINDER -> Claims.text(spec.getCinder().getVolumeID());
            case PORTWORX_VOLUME -> Claims.text(spec.getPortworxVolume().getVolumeID());
            case AZURE_FILE, VSPHERE_VOLUME -> "";
        };
    }

    /** A disk of EBS may be written {@code aws://zone/id}. */
    private static String ebs(String id) {
        if (!id.startsWith(AWS)) {
            return id;
        }
        int path = id.indexOf('/', AWS.length());
        String disk = path < 0 ? "" : strip(id.substring(path));
        if (!EBS_ID.matcher(disk).matches()) {
            throw new IllegalArgumentException(
                    "failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume (" + id + ")");
        }
        return disk;
    }

    private static String strip(String path) {
        int from = 0;
        int to = path.length();
        while (from < to && path.charAt(from) == '/') {
            from++;
        }
        while (to > from && path.charAt(to - 1) == '/') {
            to--;
        }
        return path.substring(from, to);
    }

    private static String gce(String place, @Nullable String disk) {
        return "projects/UNSPECIFIED/" + place + "/disks/" + disk;
    }

    /** The zone of a disk, or the region of one that is in several. */
    private static String place(Map<String, String> labels) {
        String legacy = Claims.text(labels.get(VolumeTopology.LEGACY_ZONE));
        String label = legacy.isEmpty() ? Claims.text(labels.get(VolumeTopology.ZONE)) : legacy;
        String[] zones = label.split(VolumeTopology.SEPARATOR, -1);
        if (zones.length == 1) {
            return "zones/" + (label.isEmpty() ? "UNSPECIFIED" : label);
        }
        Set<String> regions = new TreeSet<>();
        for (String zone : zones) {
            String[] parts = zone.split("-", -1);
            if (parts.length != 3) {
                throw new IllegalArgumentException("failed to get region from zones: zone in unexpected format,"
                        + " expected: {locale}-{region}-{zone}, got: " + zone);
            }
            regions.add(parts[0] + "-" + parts[1]);
        }
        if (regions.size() > 1) {
            throw new IllegalArgumentException(
                    "failed to get region from zones: multiple or no regions gotten from zones, got: map["
                            + String.join(":{} ", regions) + ":{}]");
        }
        return "regions/" + regions.iterator().next();
    }

    private static String azure(AzureDiskVolumeSource disk) {
        if (disk.getKind() != null && !disk.getKind().equalsIgnoreCase("Managed")) {
            throw new IllegalArgumentException("kind(" + disk.getKind() + ") is not supported in csi migration");
        }
        return Claims.text(disk.getDiskURI());
    }
}
