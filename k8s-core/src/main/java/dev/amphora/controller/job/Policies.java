package dev.amphora.controller.job;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyOnExitCodesRequirement;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyOnPodConditionsPattern;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyRule;
import io.fabric8.kubernetes.api.model.batch.v1.SuccessPolicyRule;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a Job's failure and success policies say. */
final class Policies {
    private Policies() {}

    /**
     * What the failure policy says about a failed pod.
     *
     * @param counts whether the failure counts towards the back-off limit
     * @param action such as {@code FailJob}; null if no rule matches
     * @param message why the whole Job fails; null if it does not
     */
    record Verdict(boolean counts, @Nullable String action, @Nullable String message) {
        static final Verdict COUNTS = new Verdict(true, null, null);
    }

    static Verdict judge(JobSpec spec, Pod pod) {
        if (spec.getPodFailurePolicy() == null || spec.getPodFailurePolicy().getRules() == null) {
            return Verdict.COUNTS;
        }
        List<PodFailurePolicyRule> rules = spec.getPodFailurePolicy().getRules();
        for (int i = 0; i < rules.size(); i++) {
            PodFailurePolicyRule rule = rules.get(i);
            String what =
                    rule.getOnExitCodes() != null ? onExitCode(rule.getOnExitCodes(), pod) : onCondition(rule, pod);
            if (what != null) {
                String message = rule.getAction().equals("FailJob")
                        ? "%s matching %s rule at index %d".formatted(what, rule.getAction(), i)
                        : null;
                return new Verdict(!rule.getAction().equals("Ignore"), rule.getAction(), message);
            }
        }
        return Verdict.COUNTS;
    }

    private static @Nullable String onExitCode(PodFailurePolicyOnExitCodesRequirement requirement, Pod pod) {
        if (pod.getStatus() == null) {
            return null;
        }
        List<ContainerStatus> all = new ArrayList<>(pod.getStatus().getContainerStatuses());
        all.addAll(pod.getStatus().getInitContainerStatuses());
        for (ContainerStatus status : all) {
            ContainerStateTerminated ended =
                    status.getState() == null ? null : status.getState().getTerminated();
            if (ended == null || ended.getExitCode() == null || ended.getExitCode() == 0) {
                continue;
            }
            if (requirement.getContainerName() != null
                    && !requirement.getContainerName().equals(status.getName())) {
                continue;
            }
            boolean listed = requirement.getValues().contains(ended.getExitCode());
            if (listed == requirement.getOperator().equals("In")) {
                return "Container %s for pod %s failed with exit code %d"
                        .formatted(status.getName(), nameOf(pod), ended.getExitCode());
            }
        }
        return null;
    }

    private static @Nullable String onCondition(PodFailurePolicyRule rule, Pod pod) {
        if (pod.getStatus() == null || rule.getOnPodConditions() == null) {
            return null;
        }
        for (PodCondition condition : pod.getStatus().getConditions()) {
            for (PodFailurePolicyOnPodConditionsPattern pattern : rule.getOnPodConditions()) {
                if (condition.getType().equals(pattern.getType())
                        && condition.getStatus().equals(pattern.getStatus() == null ? "True" : pattern.getStatus())) {
                    return "Pod %s has condition %s".formatted(nameOf(pod), condition.getType());
                }
            }
        }
        return null;
    }

    private static String nameOf(Pod pod) {
        return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
    }

    /** Why the Job has succeeded by its success policy; empty if it has not. */
    static Optional<String> success(JobSpec spec, NavigableSet<Integer> succeeded) {
        if (spec.getSuccessPolicy() == null || spec.getSuccessPolicy().getRules() == null) {
            return Optional.empty();
        }
        List<SuccessPolicyRule> rules = spec.getSuccessPolicy().getRules();
        for (int i = 0; i < rules.size(); i++) {
            if (holds(rules.get(i), spec.getCompletions(), succeeded)) {
                return Optional.of("Matched rules at index " + i);
            }
        }
        return Optional.empty();
    }

    private static boolean holds(SuccessPolicyRule rule, int completions, NavigableSet<Integer> succeeded) {
        if (rule.getSucceededIndexes() == null) {
            return rule.getSucceededCount() != null && succeeded.size() >= rule.getSucceededCount();
        }
        NavigableSet<Integer> wanted = Indexes.parse(rule.getSucceededIndexes(), completions);
        int needed = rule.getSucceededCount() == null ? wanted.size() : rule.getSucceededCount();
        wanted.retainAll(succeeded);
        return wanted.size() >= needed;
    }
}
