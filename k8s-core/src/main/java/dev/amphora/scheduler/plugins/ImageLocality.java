package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.ImageState;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.ScorePlugin;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Volume;
import org.jspecify.annotations.Nullable;

/** Prefers nodes that hold the pod's images already, the more the larger they are and the more nodes hold them. */
public final class ImageLocality implements NodeLocal, ScorePlugin {
    private static final long MIB = 1024 * 1024;
    private static final long MIN = 23 * MIB;
    private static final long MAX_PER_CONTAINER = 1000 * MIB;

    private final Handle handle;

    /** The plugin for a profile. */
    public ImageLocality(Handle handle) {
        this.handle = handle;
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        int total = handle.snapshot().nodes().size();
        long sum = 0;
        int containers = 0;
        for (Container container : pod.spec().getInitContainers()) {
            sum += held(node, container.getImage(), total);
            containers++;
        }
        for (Container container : pod.spec().getContainers()) {
            sum += held(node, container.getImage(), total);
            containers++;
        }
        for (Volume volume : pod.spec().getVolumes()) {
            if (volume.getImage() != null) {
                sum += held(node, volume.getImage().getReference(), total);
            }
        }
        long max = MAX_PER_CONTAINER * containers;
        if (sum < MIN || max <= MIN) {
            return 0;
        }
        return MAX_SCORE * (Math.min(sum, max) - MIN) / (max - MIN);
    }

    private static long held(NodeInfo node, @Nullable String image, int totalNodes) {
        if (image == null) {
            return 0;
        }
        ImageState known = node.image(normalized(image));
        if (known == null) {
            return 0;
        }
        double spread = (double) known.nodeCount() / (double) totalNodes;
        return (long) ((double) known.size() * spread);
    }

    /** An image's name with a tag. */
    static String normalized(String image) {
        return image.lastIndexOf(':') <= image.lastIndexOf('/') ? image + ":latest" : image;
    }
}
