package dev.amphora.controller.job;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is read off Jobs and their pods. */
final class JobFacts {
    static final String FINALIZER = "batch.kubernetes.io/job-tracking";
    static final String INDEX = "batch.kubernetes.io/job-completion-index";
    static final String FAILURES = "batch.kubernetes.io/job-index-failure-count";
    static final String IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count";

    private JobFacts() {}

    static boolean isIndexed(Job job) {
        return "Indexed".equals(job.getSpec().getCompletionMode());
    }

    static boolean isSuspended(Job job) {
        return Boolean.TRUE.equals(job.getSpec().getSuspend());
    }

    static boolean isOurs(Job job) {
        String by = job.getSpec().getManagedBy();
        return by == null || by.equals("kubernetes.io/job-controller");
    }

    static boolean limitsPerIndex(JobSpec spec) {
        return spec.getBackoffLimitPerIndex() != null;
    }

    /** Whether a pod is replaced only when it has failed, not already when it is on its way out. */
    static boolean waitsForFailure(JobSpec spec) {
        return "Failed".equals(spec.getPodReplacementPolicy()) || spec.getPodFailurePolicy() != null;
    }

    static JobStatus status(Job job) {
        return job.getStatus() == null ? new JobStatus() : job.getStatus();
    }

    /** A condition that is true. */
    static Optional<JobCondition> holding(Job job, String type) {
        return status(job).getConditions().stream()
                .filter(condition -> type.equals(condition.getType()) && "True".equals(condition.getStatus()))
                .findFirst();
    }

    /** The condition Complete or Failed; empty while the Job runs. */
    static Optional<JobCondition> ended(Job job) {
        return holding(job, "Complete").or(() -> holding(job, "Failed"));
    }

    static boolean isTracked(Pod pod) {
        return pod.getMetadata().getFinalizers() != null
                && pod.getMetadata().getFinalizers().contains(FINALIZER);
    }

    static boolean hasSucceeded(Pod pod) {
        return Pods.phase(pod).equals("Succeeded");
    }

    static boolean hasFailed(JobSpec spec, Pod pod) {
        if (Pods.phase(pod).equals("Failed")) {
            return true;
        }
        return !waitsForFailure(spec) && Pods.isTerminating(pod) && !hasSucceeded(pod);
    }

    /** The completion index that an annotation tells; -1 if there is none. */
    static int index(Pod pod) {
        return number(pod, INDEX, -1);
    }

    static boolean hasIndex(Job job, Pod pod) {
        int index = index(pod);
        return index >= 0 && index < job.getSpec().getCompletions();
    }

    static int failures(Pod pod) {
        return number(pod, FAILURES, 0);
    }

    static int ignored(Pod pod) {
        return number(pod, IGNORED, 0);
    }

    private static int number(Pod pod, String annotation, int otherwise) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        String text = annotations == null ? null : annotations.get(annotation);
        if (text == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(text);
            return number < 0 ? otherwise : number;
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    /** When a pod ended, as well as it can be told. */
    static Instant finished(Pod pod) {
        Instant last = null;
        boolean all = true;
        for (ContainerStatus status : statuses(pod)) {
            Instant at = status.getState() == null || status.getState().getTerminated() == null
                    ? null
                    : Pods.time(status.getState().getTerminated().getFinishedAt());
            if (at == null) {
                all = false;
            } else if (last == null || at.isAfter(last)) {
                last = at;
            }
        }
        if (all && last != null) {
            return last;
        }
        Instant unready = Pods.condition(pod, "Ready")
                .filter(condition -> "False".equals(condition.getStatus()))
                .map(condition -> Pods.time(condition.getLastTransitionTime()))
                .orElse(null);
        if (unready != null) {
            return unready;
        }
        Instant deleted = Pods.time(pod.getMetadata().getDeletionTimestamp());
        if (deleted != null) {
            Long grace = pod.getMetadata().getDeletionGracePeriodSeconds();
            return grace == null ? deleted : deleted.minusSeconds(grace);
        }
        return Objects.requireNonNullElse(Pods.time(pod.getMetadata().getCreationTimestamp()), Instant.EPOCH);
    }

    static List<ContainerStatus> statuses(Pod pod) {
        List<ContainerStatus> all = new ArrayList<>();
        if (pod.getStatus() != null) {
            all.addAll(pod.getStatus().getContainerStatuses());
        }
        return all;
    }

    static int orZero(@Nullable Integer value) {
        return value == null ? 0 : value;
    }
}
