package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeStatuses;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import java.util.List;

/**
 * The place of dynamic resource allocation (KEP-4381) in the profile. Pods without claims pass; pods with claims are turned down, since
 * no devices are allocated.
 */
public final class DynamicResources
        implements PreFilterPlugin, FilterPlugin, PostFilterPlugin, ScorePlugin, EnqueueExtensions {
    private static final CycleState.Key<Seen> SEEN = new CycleState.Key<>(Seen.class);

    private enum Seen implements CycleState.State {
        WITHOUT_CLAIMS,
        WITH_CLAIMS;

        @Override
        public Seen copy() {
            return this;
        }
    }

    @Override
    public PreFilterPlugin.Result preFilter(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        if (pod.spec().getResourceClaims().isEmpty()) {
            state.put(SEEN, Seen.WITHOUT_CLAIMS);
            return PreFilterPlugin.Result.skip();
        }
        state.put(SEEN, Seen.WITH_CLAIMS);
        return PreFilterPlugin.Result.of(Status.unresolvable("no devices can be allocated for resource claims"));
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return Status.success();
    }

    @Override
    public PostFilterPlugin.Result postFilter(CycleState state, PodInfo pod, NodeStatuses statuses) {
        // The state is missing if an earlier PreFilter has turned the pod down; the reference ends in this very error
        // then.
        Seen seen = state.require(SEEN);
        return PostFilterPlugin.Result.of(Status.unschedulable(
                seen == Seen.WITHOUT_CLAIMS ? "no new claims to deallocate" : "still not schedulable"));
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        return 0;
    }

    @Override
    public List<EventToRegister> eventsToRegister() {
        return List.of(EventToRegister.always(
                EventResource.NODE, Actions.ADD | Actions.UPDATE_NODE_ALLOCATABLE | Actions.UPDATE_NODE_LABEL));
    }
}
