package dev.amphora.scheduler.plugins;

import dev.amphora.api.FieldError;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.SchedulerExtender.Verb;
import dev.amphora.scheduler.framework.SchedulerExtender.Victims;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets extenders choose among candidates for preemption and their victims, one after the other. Extenders that don't have a say here may
 * later turn down the node that room was made on; the pod then goes elsewhere.
 */
final class PreemptionExtenders {
    private static final Logger log = LoggerFactory.getLogger(PreemptionExtenders.class);

    private PreemptionExtenders() {}

    /** Whether any has a say about a pod. */
    static boolean haveASay(Handle handle, PodInfo pod) {
        return !asked(handle, pod).isEmpty();
    }

    private static List<SchedulerExtender> asked(Handle handle, PodInfo pod) {
        return handle.extenders().stream()
                .filter(each -> each.verbs().contains(Verb.PREEMPT) && each.isInterestedIn(pod))
                .toList();
    }

    /**
     * The candidates that are left, with the victims that extenders want.
     *
     * @throws RuntimeException if an extender fails that may not be ignored, or names a node without victims
     */
    static List<Candidate> ask(Handle handle, PodInfo pod, List<Candidate> candidates) {
        List<SchedulerExtender> asked = asked(handle, pod);
        if (asked.isEmpty() || candidates.isEmpty()) {
            return candidates;
        }
        Map<String, Victims> left = new LinkedHashMap<>();
        candidates.forEach(each -> left.put(each.node().name(), new Victims(each.victims(), each.violations())));
        for (SchedulerExtender extender : asked) {
            Map<String, Victims> answer;
            try {
                answer = new LinkedHashMap<>(extender.preempt(
                        pod, Collections.unmodifiableMap(new LinkedHashMap<>(left)), handle.snapshot()));
            } catch (RuntimeException e) {
                if (extender.isIgnorable()) {
                    log.debug("Extender {} failed and is ignored: {}", extender.name(), e.getMessage());
                    continue;
                }
                throw e;
            }
            answer.entrySet().removeIf(each -> {
                if (!each.getValue().pods().isEmpty()) {
                    return false;
                }
                if (extender.isIgnorable()) {
                    return true;
                }
                throw new IllegalStateException(
                        "expected at least one victim pod on node " + FieldError.quoted(each.getKey()));
            });
            left.clear();
            left.putAll(answer);
            if (left.isEmpty()) {
                break;
            }
        }
        List<Candidate> chosen = new ArrayList<>();
        left.forEach((name, victims) -> {
            NodeInfo node = handle.snapshot().node(name);
            if (node == null) {
                throw new IllegalStateException("nodeinfo not found for node name " + FieldError.quoted(name));
            }
            chosen.add(new Candidate(node, victims.pods(), Math.toIntExact(victims.violations())));
        });
        return chosen;
    }
}
