package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeMatcher;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The volume that a claim has.
 *
 * @param exists whether it is there
 * @param nodes those that reach it; null for all
 * @param translated what is so instead on nodes where a CSI driver has taken over from its plugin; null if nothing is
 */
record BoundVolume(boolean exists, @Nullable NodeMatcher nodes, @Nullable Translated translated) {
    private static final BoundVolume GONE = new BoundVolume(false, null, null);

    /**
     * A volume as the driver knows it that has taken over from its plugin.
     *
     * @param nodes those that reach it; null for all
     * @param failure why the driver can't serve it; null if it can
     */
    record Translated(InTreePlugin plugin, @Nullable NodeMatcher nodes, @Nullable String failure) {}

    /** A volume; null if there is none. */
    static BoundVolume of(@Nullable PersistentVolume volume) {
        return volume == null ? GONE : new BoundVolume(true, nodes(volume), translated(volume));
    }

    /** The nodes that reach a volume by itself; null for all. */
    static @Nullable NodeMatcher nodes(PersistentVolume volume) {
        NodeSelector required = VolumeTopology.required(volume);
        return required == null ? null : NodeMatcher.of(required);
    }

    private static @Nullable Translated translated(PersistentVolume volume) {
        InTreePlugin plugin = InTreePlugin.of(Claims.spec(volume));
        if (plugin == null || plugin.driver == null) {
            return null;
        }
        try {
            plugin.handle(volume);
        } catch (IllegalArgumentException e) {
            return new Translated(plugin, null, String.valueOf(e.getMessage()));
        }
        NodeSelector required = plugin.zoneKey == null ? null : VolumeTopology.requiredBy(volume, plugin.zoneKey);
        return required == null || Objects.equals(required, VolumeTopology.required(volume))
                ? null
                : new Translated(plugin, NodeMatcher.of(required), null);
    }

    /**
     * Whether the volume can be used on a node.
     *
     * @throws IllegalStateException if a driver serves its volumes there, and can't serve this one
     */
    boolean reaches(Map<String, String> labels, String node, Lister<CSINode> csiNodes) {
        NodeMatcher reaching = nodes;
        if (translated != null && translated.plugin.isMigrated(csiNodes.get(null, node))) {
            if (translated.failure != null) {
                throw new IllegalStateException("could not translate pv: " + translated.failure);
            }
            reaching = translated.nodes;
        }
        // as in the reference, only the node's labels are looked at
        return exists && (reaching == null || reaching.matches(labels, ""));
    }
}
