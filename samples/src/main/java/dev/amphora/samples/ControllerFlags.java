package dev.amphora.samples;

import dev.amphora.controller.Controllers;
import dev.amphora.controller.node.NodeIpamController;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of kube-controller-manager about what controllers give out. */
final class ControllerFlags {
    @Option(
            names = "--enable-hostpath-provisioner",
            arity = "0..1",
            defaultValue = "true",
            fallbackValue = "true",
            description = "Make volumes for claims of a StorageClass with the provisioner kubernetes.io/host-path."
                    + " Default: ${DEFAULT-VALUE}")
    private boolean hostPaths = true;

    @Option(
            names = "--cluster-cidr",
            description = "Where nodes have the addresses of their pods from: a range, or one of IPv4 and one of IPv6,"
                    + " separated by a comma. Default: nodes get none")
    private @Nullable String clusterRanges;

    @Option(
            names = "--node-cidr-mask-size",
            description =
                    "The prefix length of what each node gets, if there is one range. Default: 24, or 64 for IPv6")
    private @Nullable Integer maskSize;

    @Option(names = "--node-cidr-mask-size-ipv4", description = "The same for IPv4 of two ranges. Default: 24")
    private @Nullable Integer maskSizeV4;

    @Option(names = "--node-cidr-mask-size-ipv6", description = "The same for IPv6 of two ranges. Default: 64")
    private @Nullable Integer maskSizeV6;

    @Option(
            names = "--controller-manager-program",
            paramLabel = "NAME",
            description =
                    "What managed fields call the controllers, for which the reference takes the name of its program's"
                            + " file. Default: ${DEFAULT-VALUE}")
    private String program = "kube-controller-manager";

    /** What the controllers' program is called. */
    String program() {
        return program;
    }

    /**
     * What the options say.
     *
     * @param serviceRange which no node gets
     * @throws IllegalArgumentException if an option is wrong
     */
    UnaryOperator<Controllers> settings(@Nullable String serviceRange) {
        NodeIpamController.Settings ranges = ranges(serviceRange);
        return controllers -> {
            Controllers set = controllers.hostPathProvisioning(hostPaths);
            return ranges == null ? set : set.nodeRanges(ranges);
        };
    }

    private NodeIpamController.@Nullable Settings ranges(@Nullable String serviceRange) {
        boolean hasSize = maskSize != null || maskSizeV4 != null || maskSizeV6 != null;
        if (clusterRanges == null) {
            if (hasSize) {
                throw new IllegalArgumentException("--node-cidr-mask-size needs --cluster-cidr");
            }
            return null;
        }
        if (maskSize != null && (clusterRanges.contains(",") || maskSizeV4 != null || maskSizeV6 != null)) {
            throw new IllegalArgumentException("--node-cidr-mask-size is for one range and alone: for two there are"
                    + " --node-cidr-mask-size-ipv4 and --node-cidr-mask-size-ipv6");
        }
        try {
            return NodeIpamController.Settings.of(
                            clusterRanges,
                            first(maskSizeV4, maskSize, NodeIpamController.Settings.MASK_SIZE_V4),
                            first(maskSizeV6, maskSize, NodeIpamController.Settings.MASK_SIZE_V6))
                    .without(serviceRange == null ? List.of() : List.of(serviceRange.split(",", -1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--cluster-cidr: " + e.getMessage(), e);
        }
    }

    private static int first(@Nullable Integer own, @Nullable Integer common, int otherwise) {
        return Objects.requireNonNullElse(own, Objects.requireNonNullElse(common, otherwise));
    }
}
