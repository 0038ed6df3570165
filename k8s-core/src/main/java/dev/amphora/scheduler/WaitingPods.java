package dev.amphora.scheduler;

import dev.amphora.kernel.Actor;
import dev.amphora.scheduler.framework.PermitPlugin;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.framework.WaitingPod;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The pods that Permit plugins hold. Belongs to the scheduler's actor. */
final class WaitingPods {
    private static final Duration MAX_WAIT = Duration.ofMinutes(15);

    private final Actor actor;
    private final Map<String, Held> held = new LinkedHashMap<>();

    WaitingPods(Actor actor) {
        this.actor = actor;
    }

    /**
     * Holds a pod.
     *
     * @param plugins which hold it, and how long at most
     * @param outcome told once: success when all plugins allow it, else why it was turned down
     */
    void hold(PodInfo pod, String nodeName, Map<String, PermitPlugin.Result> plugins, Consumer<Status> outcome) {
        Held waiting = new Held(pod, nodeName, outcome);
        held.put(pod.uid(), waiting);
        plugins.forEach((plugin, result) -> {
            Duration timeout = result.timeout().compareTo(MAX_WAIT) > 0 ? MAX_WAIT : result.timeout();
            waiting.pending.put(
                    plugin,
                    actor.schedule(
                            timeout,
                            () -> waiting.finish(Status.unschedulable("rejected due to timeout after waiting "
                                            + text(timeout) + " at plugin " + plugin)
                                    .withPlugin(plugin))));
        });
    }

    /** A duration as the reference's language prints it, such as {@code 1m0s}. */
    static String text(Duration timeout) {
        StringBuilder text = new StringBuilder();
        if (timeout.toHours() > 0) {
            text.append(timeout.toHours()).append('h');
        }
        if (timeout.toMinutes() > 0) {
            text.append(timeout.toMinutesPart()).append('m');
        }
        BigDecimal seconds =
                BigDecimal.valueOf(timeout.toMillisPart(), 3).add(BigDecimal.valueOf(timeout.toSecondsPart()));
        if (!timeout.isZero() && timeout.compareTo(Duration.ofSeconds(1)) < 0) {
            return timeout.toMillis() + "ms";
        }
        return text.append(seconds.stripTrailingZeros().toPlainString())
                .append('s')
                .toString();
    }

    List<WaitingPod> list() {
        return List.copyOf(held.values());
    }

    /** Turns a pod down that has gone; returns whether it was held. */
    boolean reject(String uid, String reason) {
        Held waiting = held.get(uid);
        if (waiting == null) {
            return false;
        }
        waiting.finish(Status.unschedulable(reason).withPlugin(""));
        return true;
    }

    private final class Held implements WaitingPod {
        private final PodInfo pod;
        private final String nodeName;
        private final Consumer<Status> outcome;
        private final Map<String, Actor.Timer> pending = new LinkedHashMap<>();

        Held(PodInfo pod, String nodeName, Consumer<Status> outcome) {
            this.pod = pod;
            this.nodeName = nodeName;
            this.outcome = outcome;
        }

        @Override
        public PodInfo pod() {
            return pod;
        }

        @Override
        public String nodeName() {
            return nodeName;
        }

        @Override
        public List<String> pendingPlugins() {
            return List.copyOf(pending.keySet());
        }

        @Override
        public void allow(String plugin) {
            actor.execute(() -> {
                Actor.Timer timer = pending.remove(plugin);
                if (timer != null) {
                    timer.cancel();
                    if (pending.isEmpty()) {
                        finish(Status.success());
                    }
                }
            });
        }

        @Override
        public void reject(String plugin, String reason) {
            actor.execute(() -> finish(Status.unschedulable(reason).withPlugin(plugin)));
        }

        private void finish(Status status) {
            if (held.remove(pod.uid(), this)) {
                pending.values().forEach(Actor.Timer::cancel);
                pending.clear();
                outcome.accept(status);
            }
        }
    }
}
