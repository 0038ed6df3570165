package dev.amphora.controller.job;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.UncountedTerminatedPods;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A running Job and its pods as seen at one time, with what follows from them: how many have ended, and whether the Job has. */
final class JobView {
    /**
     * How a Job ends.
     *
     * @param type {@code FailureTarget} or {@code SuccessCriteriaMet}
     */
    record Ending(String type, String reason, String message) {
        static final Ending COMPLETED =
                new Ending("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods");

        static Ending failure(String reason, String message) {
            return new Ending("FailureTarget", reason, message);
        }

        boolean isSuccess() {
            return type.equals("SuccessCriteriaMet");
        }
    }

    final Job job;
    final JobSpec spec;
    final List<Pod> pods;
    final List<Pod> active;
    final Instant now;
    final @Nullable Instant started;
    final Set<String> uncountedSucceeded;
    final Set<String> uncountedFailed;
    final int succeeded;
    final int failed;
    final NavigableSet<Integer> succeededBefore;
    final NavigableSet<Integer> succeededIndexes;
    final NavigableSet<Integer> failedIndexes;
    /** The failed pods that tell how often their index has failed, until another pod of that index does. */
    final Map<Integer, Pod> kept;

    final Backoff backoff;
    final @Nullable Ending ending;

    JobView(Job job, List<Pod> pods, Backoff before, Instant now) {
        this.job = job;
        this.spec = job.getSpec();
        this.pods = pods;
        this.active = pods.stream().filter(Pods::isActive).toList();
        this.now = now;
        JobStatus status = JobFacts.status(job);
        Instant start = Pods.time(status.getStartTime());
        this.started = start == null && !JobFacts.isSuspended(job) ? now : start;
        UncountedTerminatedPods uncounted = status.getUncountedTerminatedPods() == null
                ? new UncountedTerminatedPods()
                : status.getUncountedTerminatedPods();
        this.uncountedSucceeded = new HashSet<>(uncounted.getSucceeded());
        this.uncountedFailed = new HashSet<>(uncounted.getFailed());
        List<Pod> newSucceeded = fresh(uncountedSucceeded, JobFacts::hasSucceeded);
        List<Pod> newFailed = fresh(uncountedFailed, pod -> JobFacts.hasFailed(spec, pod));
        this.backoff = before.with(newSucceeded, newFailed);
        this.failed = JobFacts.orZero(status.getFailed())
                + uncountedFailed.size()
                + (int) newFailed.stream()
                        .filter(pod -> Policies.judge(spec, pod).counts())
                        .count();
        this.succeededBefore = new TreeSet<>();
        this.succeededIndexes = new TreeSet<>();
        this.failedIndexes = new TreeSet<>();
        this.kept = new TreeMap<>();
        if (JobFacts.isIndexed(job)) {
            index(status);
            this.succeeded = succeededIndexes.size();
        } else {
            this.succeeded = JobFacts.orZero(status.getSucceeded()) + newSucceeded.size() + uncountedSucceeded.size();
        }
        this.ending = ending();
    }

    private List<Pod> fresh(Set<String> uncounted, Predicate<Pod> ended) {
        List<Pod> fresh = new ArrayList<>();
        for (Pod pod : pods) {
            if (JobFacts.isTracked(pod)
                    && !uncounted.contains(pod.getMetadata().getUid())
                    && (!JobFacts.isIndexed(job) || JobFacts.hasIndex(job, pod))
                    && ended.test(pod)) {
                fresh.add(pod);
            }
        }
        return fresh;
    }

