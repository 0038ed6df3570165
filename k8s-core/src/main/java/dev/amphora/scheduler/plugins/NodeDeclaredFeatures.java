package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueingHint.Answer;
import dev.amphora.scheduler.framework.Status;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerRestartRule;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Holds pods to nodes whose kubelet declares the features that they need (KEP-5328). */
public final class NodeDeclaredFeatures implements PreFilterPlugin, FilterPlugin, EnqueueExtensions {
    private static final String RESTART_ALL = "RestartAllContainersOnContainerExits";
    private static final CycleState.Key<Needed> NEEDED = new CycleState.Key<>(Needed.class);

    private record Needed(Set<String> features) implements CycleState.State {
        @Override
        public Needed copy() {
            return this;
        }
    }

    @Override
    public Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        Set<String> features = needed(pod);
        if (features.isEmpty()) {
            return Result.skip();
        }
        state.put(NEEDED, new Needed(features));
        return Result.success();
    }

    private static Set<String> needed(PodInfo pod) {
        return restartsAll(pod.spec().getContainers()) || restartsAll(pod.spec().getInitContainers())
                ? Set.of(RESTART_ALL)
                : Set.of();
    }

    private static boolean restartsAll(List<Container> containers) {
        for (int i = 0; i < containers.size(); i++) {
            for (ContainerRestartRule rule : containers.get(i).getRestartPolicyRules()) {
                if ("RestartAllContainers".equals(rule.getAction())) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return missing(state.require(NEEDED).features, node.node());
    }

    private static Status missing(Set<String> needed, Node node) {
        Set<String> missing = new TreeSet<>(needed);
        missing.removeAll(listed(node));
        return missing.isEmpty()
                ? Status.success()
                : Status.unresolvable("node declared features check failed - unsatisfied requirements: "
                        + String.join(", ", missing));
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(
                EventToRegister.judged(
                        EventResource.NODE,
                        Actions.ADD | Actions.UPDATE_NODE_DECLARED_FEATURE,
                        NodeDeclaredFeatures::afterNodeChange),
                EventToRegister.judged(EventResource.POD, Actions.UPDATE, NodeDeclaredFeatures::afterPodChange));
    }

    private static Answer afterNodeChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        return Answer.queueIf(before == null || !listed(before).equals(listed(after)));
    }

    private static List<String> listed(@Nullable HasMetadata object) {
        return object instanceof Node node && node.getStatus() != null
                ? node.getStatus().getDeclaredFeatures()
                : List.of();
    }

    private static Answer afterPodChange(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        PodInfo old = Hints.pod(before);
        PodInfo now = Hints.pod(after);
        return Answer.queueIf(old != null
                && now != null
                && Hints.isSame(pod, after)
                && !needed(old).equals(needed(now)));
    }
}
