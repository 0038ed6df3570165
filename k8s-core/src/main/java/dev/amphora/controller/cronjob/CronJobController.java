package dev.amphora.controller.cronjob;

import dev.amphora.api.CronSchedule;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobTemplateSpec;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Starts Jobs at the times of a schedule: the reference's {@code cronjob-controller}. */
public final class CronJobController implements Controller {
    private static final ResourceType<CronJob> CRON_JOBS = ResourceType.of(CronJob.class);
    private static final ResourceType<Job> JOBS = ResourceType.of(Job.class);
    private static final String SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp";
    private static final DateTimeFormatter MISSED = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss Z", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);
    private static final Duration SLACK = Duration.ofMillis(100);

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "cronjob-controller";
    }

    @Override
    public void start(Context context) {
        loop = new Executor(context, name()).loop;
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    private static Optional<JobCondition> ended(Job job) {
        return job.getStatus() == null
                ? Optional.empty()
                : job.getStatus().getConditions().stream()
                        .filter(condition -> condition.getStatus().equals("True")
                                && (condition.getType().equals("Complete")
                                        || condition.getType().equals("Failed")))
                        .findFirst();
    }

    private static CronJobStatus statusOf(CronJob cronJob) {
        return cronJob.getStatus() == null
                ? new CronJobStatus()
                : cronJob.getStatus().edit().build();
    }

    private static boolean refersTo(List<ObjectReference> references, Job job) {
        return references.stream()
                .anyMatch(
                        reference -> reference.getUid().equals(job.getMetadata().getUid()));
    }

    /** @throws DateTimeException if there is none of that name */
    private static ZoneId zone(@Nullable String name) {
        return name == null ? ZoneOffset.UTC : ZoneId.of(name);
    }

    private static boolean isScheduledAlike(CronJob one, CronJob other) {
        return one.getSpec().getSchedule().equals(other.getSpec().getSchedule())
                && Objects.equals(one.getSpec().getTimeZone(), other.getSpec().getTimeZone());
    }

    private static final class Executor {
        private final Context context;
        private final Informer<CronJob> cronJobs;
        private final Informer<Job> jobs;
        private final ControlLoop<ObjectKey> loop;

        Executor(Context context, String name) {
            this.context = context;
            this.cronJobs = context.informers().of(CRON_JOBS);
            this.jobs = Pods.indexed(context.informers().of(JOBS));
            this.loop = new ControlLoop<ObjectKey>(context.kernel(), name, 5)
                    .watch(cronJobs, this::changed)
                    .watch(jobs, KeyMapper.each(job -> OwnerReferences.controllerOf(job)
                            .filter(owner -> "CronJob".equals(owner.getKind()))
                            .map(owner ->
                                    List.of(new ObjectKey(job.getMetadata().getNamespace(), owner.getName())))
                            .orElse(List.of())));
            loop.start(this::reconcile);
        }

        /** A new schedule waits for its first start, so that what it would have missed in the past is not made up for. */
        private void changed(@Nullable CronJob before, @Nullable CronJob now, Consumer<ObjectKey> add) {
            CronJob known = now == null ? Objects.requireNonNull(before) : now;
            ObjectKey key = ObjectKey.of(known);
            if (before == null || now == null || isScheduledAlike(before, now)) {
                add.accept(key);
                return;
            }
            try {
                CronSchedule schedule = CronSchedule.parse(
                        now.getSpec().getSchedule(), zone(now.getSpec().getTimeZone()));
                new Run(key, now).untilNext(schedule).ifPresent(wait -> loop.addAfter(key, wait));
            } catch (IllegalArgumentException | DateTimeException e) {
                add.accept(key); // which tells what is wrong with it
            }
        }

        private Result reconcile(ObjectKey key) {
            CronJob cronJob = cronJobs.find(key).orElse(null);
            return cronJob == null ? Result.done() : new Run(key, cronJob).sync();
        }

        /** One look at one CronJob. */
        private final class Run {
            private final ObjectKey key;
            private final Instant now = context.kernel().instant();
            private CronJob cronJob;
            private CronJobStatus status;
            private List<ObjectReference> active;

            Run(ObjectKey key, CronJob cronJob) {
                this.key = key;
                this.cronJob = cronJob;
                this.status = statusOf(cronJob);
                this.active = new ArrayList<>(status.getActive());
            }

            Result sync() {
                List<Job> owned = new ArrayList<>(
                        jobs.byIndex(Pods.BY_CONTROLLER, cronJob.getMetadata().getUid()));
                owned.sort(Comparator.comparing(job -> job.getMetadata().getName()));
                prune(owned);
                look(owned);
                Result result;
                try {
                    result = Pods.isTerminating(cronJob) ? Result.done() : startNext();
                } finally {
                    status.setActive(active);
                    if (!status.equals(Objects.requireNonNullElseGet(cronJob.getStatus(), CronJobStatus::new))) {
                        loop.wrote(
                                key,
                                cronJobs,
                                context.client()
                                        .updateStatus(new CronJobBuilder(cronJob)
                                                .withStatus(status)
                                                .build()));
                    }
                }
                return result;
            }

            /** Notes which Jobs run, and which have ended or are gone. */
            private void look(List<Job> owned) {
                for (Job job : owned) {
                    String name = job.getMetadata().getName();
                    JobCondition end = ended(job).orElse(null);
                    boolean known = isActive(job) || end == null && isKnownToTheServer(job);
                    if (!known && end == null) {
                        context.events()
                                .warning(
                                        cronJob,
                                        "UnexpectedJob",
                                        "Saw a job that the controller did not create or forgot: " + name);
                    } else if (known && end != null) {
                        forget(job);
                        context.events()
                                .normal(
                                        cronJob,
                                        "SawCompletedJob",
                                        "Saw completed job: %s, condition: %s".formatted(name, end.getType()));
                    }
                    if (end != null && end.getType().equals("Complete")) {
                        Instant done = Pods.time(job.getStatus().getCompletionTime());
                        Instant last = Pods.time(status.getLastSuccessfulTime());
                        if (done != null && (last == null || done.isAfter(last))) {
                            status.setLastSuccessfulTime(job.getStatus().getCompletionTime());
                        }
                    }
                }
                for (ObjectReference reference : List.copyOf(active)) {
                    boolean here = owned.stream()
                            .anyMatch(job -> job.getMetadata().getUid().equals(reference.getUid()));
                    if (!here
                            && context.client()
                                    .find(JOBS, key.namespace(), reference.getName())
                                    .filter(job -> job.getMetadata().getUid().equals(reference.getUid()))
                                    .isEmpty()) {
                        context.events()
                                .normal(cronJob, "MissingJob", "Active job went missing: " + reference.getName());
                        active.remove(reference);
                    }
                }
            }

            private boolean isActive(Job job) {
                return refersTo(active, job);
            }

            /** The copy may be older than the Jobs are; then the look goes on with the CronJob as it is now. */
            private boolean isKnownToTheServer(Job job) {
                CronJob current = context.client().get(CRON_JOBS, key.namespace(), key.name());
                if (!refersTo(statusOf(current).getActive(), job)) {
                    return false;
                }
                cronJob = current;
                status = statusOf(current);
                active = new ArrayList<>(status.getActive());
                return true;
            }

            private void forget(Job job) {
                active.removeIf(
                        reference -> reference.getUid().equals(job.getMetadata().getUid()));
            }

            private Result startNext() {
                ZoneId zone;
                String zoneName = cronJob.getSpec().getTimeZone();
                try {
                    zone = zone(zoneName);
                } catch (DateTimeException e) {
                    context.events()
                            .warning(
                                    cronJob,
                                    "UnknownTimeZone",
                                    "invalid timeZone: \"%s\": unknown time zone %s".formatted(zoneName, zoneName));
                    return Result.done();
                }
                String text = cronJob.getSpec().getSchedule();
                if (Boolean.TRUE.equals(cronJob.getSpec().getSuspend())) {
                    return Result.done();
                }
                CronSchedule schedule;
                try {
                    schedule = CronSchedule.parse(text, zone);
                } catch (IllegalArgumentException e) {
                    context.events()
                            .warning(
                                    cronJob,
                                    "UnparseableSchedule",
                                    "unparseable schedule: \"%s\" : %s".formatted(text, e.getMessage()));
                    return Result.done();
                }
                if (text.contains("TZ")) {
                    context.events()
                            .warning(
                                    cronJob,
                                    "UnsupportedSchedule",
                                    "CRON_TZ or TZ used in schedule \"%s\" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
                                            .formatted(text));
                }
                if (schedule.after(now).isEmpty()) {
                    context.events()
                            .warning(
                                    cronJob,
                                    "InvalidSchedule",
                                    "invalid schedule: %s : time difference between two schedules is less than 1 second"
                                            .formatted(text));
                    return Result.done();
                }
                Instant due = due(schedule);
                if (due == null) {
                    return next(schedule);
                }
                return start(schedule, due);
            }

            /** The time whose Job is still to be started; null if there is none. */
            private @Nullable Instant due(CronSchedule schedule) {
                Instant earliest = lastStart();
                Long deadline = cronJob.getSpec().getStartingDeadlineSeconds();
                if (deadline != null && now.minusSeconds(deadline).isAfter(earliest)) {
                    earliest = now.minusSeconds(deadline);
                }
                MissedStarts missed = MissedStarts.between(schedule, earliest, now);
                if (missed.count() > MissedStarts.MANY) {
                    context.events()
                            .warning(
                                    cronJob,
                                    "TooManyMissedTimes",
                                    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
                }
                return missed.latest();
            }

            /** From when on starts may have been missed. */
            private Instant lastStart() {
                Instant last = Pods.time(status.getLastScheduleTime());
                return last != null
                        ? last
                        : Objects.requireNonNullElse(
                                Pods.time(cronJob.getMetadata().getCreationTimestamp()), now);
            }

            /** Waits for the start after the latest that has come, not after now: every five minutes are counted from start to start. */
            private Result next(CronSchedule schedule) {
                return untilNext(schedule).map(Result::requeueAfter).orElse(Result.done());
            }

            private Optional<Duration> untilNext(CronSchedule schedule) {
                Instant earliest = lastStart();
                Instant latest = MissedStarts.between(schedule, earliest, now).latest();
                return schedule.after(latest == null ? earliest : latest)
                        .map(next -> Duration.between(now, next).plus(SLACK));
            }

            private Result start(CronSchedule schedule, Instant due) {
                Long deadline = cronJob.getSpec().getStartingDeadlineSeconds();
                if (deadline != null && due.plusSeconds(deadline).isBefore(now)) {
                    context.events()
                            .warning(
                                    cronJob,
                                    "MissSchedule",
                                    "Missed scheduled time to start a job: " + MISSED.format(due));
                    return next(schedule);
                }
                Job wanted = job(due);
                if (active.stream()
                        .anyMatch(reference ->
                                reference.getName().equals(wanted.getMetadata().getName()))) {
                    return next(schedule);
                }
                String policy = Objects.requireNonNullElse(cronJob.getSpec().getConcurrencyPolicy(), "Allow");
                if (policy.equals("Forbid") && !active.isEmpty()) {
                    context.events()
                            .normal(
                                    cronJob,
                                    "JobAlreadyActive",
                                    "Not starting job because prior execution is running and concurrency policy is Forbid");
                    return next(schedule);
                }
                if (policy.equals("Replace")) {
                    List.copyOf(active).forEach(this::replace);
                }
                try {
                    Job created = context.client().create(wanted);
                    loop.wrote(key, jobs, created);
                    context.events()
                            .normal(
                                    cronJob,
                                    "SuccessfulCreate",
                                    "Created job " + created.getMetadata().getName());
                    note(created, due);
                } catch (StatusException e) {
                    if (e.hasCause("NamespaceTerminating")) {
                        return Result.done();
                    }
                    if (!e.isAlreadyExists()) {
                        context.events().warning(cronJob, "FailedCreate", "Error creating job: " + e.getMessage());
                        throw e;
                    }
                    Job holder = context.client()
                            .get(JOBS, key.namespace(), wanted.getMetadata().getName());
                    if (!OwnerReferences.isControlledBy(holder, cronJob)) {
                        throw e;
                    }
                    note(holder, due); // if it has ended, the next look sees that
                }
                return next(schedule);
            }

            private void note(Job job, Instant due) {
                active.add(new ObjectReferenceBuilder()
                        .withKind("Job")
                        .withApiVersion("batch/v1")
                        .withNamespace(job.getMetadata().getNamespace())
                        .withName(job.getMetadata().getName())
                        .withUid(job.getMetadata().getUid())
                        .withResourceVersion(job.getMetadata().getResourceVersion())
                        .build());
                status.setLastScheduleTime(Pods.stamp(due));
            }

            private Job job(Instant due) {
                JobTemplateSpec template = cronJob.getSpec().getJobTemplate();
                ZoneId zone = zone(cronJob.getSpec().getTimeZone());
                return new JobBuilder()
                        .withNewMetadata()
                        .withName(cronJob.getMetadata().getName() + "-" + due.getEpochSecond() / 60)
                        .withNamespace(key.namespace())
                        .withLabels(
                                template.getMetadata() == null
                                        ? null
                                        : template.getMetadata().getLabels())
                        .withAnnotations(
                                template.getMetadata() == null
                                        ? null
                                        : template.getMetadata().getAnnotations())
                        .addToAnnotations(SCHEDULED, DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(due.atZone(zone)))
                        .withOwnerReferences(OwnerReferences.controlledBy(cronJob))
                        .endMetadata()
                        .withSpec(template.getSpec())
                        .build();
            }

            /** Deletes the oldest Jobs that have ended, so that no more than a number of each kind stay. */
            private void prune(List<Job> owned) {
                prune(owned, "Complete", cronJob.getSpec().getSuccessfulJobsHistoryLimit());
                prune(owned, "Failed", cronJob.getSpec().getFailedJobsHistoryLimit());
            }

            private void prune(List<Job> owned, String type, @Nullable Integer limit) {
                List<Job> kind = new ArrayList<>(owned.stream()
                        .filter(job -> ended(job)
                                .filter(end -> end.getType().equals(type))
                                .isPresent())
                        .toList());
                if (limit == null || kind.size() <= limit) {
                    return;
                }
                kind.sort(Comparator.comparing((Job job) -> Objects.requireNonNullElse(
                                Pods.time(job.getStatus().getStartTime()), Instant.EPOCH))
                        .thenComparing(job -> job.getMetadata().getName()));
                for (Job job : kind.subList(0, kind.size() - limit)) {
                    if (delete(job)) {
                        owned.remove(job);
                    }
                }
            }

            /** Ends a Job that still runs at the next one's time. */
            private void replace(ObjectReference running) {
                Job job;
                try {
                    job = context.client().get(JOBS, key.namespace(), running.getName());
                } catch (StatusException e) {
                    context.events().warning(cronJob, "FailedGet", "Get job: " + e.getMessage());
                    throw e;
                }
                if (!delete(job)) {
                    throw StatusException.internalError(
                            "could not replace job %s/%s".formatted(key.namespace(), running.getName()));
                }
            }

            /** Whether it is done; a Job that can't be deleted is told of, and keeps no other one from being started. */
            private boolean delete(Job job) {
                String name = job.getMetadata().getName();
                try {
                    context.client()
                            .delete(
                                    JOBS,
                                    key.namespace(),
                                    name,
                                    DeleteOptions.defaults()
                                            .withPropagation("Background")
                                            .onlyUid(job.getMetadata().getUid()));
                    loop.deleted(key, jobs, job);
                    context.events().normal(cronJob, "SuccessfulDelete", "Deleted job " + name);
                } catch (StatusException e) {
                    if (!e.isNotFound()) {
                        context.events().warning(cronJob, "FailedDelete", "Deleted job: " + e.getMessage());
                        return false;
                    }
                }
                forget(job);
                return true;
            }
        }
    }
}
