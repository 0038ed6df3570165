package dev.amphora.controller.node;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Gives each node the addresses of its pods: the reference's {@code node-ipam-controller} with ranges that it allocates itself.
 * Without a range it does nothing, as the reference without {@code --allocate-node-cidrs}.
 */
public final class NodeIpamController implements Controller {
    private final @Nullable Settings settings;
    private @Nullable ControlLoop<String> loop;

    /**
     * A range from which each node gets a part.
     *
     * @param cidr such as {@code 10.244.0.0/16} or {@code fd00:10:244::/56}
     * @param maskSize the prefix length of a part, at most 16 more than the range's
     */
    public record Range(String cidr, int maskSize) {}

    /**
     * Where the addresses come from.
     *
     * @param ranges each node gets a part of each, in this order: one, or one of IPv4 and one of IPv6 (dual stack)
     * @param reserved ranges within them that no node gets, such as the Services'; none if they lie elsewhere
     */
    public record Settings(List<Range> ranges, List<String> reserved) {
        /** The reference's {@code --node-cidr-mask-size-ipv4} by default. */
        public static final int MASK_SIZE_V4 = 24;

        /** The reference's {@code --node-cidr-mask-size-ipv6} by default. */
        public static final int MASK_SIZE_V6 = 64;

        /** @throws IllegalArgumentException if the ranges can't be had together, or one has no such parts */
        public Settings {
            ranges = List.copyOf(ranges);
            reserved = List.copyOf(reserved);
            List<NodeRanges> parts = ranges.stream()
                    .map(range -> new NodeRanges(range.cidr(), range.maskSize()))
                    .toList();
            if (parts.isEmpty() || parts.size() > 2) {
                throw new IllegalArgumentException("one range or two, not " + parts.size());
            }
            if (parts.size() == 2 && parts.get(0).isV6() == parts.get(1).isV6()) {
                throw new IllegalArgumentException("of two ranges one is of IPv4 and one of IPv6: " + ranges);
            }
        }

        /** One range of which nothing is reserved. */
        public Settings(String clusterRange, int maskSize) {
            this(List.of(new Range(clusterRange, maskSize)), List.of());
        }

        /**
         * Reads the reference's {@code --cluster-cidr}.
         *
         * @param clusterRanges one range, or two separated by a comma
         * @param maskSizeV4 the prefix length of parts of a range of IPv4
         * @param maskSizeV6 the same for IPv6
         * @throws IllegalArgumentException if they can't be had
         */
        public static Settings of(String clusterRanges, int maskSizeV4, int maskSizeV6) {
            List<Range> ranges = new ArrayList<>();
            for (String each : Splitter.on(',').trimResults().omitEmptyStrings().split(clusterRanges)) {
                ranges.add(new Range(each, each.contains(":") ? maskSizeV6 : maskSizeV4));
            }
            return new Settings(ranges, List.of());
        }

        /** The same without ranges that lie within these, such as the Services'. */
        public Settings without(List<String> others) {
            return new Settings(ranges, others);
        }
    }

    /** @param settings null if nodes have their addresses from elsewhere */
    public NodeIpamController(@Nullable Settings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return "node-ipam-controller";
    }

    @Override
    public String eventSource() {
        return "cidrAllocator";
    }

    @Override
    public void start(Context context) {
        if (settings != null) {
            loop = new Run(context, name(), settings).loop;
        }
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    private static List<String> rangesOf(Node node) {
        if (node.getSpec() == null) {
            return List.of();
        }
        List<String> all = node.getSpec().getPodCIDRs();
        String first = node.getSpec().getPodCIDR();
        return all != null && !all.isEmpty() ? all : first == null || first.isEmpty() ? List.of() : List.of(first);
    }

    private static final class Run {
        private final Context context;
        private final Informer<Node> nodes;
        private final List<NodeRanges> ranges;
        /** Nodes for which nothing was left. */
        private final Set<String> waiting = ConcurrentHashMap.newKeySet();
        /** What was found for nodes that perhaps have it already: the answer said that it failed. */
        private final Map<String, List<String>> chosen = new ConcurrentHashMap<>();

        private final ControlLoop<String> loop;

        Run(Context context, String name, Settings settings) {
            this.context = context;
            this.nodes = context.informers().of(Node.class);
            this.ranges = settings.ranges().stream()
                    .map(range -> new NodeRanges(range.cidr(), range.maskSize()))
                    .toList();
            settings.reserved().forEach(this::take);
            this.loop = new ControlLoop<>(context.kernel(), name, 1);
            loop.<Node>watch(nodes, (old, now, keys) -> {
                        if (now != null && rangesOf(now).isEmpty()) {
                            keys.accept(now.getMetadata().getName());
                        } else if (now != null) {
                            drop(now.getMetadata().getName());
                            rangesOf(now).forEach(this::take);
                        } else if (old != null) {
                            drop(old.getMetadata().getName());
                            rangesOf(old).forEach(this::free);
                            waiting.forEach(keys);
                        }
                    })
                    .start(node -> nodes.find("", node)
                            .filter(found -> rangesOf(found).isEmpty())
                            .map(this::allocate)
                            .orElseGet(Result::done));
        }

        private void take(String range) {
            ranges.forEach(each -> each.take(range));
        }

        private void free(String range) {
            ranges.forEach(each -> each.free(range));
        }

        private void drop(String node) {
            waiting.remove(node);
            List<String> parts = chosen.remove(node);
            if (parts != null) {
                parts.forEach(this::free);
            }
        }

        private Result allocate(Node node) {
            String name = node.getMetadata().getName();
            List<String> parts = chosen.computeIfAbsent(name, any -> choose());
            if (parts.isEmpty()) {
                chosen.remove(name);
                waiting.add(name);
                tell(node, "CIDRNotAvailable");
                return Result.retry();
            }
            ObjectNode body = Json.object();
            ObjectNode spec = body.putObject("spec").put("podCIDR", parts.get(0));
            ArrayNode all = spec.putArray("podCIDRs");
            parts.forEach(all::add);
            try {
                loop.wrote(name, nodes, context.client().patch(nodes.type(), null, name, Patch.strategic(body), null));
                waiting.remove(name);
                return Result.done();
            } catch (StatusException e) {
                if (e.isNotFound()) {
                    drop(name);
                    return Result.done();
                }
                tell(node, "CIDRAssignmentFailed");
                throw e;
            }
        }

        /** A part of each range; none at all if one of them is used up. */
        private List<String> choose() {
            List<String> parts = new ArrayList<>();
            for (NodeRanges each : ranges) {
                String part = each.takeNext();
                if (part.isEmpty()) {
                    parts.forEach(this::free);
                    return List.of();
                }
                parts.add(part);
            }
            return parts;
        }

        private void tell(Node node, String reason) {
            context.events()
                    .warning(
                            node,
                            reason,
                            "Node %s status is now: %s"
                                    .formatted(node.getMetadata().getName(), reason));
        }
    }
}
