package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.EnqueueExtensions;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.EventToRegister;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.PermitPlugin;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PreEnqueuePlugin;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueingHint;
import dev.amphora.scheduler.framework.ReservePlugin;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which events one profile's plugins have registered, and what their hints say. */
final class QueueingHints {
    private static final Logger log = LoggerFactory.getLogger(QueueingHints.class);

    private final List<Registration> registrations = new ArrayList<>();
    private final Map<ClusterEvent, List<Registration>> concerned = new HashMap<>();

    /**
     * One event that a plugin has registered.
     *
     * @param implied whether it hasn't said so itself
     */
    record Registration(String plugin, ClusterEvent event, @Nullable QueueingHint hint, boolean implied) {
        /** Whether a change helps a pod. A hint that fails counts as yes. */
        boolean helps(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
            if (hint == null) {
                return true;
            }
            try {
                return hint.judge(pod, before, after) == QueueingHint.Answer.QUEUE;
            } catch (RuntimeException e) {
                log.warn("The queueing hint of {} failed for pod {}", plugin, pod, e);
                return true;
            }
        }

        /** What the hint says, as text; a failure too. */
        String answer(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
            if (hint == null) {
                return QueueingHint.Answer.QUEUE.toString();
            }
            try {
                return hint.judge(pod, before, after).toString();
            } catch (RuntimeException e) {
                return "error: " + e.getMessage();
            }
        }
    }

    /**
     * What plugins have registered.
     *
     * @param extenders whether there are extenders, which can't register anything: any event may help a pod that they turn down
     */
    QueueingHints(List<Plugin> plugins, boolean extenders) {
        if (extenders) {
            registrations.add(new Registration(Extenders.NAME, ClusterEvent.WILDCARD, null, true));
        }
        for (Plugin plugin : plugins) {
            if (plugin instanceof EnqueueExtensions extensions) {
                register(plugin.name(), extensions.eventsToRegister());
            } else if (canReject(plugin)) {
                registrations.add(new Registration(plugin.name(), ClusterEvent.WILDCARD, null, true));
            }
        }
    }

    /** As in the reference, a plugin that waits for new nodes also hears of changed taints, whatever its hints say. */
    private void register(String plugin, List<EventToRegister> events) {
        boolean nodeAdd = false;
        boolean nodeTaint = false;
        for (EventToRegister event : events) {
            registrations.add(new Registration(plugin, event.event(), event.hint(), false));
            if (event.event().resource() == EventResource.NODE) {
                nodeAdd |= (event.event().actions() & Actions.ADD) != 0;
                nodeTaint |= (event.event().actions() & Actions.UPDATE_NODE_TAINT) != 0;
            }
        }
        if (nodeAdd && !nodeTaint) {
            ClusterEvent taint = new ClusterEvent(EventResource.NODE, Actions.UPDATE_NODE_TAINT);
            registrations.add(new Registration(plugin, taint, null, true));
        }
    }

    private static boolean canReject(Plugin plugin) {
        return plugin instanceof PreEnqueuePlugin
                || plugin instanceof PreFilterPlugin
                || plugin instanceof FilterPlugin
                || plugin instanceof ReservePlugin
                || plugin instanceof PermitPlugin;
    }

    /** The registrations that an event concerns. */
    List<Registration> concernedBy(ClusterEvent event) {
        return concerned.computeIfAbsent(event, incoming -> registrations.stream()
                .filter(registration -> registration.event.matches(incoming))
                .toList());
    }

    /** Whether an event concerns a plugin at all. */
    boolean concerns(ClusterEvent event, String plugin) {
        for (Registration registration : concernedBy(event)) {
            if (registration.plugin.equals(plugin)) {
                return true;
            }
        }
        return false;
    }

    /** What events have been registered for. */
    Set<EventResource> resources() {
        return registrations.stream()
                .map(registration -> registration.event.resource())
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(EventResource.class)));
    }
}
