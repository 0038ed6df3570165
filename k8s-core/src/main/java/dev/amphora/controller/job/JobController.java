package dev.amphora.controller.job;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.client.Patch;
import dev.amphora.controller.Claims;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.LabelIndex;
import dev.amphora.controller.OwnerMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import dev.amphora.controller.SlowStart;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Runs Jobs to their end: the reference's {@code job-controller}. */
public final class JobController implements Controller {
    private static final ResourceType<Job> JOBS = ResourceType.of(Job.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    /** Changes of pods are looked at together after this time. */
    private static final Duration BATCH = Duration.ofSeconds(1);

    private static final int WORKERS = 5;

    private @Nullable Executor running;

    @Override
    public String name() {
        return "job-controller";
    }

    @Override
    public void start(Context context) {
        running = new Executor(context, name());
    }

    @Override
    public void close() {
        if (running != null) {
            running.loop.close();
            running.orphans.close();
        }
    }

    private static final class Executor {
        private final Context context;
        private final Informer<Job> jobs;
        private final Informer<Pod> pods;
        private final ControlLoop<ObjectKey> loop;
        private final ControlLoop<ObjectKey> orphans;
        private final Map<ObjectKey, Backoff> backoffs = new ConcurrentHashMap<>();

        Executor(Context context, String name) {
            this.context = context;
            this.jobs = context.informers().of(JOBS);
            this.pods = Pods.indexed(context.informers().of(PODS));
            this.loop = new ControlLoop<>(context.kernel(), name, WORKERS);
            OwnerMapper<Job> owners =
                    new OwnerMapper<>(jobs, job -> Selector.of(job.getSpec().getSelector()));
            loop.<Job>watch(jobs, (old, now, keys) -> {
                        if (now == null || old == null || !sameGeneration(old, now)) {
                            keys.accept(ObjectKey.of(Objects.requireNonNull(now == null ? old : now)));
                        } else {
                            loop.addAfter(ObjectKey.of(now), BATCH);
                        }
                    })
                    .<Pod>watch(pods, (old, now, keys) -> owners.<Pod>mapper()
                            .map(old, now, key -> loop.addAfter(key, BATCH)))
                    .start(this::reconcile);
            this.orphans = new ControlLoop<ObjectKey>(context.kernel(), name + "/orphans", 1)
                    .<Pod>watch(pods, (old, now, keys) -> {
                        if (now != null && isOrphan(now)) {
                            keys.accept(ObjectKey.of(now));
                        }
                    })
                    .<Job>watch(jobs, (old, now, keys) -> {
                        if (now == null && old != null) {
                            pods.byIndex(Pods.BY_CONTROLLER, old.getMetadata().getUid())
                                    .forEach(pod -> keys.accept(ObjectKey.of(pod)));
                        }
                    })
                    .start(this::release);
        }

        private static boolean sameGeneration(Job one, Job other) {
            return Objects.equals(
                    one.getMetadata().getGeneration(), other.getMetadata().getGeneration());
        }

        /** Whether nobody will count the pod any more. */
        private boolean isOrphan(Pod pod) {
            if (!JobFacts.isTracked(pod)) {
                return false;
            }
            OwnerReference owner = OwnerReferences.controllerOf(pod)
                    .filter(reference -> "Job".equals(reference.getKind()))
                    .orElse(null);
            if (owner == null) {
                return true;
            }
            Job job = jobs.find(pod.getMetadata().getNamespace(), owner.getName())
                    .filter(found -> found.getMetadata().getUid().equals(owner.getUid()))
                    .orElse(null);
            return job == null || (JobFacts.isOurs(job) && JobFacts.ended(job).isPresent());
        }

        private Result release(ObjectKey key) {
            Pod pod = pods.find(key).orElse(null);
            if (pod != null && isOrphan(pod)) {
                release(pod);
            }
            return Result.done();
        }

        private Result reconcile(ObjectKey key) {
            Job job = jobs.find(key).orElse(null);
            if (job == null || !JobFacts.isOurs(job) || JobFacts.ended(job).isPresent()) {
                backoffs.remove(key);
                return Result.done();
            }
            Selector selector = Selector.of(job.getSpec().getSelector());
            List<Pod> claimed = Claims.plan(
                            job,
                            selector,
                            pods.byIndex(Pods.BY_CONTROLLER, job.getMetadata().getUid()),
                            pods.byIndex(Pods.ORPHANS, LabelIndex.ofSelector(key.namespace(), selector)),
                            pod -> true)
                    .carryOut(context.client(), job, PODS, pod -> loop.wrote(key, pods, pod));
            Instant now = context.kernel().instant();
            JobView view = new JobView(job, claimed, backoffs.getOrDefault(key, Backoff.NONE), now);
            JobPlanner.Plan plan = JobPlanner.plan(view);
            Result result = new Run(key, view).carryOut(plan);
            backoffs.put(key, view.backoff);
            if (plan.again() != null) {
                result = result.or(Result.requeueAfter(plan.again()));
            }
            Duration deadline = view.untilDeadline();
            return view.ending != null || deadline == null ? result : result.or(Result.requeueAfter(deadline));
        }

        private void release(Pod pod) {
            try {
                Pod written = context.client()
                        .patch(
                                PODS,
                                pod.getMetadata().getNamespace(),
                                pod.getMetadata().getName(),
                                withoutFinalizer(pod),
                                null);
                OwnerReferences.controllerOf(pod)
                        .ifPresent(owner -> loop.wrote(
                                new ObjectKey(pod.getMetadata().getNamespace(), owner.getName()), pods, written));
            } catch (StatusException e) {
                // 422: another pod by that name
                if (!e.isNotFound() && e.code() != 422) {
                    throw e;
                }
            }
        }

        private static Patch withoutFinalizer(Pod pod) {
            ObjectNode body = Json.object();
            ObjectNode metadata = body.putObject("metadata");
            metadata.put("uid", pod.getMetadata().getUid());
            metadata.putArray("$deleteFromPrimitiveList/finalizers").add(JobFacts.FINALIZER);
            return Patch.strategic(body);
        }

        /** Carries out one plan and counts. */
        private final class Run {
            private final ObjectKey key;
            private final JobView view;
            private Job job;
            private int active;
            private int ready;
            private int deleted;
            private @Nullable StatusException failure;

            Run(ObjectKey key, JobView view) {
                this.key = key;
                this.view = view;
                this.job = view.job;
                this.active = view.active.size();
                this.ready = (int) view.active.stream().filter(Pods::isReady).count();
            }

            Result carryOut(JobPlanner.Plan plan) {
                JobView.Ending ending = view.ending;
                plan.end().forEach(pod -> delete(pod, false));
                if (active > 0) {
                    ending = null;
                }
                plan.drop().forEach(pod -> delete(pod, true));
                create(plan.create());
                if (plan.waits()) {
                    active = 0;
                }
                JobStatus status = JobFacts.status(job).edit().build();
                status.setStartTime(view.started == null ? null : Pods.stamp(view.started));
                if (view.ending == null) {
                    if (isComplete()) {
                        ending = JobView.Ending.COMPLETED;
                    } else if (!Pods.isTerminating(job)) {
                        suspendOrResume(status);
                    }
                }
                status.setActive(JobCount.positive(active));
                status.setReady(ready);
                status.setTerminating(view.terminating() + deleted);
                count(status, ending);
                return failure == null ? Result.done() : Result.retry();
            }

            private boolean isComplete() {
                Integer completions = view.spec.getCompletions();
                return active == 0
                        && !JobFacts.isSuspended(job)
                        && (completions == null ? view.succeeded > 0 : view.succeeded >= completions);
            }

            private void suspendOrResume(JobStatus status) {
                boolean suspended = JobFacts.isSuspended(job);
                List<JobCondition> before = status.getConditions();
                List<JobCondition> conditions = JobCount.with(
                        before,
                        "Suspended",
                        suspended ? "True" : "False",
                        suspended ? "JobSuspended" : "JobResumed",
                        suspended ? "Job suspended" : "Job resumed",
                        view.now);
                if (conditions.equals(before)) {
                    return;
                }
                status.setConditions(conditions);
                if (suspended) {
                    status.setStartTime(null);
                    context.events().normal(job, "Suspended", "Job suspended");
                } else {
                    context.events().normal(job, "Resumed", "Job resumed");
                    status.setStartTime(Pods.stamp(view.now));
                }
            }

            private void count(JobStatus status, JobView.@Nullable Ending ending) {
                JobCount.Noted noted = JobCount.note(view, status, ending);
                write(noted.status());
                Set<String> tracked = JobCount.tracked(view.pods);
                for (Pod pod : noted.release()) {
                    try {
                        release(pod);
                        tracked.remove(pod.getMetadata().getUid());
                    } catch (StatusException e) {
                        failure = e;
                    }
                }
                JobStatus settled = JobCount.settle(noted.status(), tracked);
                JobStatus last = ending == null ? settled : JobCount.finish(settled, ending, view.now);
                write(last);
                JobFacts.ended(job).ifPresent(this::tell);
            }

            private void write(JobStatus status) {
                if (status.equals(job.getStatus())) {
                    return;
                }
                job = context.client()
                        .updateStatus(new JobBuilder(job).withStatus(status).build());
                loop.wrote(key, jobs, job);
            }

            private void tell(JobCondition end) {
                if (end.getType().equals("Failed")) {
                    context.events().warning(job, end.getReason(), end.getMessage());
                    return;
                }
                Integer completions = view.spec.getCompletions();
                if (completions != null && JobFacts.orZero(job.getStatus().getSucceeded()) > completions) {
                    context.events().warning(job, "TooManySucceededPods", "Too many succeeded pods recorded");
                }
                context.events().normal(job, "Completed", "Job completed");
            }

            private void delete(Pod pod, boolean uncounted) {
                String name = pod.getMetadata().getName();
                try {
                    if (uncounted && JobFacts.isTracked(pod)) {
                        release(pod);
                    }
                    context.client()
                            .delete(
                                    PODS,
                                    key.namespace(),
                                    name,
                                    DeleteOptions.defaults()
                                            .onlyUid(pod.getMetadata().getUid()));
                    loop.deleted(key, pods, pod);
                    deleted++;
                    context.events().normal(job, "SuccessfulDelete", "Deleted pod: " + name);
                } catch (StatusException e) {
                    if (!e.isNotFound()) {
                        context.events().warning(job, "FailedDelete", "Error deleting: " + e.getMessage());
                        failure = e;
                        return;
                    }
                }
                active--;
                if (Pods.isReady(pod)) {
                    ready--;
                }
            }

            private void create(List<Pod> wanted) {
                failure = SlowStart.run(wanted, pod -> {
                    try {
                        Pod created = context.client().create(pod);
                        loop.wrote(key, pods, created);
                        active++;
                        context.events()
                                .normal(
                                        job,
                                        "SuccessfulCreate",
                                        "Created pod: " + created.getMetadata().getName());
                    } catch (StatusException e) {
                        if (e.hasCause("NamespaceTerminating")) {
                            return SlowStart.Outcome.stop();
                        }
                        context.events().warning(job, "FailedCreate", "Error creating: " + e.getMessage());
                        return SlowStart.Outcome.failed(e);
                    }
                    return SlowStart.Outcome.made();
                });
            }
        }
    }
}
