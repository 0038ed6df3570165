package dev.amphora.scheduler;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.scheduler.framework.PermitPlugin;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreBindPlugin;
import dev.amphora.scheduler.framework.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows when a pod has its node: Permit, then, beside the scheduling of other pods, PreBind and Bind. Reports to the loop on its
 * actor.
 */
final class BindingCycle implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(BindingCycle.class);
    private final SchedulerLoop loop;
    private final Lanes lanes;

    BindingCycle(Kernel kernel, SchedulerLoop loop) {
        this.loop = loop;
        this.lanes = new Lanes(kernel, "scheduler/binding");
    }

    @Override
    public void close() {
        lanes.close();
    }

    /** Asks the Permit plugins, on the loop's actor; goes on when all have let the pod through. */
    void permit(Attempt attempt, String nodeName, WaitingPods waitingPods) {
        PodInfo pod = attempt.queued().pod;
        Map<String, PermitPlugin.Result> holding = new LinkedHashMap<>();
        for (PermitPlugin plugin : attempt.profile().permitPlugins()) {
            PermitPlugin.Result result;
            try {
                result = plugin.permit(attempt.state(), pod, nodeName);
            } catch (RuntimeException e) {
                log.warn("Permit plugin {} failed", plugin.name(), e);
                result = PermitPlugin.Result.reject(Status.error(String.valueOf(e.getMessage())));
            }
            Status status = result.status();
            if (status.code() == Status.Code.WAIT) {
                holding.put(plugin.name(), result);
            } else if (!status.isSuccess()) {
                Status refusal = status.isRejected()
                        ? status.withPlugin(plugin.name())
                        : Status.error("running Permit plugin \"" + plugin.name() + "\": " + status.message())
                                .withPlugin(plugin.name());
                loop.turnedDown(attempt, nodeName, refusal);
                return;
            }
        }
        if (holding.isEmpty()) {
            proceed(attempt, nodeName, false);
            return;
        }
        loop.announce(attempt, nodeName);
        waitingPods.hold(pod, nodeName, holding, outcome -> {
            if (outcome.isSuccess()) {
                proceed(attempt, nodeName, true);
            } else {
                loop.notPermitted(attempt, nodeName, outcome);
            }
        });
    }

    private void proceed(Attempt attempt, String nodeName, boolean announced) {
        loop.permitted(attempt);
        PodInfo pod = attempt.queued().pod;
        List<PreBindPlugin> preparing = new ArrayList<>();
        for (PreBindPlugin plugin : attempt.profile().preBindPlugins()) {
            Status status = plugin.preBindPreFlight(attempt.state(), pod, nodeName);
            if (status.isSuccess()) {
                preparing.add(plugin);
            } else if (!status.isSkip()) {
                loop.notBound(attempt, nodeName, status.withPlugin(plugin.name()));
                return;
            }
        }
        if (!preparing.isEmpty() && !announced) {
            loop.announce(attempt, nodeName);
        }
        Actor lane = lanes.next();
        lane.execute(() -> prepare(attempt, nodeName, lane, preparing, 0));
    }

    private void prepare(Attempt attempt, String nodeName, Actor lane, List<PreBindPlugin> plugins, int index) {
        if (index == plugins.size()) {
            loop.settleStatus(attempt.queued().pod, lane, () -> bind(attempt, nodeName));
            return;
        }
        PreBindPlugin plugin = plugins.get(index);
        try {
            plugin.preBind(attempt.state(), attempt.queued().pod, nodeName)
                    .whenComplete((status, failure) -> lane.execute(() -> {
                        if (failure != null) {
                            report(
                                    attempt,
                                    nodeName,
                                    Status.error(message(plugin, String.valueOf(failure.getMessage()))));
                        } else if (!status.isSuccess()) {
                            report(
                                    attempt,
                                    nodeName,
                                    status.isRejected()
                                            ? status.withPlugin(plugin.name())
                                            : Status.error(message(plugin, status.message())));
                        } else {
                            prepare(attempt, nodeName, lane, plugins, index + 1);
                        }
                    }));
        } catch (RuntimeException e) {
            report(attempt, nodeName, Status.error(message(plugin, String.valueOf(e.getMessage()))));
        }
    }

    private static String message(PreBindPlugin plugin, String why) {
        return "running PreBind plugin \"" + plugin.name() + "\": " + why;
    }

    private void bind(Attempt attempt, String nodeName) {
        Status status = attempt.profile().runBind(attempt.state(), attempt.queued().pod, nodeName);
        if (status.isSuccess()) {
            loop.actor().execute(() -> loop.bound(attempt, nodeName));
        } else {
            report(attempt, nodeName, Status.error("binding rejected: " + status.message()));
        }
    }

    private void report(Attempt attempt, String nodeName, Status status) {
        loop.actor().execute(() -> loop.notBound(attempt, nodeName, status));
    }
}
