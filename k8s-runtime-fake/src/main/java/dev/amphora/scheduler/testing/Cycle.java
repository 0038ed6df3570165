package dev.amphora.scheduler.testing;

import dev.amphora.scheduler.Explanation;
import dev.amphora.scheduler.SchedulerSandbox;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.assertj.core.api.AssertProvider;
import org.jspecify.annotations.Nullable;

/**
 * What came of one scheduling cycle, and what each plugin said of each node on the way. AssertJ's {@code assertThat} takes it; its text is a table of
 * the nodes.
 */
public final class Cycle implements AssertProvider<CycleAssert> {
    private static final int SHOWN = 40;

    private final Pod pod;
    private final List<String> nodes;
    private final Explanation explanation;
    private final SchedulerSandbox.Attempted attempted;

    Cycle(Pod pod, List<String> nodes, Explanation explanation, SchedulerSandbox.Attempted attempted) {
        this.pod = pod;
        this.nodes = nodes;
        this.explanation = explanation;
        this.attempted = attempted;
    }

    /** The node that was chosen, null if there is none. */
    public @Nullable String nodeName() {
        return explanation.heldBack().isEmpty() ? attempted.nodeName() : null;
    }

    /** Why there is no node; null if there is one. */
    public @Nullable String message() {
        return explanation.heldBack().isEmpty() ? attempted.message() : null;
    }

    /** The node on which preemption makes room; null if it doesn't. */
    public @Nullable String nominatedNode() {
        return attempted.nominatedNode();
    }

    /** What each plugin said of each node, without regard to how many nodes would do. */
    public Explanation explanation() {
        return explanation;
    }

    /** The nodes in the order in which they are looked at. */
    List<String> nodes() {
        return nodes;
    }

    /** What a plugin said of a node at PreFilter or Filter; null if nothing against it. */
    @Nullable Status refusal(String plugin, String node) {
        for (Status status : explanation.preFilter().rejecting()) {
            if (plugin.equals(status.plugin())) {
                return status;
            }
        }
        var names = explanation.preFilter().nodeNames().get(plugin);
        if (names != null && !names.contains(node)) {
            return Status.unresolvable("node(s) didn't satisfy plugin(s) [" + plugin + "]")
                    .withPlugin(plugin);
        }
        Status status = explanation.filter().getOrDefault(plugin, Map.of()).get(node);
        if (status != null) {
            return status;
        }
        Status counted = explanation.withNominated().get(node);
        return counted != null && plugin.equals(counted.plugin()) ? counted : null;
    }

    /** A plugin's scores; null if it gave none. */
    Explanation.@Nullable Scores scores(String plugin) {
        return explanation.scores().stream()
                .filter(scores -> scores.plugin().equals(plugin))
                .findFirst()
                .orElse(null);
    }

    @Override
    public CycleAssert assertThat() {
        return new CycleAssert(this);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Pod ")
                .append(pod.getMetadata().getNamespace())
                .append('/')
                .append(pod.getMetadata().getName());
        if (!explanation.heldBack().isEmpty()) {
            return text.append(" is held back: ")
                    .append(said(explanation.heldBack()))
                    .append('\n')
                    .toString();
        }
        if (nodeName() != null) {
            text.append(" goes to ").append(nodeName());
        } else {
            text.append(" has no node: ").append(message());
        }
        if (nominatedNode() != null && !nominatedNode().isEmpty()) {
            text.append("; room is made on ").append(nominatedNode());
        }
        text.append('\n');
        if (!explanation.preFilter().rejecting().isEmpty()) {
            text.append("  before any node: ")
                    .append(said(explanation.preFilter().rejecting()))
                    .append('\n');
        }
        nodes.stream().limit(SHOWN).forEach(node -> text.append("  ")
                .append(node)
                .append(": ")
                .append(found(node))
                .append('\n'));
        if (nodes.size() > SHOWN) {
            text.append("  and ").append(nodes.size() - SHOWN).append(" more nodes\n");
        }
        return text.toString();
    }

    private static String said(List<Status> statuses) {
        return statuses.stream()
                .map(status -> status.plugin() + " says " + status.code() + " \"" + status.message() + "\"")
                .collect(Collectors.joining(", "));
    }

    /** All that was found about a node, in a line. */
    String found(String node) {
        List<String> parts = new ArrayList<>();
        explanation.preFilter().nodeNames().forEach((plugin, names) -> {
            if (!names.contains(node)) {
                parts.add(plugin + " wants other nodes");
            }
        });
        explanation.filter().values().forEach(refusals -> {
            Status status = refusals.get(node);
            if (status != null) {
                parts.add(said(List.of(status)));
            }
        });
        Status counted = explanation.withNominated().get(node);
        if (counted != null) {
            parts.add("with nominated pods " + said(List.of(counted)));
        }
        int index = explanation.feasible().indexOf(node);
        if (index < 0) {
            return parts.isEmpty() ? "not asked about" : String.join(", ", parts);
        }
        parts.add("feasible");
        if (index < explanation.total().size()) {
            parts.add("total " + explanation.total().get(index));
        }
        for (Explanation.Scores scores : explanation.scores()) {
            parts.add(scores.plugin() + " " + scores.normalized().get(index) + " x " + scores.weight() + " (raw "
                    + scores.raw().get(index) + ")");
        }
        return String.join(", ", parts);
    }
}
