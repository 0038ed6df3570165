package dev.amphora.controller.job;

import dev.amphora.controller.PodTemplates;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Decides which pods a Job starts and stops: a function of what is seen. */
final class JobPlanner {
    /** At most so many pods are created or deleted in one go. */
    static final int BURST = 500;

    private JobPlanner() {}

    /**
     * What to do about the pods.
     *
     * @param end to delete because the Job ends; they are still counted
     * @param drop to delete because they are too many; they are not counted
     * @param create to make
     * @param again when to look again; null if not by time
     * @param waits whether pods are missing that the back-off holds back
     */
    record Plan(List<Pod> end, List<Pod> drop, List<Pod> create, @Nullable Duration again, boolean waits) {
        static final Plan NOTHING = new Plan(List.of(), List.of(), List.of(), null, false);

        static Plan later(Duration again) {
            return new Plan(List.of(), List.of(), List.of(), again, true);
        }
    }

    static Plan plan(JobView view) {
        Job job = view.job;
        if (view.ending != null) {
            return new Plan(view.active, List.of(), List.of(), null, false);
        }
        if (Pods.isTerminating(job)) {
            return Plan.NOTHING;
        }
        if (JobFacts.isSuspended(job)) {
            return new Plan(List.of(), surplus(view, view.active.size()), List.of(), null, false);
        }
        int active = view.active.size();
        int wanted = wanted(view);
        List<Pod> surplus = surplus(view, Math.max(0, active - wanted));
        if (!surplus.isEmpty()) {
            return new Plan(List.of(), surplus.subList(0, Math.min(BURST, surplus.size())), List.of(), null, false);
        }
        int terminating = JobFacts.waitsForFailure(view.spec) ? view.terminating() : 0;
        int missing = Math.min(BURST, wanted - terminating - active);
        return missing <= 0 ? Plan.NOTHING : create(view, missing);
    }

    private static int wanted(JobView view) {
        int parallelism = view.spec.getParallelism() == null ? 1 : view.spec.getParallelism();
        if (view.spec.getCompletions() == null) {
            return view.succeeded > 0 ? view.active.size() : parallelism;
        }
        int left = view.spec.getCompletions() - view.succeeded - view.failedIndexes.size();
        return Math.max(0, Math.min(parallelism, left));
    }

    private static Plan create(JobView view, int missing) {
        Job job = view.job;
        if (!JobFacts.limitsPerIndex(view.spec)) {
            Duration left = view.backoff.left(view.now);
            if (!left.isZero()) {
                return Plan.later(left);
            }
        }
        List<Pod> create = new ArrayList<>();
        if (!JobFacts.isIndexed(job)) {
            for (int i = 0; i < missing; i++) {
                create.add(tracked(PodTemplates.podOf(job, view.spec.getTemplate())));
            }
            return new Plan(List.of(), List.of(), create, null, false);
        }
        Duration soonest = null;
        for (int index : pendingIndexes(view, missing)) {
            Pod before = view.kept.get(index);
            if (before != null) {
                int failures = JobFacts.failures(before) + JobFacts.ignored(before) + 1;
                Duration left = Backoff.left(failures, JobFacts.finished(before), view.now);
                if (!left.isZero()) {
                    soonest = soonest == null || left.compareTo(soonest) < 0 ? left : soonest;
                    continue;
                }
            }
            create.add(indexed(view, index, before));
        }
        if (create.isEmpty()) {
            return soonest == null ? Plan.NOTHING : Plan.later(soonest);
        }
        return new Plan(List.of(), List.of(), create, soonest, false);
    }

    private static List<Integer> pendingIndexes(JobView view, int count) {
        Set<Integer> taken = new HashSet<>(view.succeededIndexes);
        taken.addAll(view.failedIndexes);
        view.active.forEach(pod -> taken.add(JobFacts.index(pod)));
        if (JobFacts.waitsForFailure(view.spec)) {
            for (Pod pod : view.pods) {
                if (Pods.isTerminating(pod) && !Pods.isTerminal(pod)) {
                    taken.add(JobFacts.index(pod));
                }
            }
        }
        List<Integer> pending = new ArrayList<>();
        for (int index = 0; index < view.spec.getCompletions() && pending.size() < count; index++) {
            if (!taken.contains(index)) {
                pending.add(index);
            }
        }
        return pending;
    }

    private static Pod tracked(Pod pod) {
        return JobFacts.isTracked(pod)
                ? pod
                : new PodBuilder(pod)
                        .editMetadata()
                        .addToFinalizers(JobFacts.FINALIZER)
                        .endMetadata()
                        .build();
    }

