package dev.amphora.samples.examples;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.QueueingHint;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.Node;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler plugin with arguments: nodes carry a price, pods may carry a limit. Turns down what costs too much and prefers what costs
 * least.
 */
public final class NodePrice implements FilterPlugin, ScorePlugin, NodeLocal, EnqueueExtensions {
    /** The label by which a pod sets a limit of its own. */
    public static final String LIMIT = "example.dev/max-price";

    private final String label;
    private final int limit;

    /**
     * What {@code pluginConfig} may say.
     *
     * @param label the label of nodes that holds their price, a whole number; {@code example.dev/price} if absent
     * @param limit for pods that set none; 0 for no limit
     */
    public record Args(@Nullable String label, int limit) {}

    /**
     * A plugin.
     *
     * @throws IllegalArgumentException if the limit is negative
     */
    public NodePrice(Args args) {
        if (args.limit() < 0) {
            throw new IllegalArgumentException("limit: " + args.limit() + " is negative");
        }
        this.label = args.label() == null ? "example.dev/price" : args.label();
        this.limit = args.limit();
    }

    /** Makes the plugin of the arguments in a KubeSchedulerConfiguration. */
    public static PluginFactory factory() {
        return PluginFactory.withArgs(Args.class, (args, handle) -> new NodePrice(args));
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        int price = number(node.labels(), label, -1);
        if (price < 0) {
            return Status.unresolvable("node(s) had no price");
        }
        return isWithin(pod, price) ? Status.success() : Status.unresolvable("node(s) cost too much");
    }

    private boolean isWithin(PodInfo pod, int price) {
        int most = number(pod.labels(), LIMIT, limit);
        return price >= 0 && (most == 0 || price <= most);
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        return number(node.labels(), label, 0);
    }

    /** The cheaper, the better. */
    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        ScorePlugin.stretch(scores, true);
    }

    /** A pod that was turned down is tried again when a node is cheap enough, or when its own limit may have changed. */
    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(
                        EventResource.NODE,
                        Actions.ADD | Actions.UPDATE_NODE_LABEL,
                        (pod, before, after) -> QueueingHint.Answer.queueIf(after instanceof Node node
                                && isWithin(pod, number(node.getMetadata().getLabels(), label, -1)))),
                EventToRegister.always(EventResource.UNSCHEDULED_POD, Actions.UPDATE_POD_LABEL));
    }

    private static int number(@Nullable Map<String, String> labels, String key, int otherwise) {
        String value = labels == null ? null : labels.get(key);
        return value != null && value.matches("[0-9]{1,9}") ? Integer.parseInt(value) : otherwise;
    }
}
