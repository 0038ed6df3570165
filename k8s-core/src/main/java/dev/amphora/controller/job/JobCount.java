package dev.amphora.controller.job;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobConditionBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.UncountedTerminatedPods;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Counts ended pods, each exactly once wherever a crash may fall: first their uids are written down as uncounted, then they lose their
 * finalizer, and only then the counters rise.
 */
final class JobCount {
    /** At most so many pods are written down at a time. */
    static final int UNCOUNTED = 500;

    private JobCount() {}

    /**
     * What to write down before the finalizers go.
     *
     * @param status with the new uncounted pods
     * @param release the pods that lose their finalizer when it is written
     */
    record Noted(JobStatus status, List<Pod> release) {}

    /**
     * Notes pods that have ended.
     *
     * @param status the status so far
     * @param ending how the Job ends; null if it does not
     */
    static Noted note(JobView view, JobStatus status, JobView.@Nullable Ending ending) {
        JobStatus noted = settle(status, tracked(view.pods));
        List<String> succeeded = new ArrayList<>(uncounted(noted).getSucceeded());
        List<String> failed = new ArrayList<>(uncounted(noted).getFailed());
        NavigableSet<Integer> indexes = new TreeSet<>(view.succeededBefore);
        List<Pod> release = new ArrayList<>();
        boolean indexed = JobFacts.isIndexed(view.job);
        int fresh = 0;
        for (Pod pod : indexed ? byIndex(view.pods) : view.pods) {
            boolean hasFailed = JobFacts.hasFailed(view.spec, pod);
            if (!JobFacts.isTracked(pod) || !isReleased(view, pod, ending, hasFailed)) {
                continue;
            }
            release.add(pod);
            String uid = pod.getMetadata().getUid();
            boolean counts = !indexed || JobFacts.hasIndex(view.job, pod);
            if (JobFacts.hasSucceeded(pod) && !failed.contains(uid)) {
                if (indexed) {
                    if (counts && indexes.add(JobFacts.index(pod))) {
                        fresh++;
                    }
                } else if (!succeeded.contains(uid)) {
                    succeeded.add(uid);
                }
            } else if ((hasFailed || (ending != null && !ending.isSuccess()))
                    && counts
                    && !failed.contains(uid)
                    && Policies.judge(view.spec, pod).counts()) {
                failed.add(uid);
            }
            if (fresh + succeeded.size() + failed.size() >= UNCOUNTED) {
                break;
            }
        }
        UncountedTerminatedPods uncounted = new UncountedTerminatedPods();
        uncounted.setSucceeded(succeeded);
        uncounted.setFailed(failed);
        noted.setUncountedTerminatedPods(uncounted);
        if (indexed) {
            noted.setSucceeded(positive(indexes.size()));
            noted.setCompletedIndexes(indexes.isEmpty() ? null : Indexes.format(indexes));
            noted.setFailedIndexes(JobFacts.limitsPerIndex(view.spec) ? Indexes.format(view.failedIndexes) : null);
        }
        if (ending != null
                && noted.getConditions().stream().noneMatch(c -> c.getType().equals(ending.type()))) {
            noted.setConditions(
                    with(noted.getConditions(), ending.type(), "True", ending.reason(), ending.message(), view.now));
        }
        return new Noted(noted, release);
    }

    private static boolean isReleased(JobView view, Pod pod, JobView.@Nullable Ending ending, boolean hasFailed) {
        if (Pods.isTerminating(view.job) || ending != null || JobFacts.hasSucceeded(pod)) {
            return true;
        }
        Pod kept = hasFailed ? view.kept.get(JobFacts.index(pod)) : null;
        return hasFailed
                && (kept == null
                        || !kept.getMetadata().getUid().equals(pod.getMetadata().getUid()));
    }

    private static List<Pod> byIndex(List<Pod> pods) {
        List<Pod> sorted = new ArrayList<>(pods);
        sorted.sort(Comparator.comparingInt(JobFacts::index));
        return sorted;
    }

    /** The uids of the pods that still have the finalizer. */
    static Set<String> tracked(List<Pod> pods) {
        Set<String> uids = new TreeSet<>();
        for (Pod pod : pods) {
            if (JobFacts.isTracked(pod)) {
                uids.add(pod.getMetadata().getUid());
            }
        }
        return uids;
    }

    /**
     * Raises the counters by the uncounted pods that have lost their finalizer.
     *
     * @param tracked the uids of those that have not
     */
    static JobStatus settle(JobStatus status, Set<String> tracked) {
        JobStatus settled = status.edit().build();
        UncountedTerminatedPods before = uncounted(status);
        UncountedTerminatedPods after = new UncountedTerminatedPods();
        after.setSucceeded(
                before.getSucceeded().stream().filter(tracked::contains).toList());
        after.setFailed(before.getFailed().stream().filter(tracked::contains).toList());
        settled.setUncountedTerminatedPods(after);
        settled.setSucceeded(positive(JobFacts.orZero(status.getSucceeded())
                + before.getSucceeded().size()
                - after.getSucceeded().size()));
        settled.setFailed(positive(JobFacts.orZero(status.getFailed())
                + before.getFailed().size()
                - after.getFailed().size()));
        return settled;
    }

    /** The status with its last condition; the same if pods are still uncounted or on their way out. */
    static JobStatus finish(JobStatus status, JobView.Ending ending, Instant now) {
        UncountedTerminatedPods uncounted = uncounted(status);
        if (!uncounted.getSucceeded().isEmpty()
                || !uncounted.getFailed().isEmpty()
                || JobFacts.orZero(status.getTerminating()) > 0) {
            return status;
        }
        JobStatus finished = status.edit().build();
        finished.setConditions(with(
                status.getConditions(),
                ending.isSuccess() ? "Complete" : "Failed",
                "True",
                ending.reason(),
                ending.message(),
                now));
        if (ending.isSuccess()) {
            finished.setCompletionTime(Pods.stamp(now));
        }
        return finished;
    }

    /** The conditions with one more, or one changed; a condition that never held is not added as false. */
    static List<JobCondition> with(
            List<JobCondition> conditions, String type, String status, String reason, String message, Instant now) {
        List<JobCondition> changed = new ArrayList<>(conditions);
        JobCondition condition = new JobConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withLastProbeTime(Pods.stamp(now))
                .withLastTransitionTime(Pods.stamp(now))
                .build();
        for (int i = 0; i < changed.size(); i++) {
            JobCondition present = changed.get(i);
            if (present.getType().equals(type)) {
                if (!present.getStatus().equals(status)) {
                    changed.set(i, condition);
                }
                return changed;
            }
        }
        if (!status.equals("False")) {
            changed.add(condition);
        }
        return changed;
    }

    private static UncountedTerminatedPods uncounted(JobStatus status) {
        return status.getUncountedTerminatedPods() == null
                ? new UncountedTerminatedPods()
                : status.getUncountedTerminatedPods();
    }

    static @Nullable Integer positive(int number) {
        return number == 0 ? null : number;
    }
}