    private static Pod indexed(JobView view, int index, @Nullable Pod before) {
        String name = view.job.getMetadata().getName();
        Pod pod = tracked(PodTemplates.podOf(view.job, view.spec.getTemplate(), prefix(name, index)));
        PodBuilder builder = new PodBuilder(pod)
                .editMetadata()
                .addToAnnotations(JobFacts.INDEX, String.valueOf(index))
                .addToLabels(JobFacts.INDEX, String.valueOf(index))
                .endMetadata()
                .editSpec()
                .withHostname(name + "-" + index)
                .withContainers(withIndex(pod.getSpec().getContainers()))
                .withInitContainers(withIndex(pod.getSpec().getInitContainers()))
                .endSpec();
        if (JobFacts.limitsPerIndex(view.spec)) {
            int failures = before == null ? 0 : JobFacts.failures(before);
            int ignored = before == null ? 0 : JobFacts.ignored(before);
            if (before != null) {
                if (Policies.judge(view.spec, before).counts()) {
                    failures++;
                } else {
                    ignored++;
                }
            }
            builder.editMetadata()
                    .addToAnnotations(JobFacts.FAILURES, String.valueOf(failures))
                    .endMetadata();
            if (ignored > 0) {
                builder.editMetadata()
                        .addToAnnotations(JobFacts.IGNORED, String.valueOf(ignored))
                        .endMetadata();
            }
        }
        return builder.build();
    }

    private static String prefix(String job, int index) {
        String end = "-" + index + "-";
        int room = 58 - end.length();
        return (job.length() > room ? job.substring(0, room) : job) + end;
    }

    private static List<Container> withIndex(@Nullable List<Container> containers) {
        List<Container> all = new ArrayList<>();
        for (Container container : containers == null ? List.<Container>of() : containers) {
            boolean set = container.getEnv() != null
                    && container.getEnv().stream().map(EnvVar::getName).anyMatch("JOB_COMPLETION_INDEX"::equals);
            all.add(
                    set
                            ? container
                            : new ContainerBuilder(container)
                                    .addNewEnv()
                                    .withName("JOB_COMPLETION_INDEX")
                                    .withNewValueFrom()
                                    .withNewFieldRef()
                                    .withFieldPath("metadata.labels['" + JobFacts.INDEX + "']")
                                    .endFieldRef()
                                    .endValueFrom()
                                    .endEnv()
                                    .build());
        }
        return all;
    }

    /** The active pods that have to go: those of an index that another has too, and at least so many. */
    static List<Pod> surplus(JobView view, int atLeast) {
        List<Pod> rest = new ArrayList<>(view.active);
        List<Pod> surplus = new ArrayList<>();
        rest.sort(JobPlanner::victimFirst);
        if (JobFacts.isIndexed(view.job)) {
            Map<Integer, List<Pod>> byIndex = new TreeMap<>();
            for (Pod pod : rest) {
                byIndex.computeIfAbsent(
                                JobFacts.hasIndex(view.job, pod) ? JobFacts.index(pod) : -1, i -> new ArrayList<>())
                        .add(pod);
            }
            byIndex.forEach((index, pods) -> surplus.addAll(index < 0 ? pods : pods.subList(0, pods.size() - 1)));
            Set<String> gone = new HashSet<>();
            surplus.forEach(pod -> gone.add(pod.getMetadata().getUid()));
            rest.removeIf(pod -> gone.contains(pod.getMetadata().getUid()));
        }
        for (Pod pod : rest) {
            if (surplus.size() >= atLeast) {
                break;
            }
            surplus.add(pod);
        }
        return surplus;
    }

    private static int victimFirst(Pod a, Pod b) {
        return VICTIMS.compare(a, b);
    }

    private static final Comparator<Pod> VICTIMS = Comparator.comparing(Pods::isAssigned)
            .thenComparingInt(pod -> switch (Pods.phase(pod)) {
                case "Pending" -> 0;
                case "Unknown" -> 1;
                default -> 2;
            })
            .thenComparing(Pods::isReady)
            .thenComparing(
                    pod -> Objects.requireNonNullElse(Pods.readySince(pod), Instant.MAX), Comparator.reverseOrder())
            .thenComparing(Pods::maxRestarts, Comparator.reverseOrder())
            .thenComparing(
                    pod -> Objects.requireNonNullElse(
                            Pods.time(pod.getMetadata().getCreationTimestamp()), Instant.MAX),
                    Comparator.reverseOrder())
            .thenComparing(pod -> Objects.requireNonNullElse(pod.getMetadata().getUid(), ""));
}
