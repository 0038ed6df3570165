package dev.amphora.controller.job;

import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Deletes Jobs some time after they have ended: the reference's {@code ttl-after-finished-controller} (TTL-1). */
public final class TtlAfterFinishedController implements Controller {
    private static final ResourceType<Job> JOBS = ResourceType.of(Job.class);

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "ttl-after-finished-controller";
    }

    @Override
    public void start(Context context) {
        Informer<Job> jobs = context.informers().of(JOBS);
        loop = new ControlLoop<ObjectKey>(context.kernel(), name(), 5)
                .watch(jobs, KeyMapper.self(ObjectKey::of))
                .start(key -> {
                    Job job = jobs.find(key).orElse(null);
                    Instant end = job == null ? null : expiry(job);
                    if (end == null) {
                        return Result.done();
                    }
                    Duration left = Duration.between(context.kernel().instant(), end);
                    return left.isNegative() || left.isZero() ? expire(context, key) : Result.requeueAfter(left);
                });
    }

    /** When a Job is to go; null if it has not ended, goes already, or may stay for ever. */
    static @Nullable Instant expiry(Job job) {
        Integer seconds = job.getSpec().getTtlSecondsAfterFinished();
        if (seconds == null || Pods.isTerminating(job)) {
            return null;
        }
        Instant since = JobFacts.ended(job)
                .map(JobCondition::getLastTransitionTime)
                .map(Pods::time)
                .orElse(null);
        return since == null ? null : since.plusSeconds(seconds);
    }

    /** Deletes a Job, unless a look at the server tells that it may live longer by now. */
    private static Result expire(Context context, ObjectKey key) {
        Job job = context.client().find(JOBS, key.namespace(), key.name()).orElse(null);
        Instant end = job == null ? null : expiry(job);
        if (job == null || end == null) {
            return Result.done();
        }
        Duration left = Duration.between(context.kernel().instant(), end);
        if (!left.isNegative() && !left.isZero()) {
            return Result.requeueAfter(left);
        }
        context.client()
                .delete(
                        JOBS,
                        key.namespace(),
                        key.name(),
                        DeleteOptions.defaults()
                                .withPropagation("Foreground")
                                .onlyUid(job.getMetadata().getUid()));
        return Result.done();
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