    private void index(JobStatus status) {
        succeededBefore.addAll(Indexes.parse(status.getCompletedIndexes(), spec.getCompletions()));
        succeededIndexes.addAll(succeededBefore);
        for (Pod pod : fresh(Set.of(), JobFacts::hasSucceeded)) {
            succeededIndexes.add(JobFacts.index(pod));
        }
        if (!JobFacts.limitsPerIndex(spec)) {
            return;
        }
        failedIndexes.addAll(Indexes.parse(status.getFailedIndexes(), spec.getCompletions()));
        List<Pod> failures = fresh(Set.of(), pod -> JobFacts.hasFailed(spec, pod));
        for (Pod pod : failures) {
            Policies.Verdict verdict = Policies.judge(spec, pod);
            if ("FailIndex".equals(verdict.action())
                    || (verdict.counts() && JobFacts.failures(pod) >= spec.getBackoffLimitPerIndex())) {
                failedIndexes.add(JobFacts.index(pod));
            }
        }
        Set<Integer> running = new HashSet<>();
        active.forEach(pod -> running.add(JobFacts.index(pod)));
        for (Pod pod : failures) {
            int index = JobFacts.index(pod);
            if (!running.contains(index) && !succeededIndexes.contains(index) && !failedIndexes.contains(index)) {
                kept.merge(index, pod, JobView::later);
            }
        }
    }

    private static Pod later(Pod one, Pod other) {
        int more = Integer.compare(
                JobFacts.failures(one) + JobFacts.ignored(one), JobFacts.failures(other) + JobFacts.ignored(other));
        if (more != 0) {
            return more > 0 ? one : other;
        }
        return JobFacts.finished(other).isAfter(JobFacts.finished(one)) ? other : one;
    }

    private @Nullable Ending ending() {
        JobCondition success = JobFacts.holding(job, "SuccessCriteriaMet").orElse(null);
        if (success != null) {
            return new Ending(success.getType(), success.getReason(), success.getMessage());
        }
        JobCondition failure = JobFacts.holding(job, "FailureTarget").orElse(null);
        if (failure != null) {
            return new Ending(failure.getType(), failure.getReason(), failure.getMessage());
        }
        for (Pod pod : pods) {
            if (JobFacts.hasFailed(spec, pod)) {
                String message = Policies.judge(spec, pod).message();
                if (message != null) {
                    return Ending.failure("PodFailurePolicy", message);
                }
            }
        }
        int limit = spec.getBackoffLimit() == null ? Integer.MAX_VALUE : spec.getBackoffLimit();
        if (failed > limit || restartsExceed(limit)) {
            return Ending.failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }
        Duration left = untilDeadline();
        if (left != null && left.isZero()) {
            return Ending.failure("DeadlineExceeded", "Job was active longer than specified deadline");
        }
        return JobFacts.isIndexed(job) ? endingByIndexes() : null;
    }

    private @Nullable Ending endingByIndexes() {
        if (JobFacts.limitsPerIndex(spec)) {
            if (spec.getMaxFailedIndexes() != null && failedIndexes.size() > spec.getMaxFailedIndexes()) {
                return Ending.failure(
                        "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
            }
            if (!failedIndexes.isEmpty() && failedIndexes.size() + succeededIndexes.size() >= spec.getCompletions()) {
                return Ending.failure("FailedIndexes", "Job has failed indexes");
            }
        }
        return Policies.success(spec, succeededIndexes)
                .map(message -> new Ending("SuccessCriteriaMet", "SuccessPolicy", message))
                .orElse(null);
    }

    private boolean restartsExceed(int limit) {
        if (!"OnFailure".equals(spec.getTemplate().getSpec().getRestartPolicy())) {
            return false;
        }
        long restarts = 0;
        for (Pod pod : pods) {
            if (!Pods.isTerminal(pod) && pod.getStatus() != null) {
                for (ContainerStatus status : pod.getStatus().getInitContainerStatuses()) {
                    restarts += JobFacts.orZero(status.getRestartCount());
                }
                for (ContainerStatus status : pod.getStatus().getContainerStatuses()) {
                    restarts += JobFacts.orZero(status.getRestartCount());
                }
            }
        }
        return limit == 0 ? restarts > 0 : restarts >= limit;
    }

    /** How long the Job may still run, not less than zero; null if there is no deadline, or it does not count now. */
    @Nullable Duration untilDeadline() {
        if (spec.getActiveDeadlineSeconds() == null || started == null || JobFacts.isSuspended(job)) {
            return null;
        }
        Duration left = Duration.between(now, started.plusSeconds(spec.getActiveDeadlineSeconds()));
        return left.isNegative() ? Duration.ZERO : left;
    }

    int terminating() {
        return (int) pods.stream()
                .filter(pod -> Pods.isTerminating(pod) && !Pods.isTerminal(pod))
                .count();
    }
}
