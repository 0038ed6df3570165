package dev.amphora.controller.node;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives each node the addresses of its pods: the reference's {@code node-ipam-controller} with ranges that it allocates itself.
 * Without a range it does nothing, as the reference without {@code --allocate-node-cidrs}.
 */
public final class NodeIpamController implements Controller {
    private final @Nullable Settings settings;
    private @Nullable ControlLoop<String> loop;

    /**
     * Where the addresses come from.
     *
     * @param clusterRange such as {@code 10.244.0.0/16}
     * @param maskSize the prefix length of each node's part
     */
    public record Settings(String clusterRange, int maskSize) {}

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
        if (settings == null) {
            return;
        }
        NodeRanges ranges = new NodeRanges(settings.clusterRange, settings.maskSize);
        Informer<Node> nodes = context.informers().of(Node.class);
        loop = new ControlLoop<String>(context.kernel(), name(), 1);
        loop.<Node>watch(nodes, (old, now, keys) -> {
                    if (now == null && old != null) {
                        ranges(old).forEach(ranges::free);
                    }
                    if (now != null) {
                        ranges(now).forEach(ranges::take);
                        if (ranges(now).isEmpty()) {
                            keys.accept(now.getMetadata().getName());
                        }
                    }
                })
                .start(name -> {
                    Node node = nodes.find("", name).orElse(null);
                    return node == null || !ranges(node).isEmpty()
                            ? Result.done()
                            : allocate(context, nodes, ranges, node);
                });
    }

    private static List<String> ranges(Node node) {
        if (node.getSpec() == null) {
            return List.of();
        }
        List<String> all = node.getSpec().getPodCIDRs();
        String first = node.getSpec().getPodCIDR();
        return all != null && !all.isEmpty() ? all : first == null || first.isEmpty() ? List.of() : List.of(first);
    }

    private Result allocate(Context context, Informer<Node> nodes, NodeRanges ranges, Node node) {
        String name = node.getMetadata().getName();
        String range = ranges.takeNext();
        if (range.isEmpty()) {
            context.events()
                    .normal(node, "CIDRNotAvailable", "Node %s status is now: CIDRNotAvailable".formatted(name));
            return Result.retry();
        }
        ObjectNode body = Json.object();
        ObjectNode spec = body.putObject("spec").put("podCIDR", range);
        spec.putArray("podCIDRs").add(range);
        try {
            Node written = context.client().patch(nodes.type(), null, name, Patch.strategic(body), null);
            if (loop != null) {
                loop.wrote(name, nodes, written);
            }
            return Result.done();
        } catch (StatusException e) {
            ranges.free(range);
            if (e.isNotFound()) {
                return Result.done();
            }
            context.events()
                    .normal(
                            node,
                            "CIDRAssignmentFailed",
                            "Node %s status is now: CIDRAssignmentFailed".formatted(name));
            throw e;
        }
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
