package dev.amphora.controller.daemonset;

import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.Claims;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.LabelIndex;
import dev.amphora.controller.OwnerMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import dev.amphora.controller.SlowStart;
import dev.amphora.controller.TemplateHash;
import dev.amphora.controller.history.History;
import dev.amphora.controller.history.Revisions;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Keeps a pod of each DaemonSet on every node that fits: the reference's {@code daemonset-controller}. */
public final class DaemonSetController implements Controller {
    private static final ResourceType<DaemonSet> SETS = ResourceType.of(DaemonSet.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(15);
    private static final int WORKERS = 2;

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "daemonset-controller";
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

    /** How long failed pods of a node stay before they are replaced. */
    private record Wait(Instant since, Duration duration) {}

    private static final class Executor {
        private final Context context;
        private final Informer<DaemonSet> sets;
        private final Informer<Node> nodes;
        private final Informer<Pod> pods;
        private final ControlLoop<ObjectKey> loop;
        private final History history;
        private final Map<String, Wait> waits = new ConcurrentHashMap<>();

        Executor(Context context, String name) {
            this.context = context;
            this.sets = context.informers().of(SETS);
            this.nodes = context.informers().of(Node.class);
            this.pods = Pods.indexed(context.informers().of(PODS));
            Informer<ControllerRevision> revisions =
                    Pods.indexed(context.informers().of(ControllerRevision.class));
            this.loop = new ControlLoop<>(context.kernel(), name, WORKERS);
            this.history = new History(context.client(), loop, revisions, Revisions.LABEL);
            OwnerMapper<DaemonSet> owners =
                    new OwnerMapper<>(sets, set -> Selector.of(set.getSpec().getSelector()));
            loop.watch(sets, KeyMapper.self(ObjectKey::of))
                    .watch(pods, owners.mapper())
                    .<Node>watch(nodes, (old, now, keys) -> {
                        if (now != null && (old == null || !fitAlike(old, now))) {
                            sets.list().stream()
                                    .filter(set -> matters(now, set))
                                    .forEach(set -> keys.accept(ObjectKey.of(set)));
                        }
                    })
                    .uses(revisions)
                    .start(this::reconcile);
        }

        /** Whether a set lacks a pod on a node, or has one that may not stay. */
        private boolean matters(Node node, DaemonSet set) {
            PodSpec spec = set.getSpec().getTemplate().getSpec();
            NodeFit fit = NodeFit.of(spec, DaemonPods.tolerations(spec), node);
            String name = node.getMetadata().getName();
            boolean has = pods.byIndex(Pods.BY_CONTROLLER, set.getMetadata().getUid()).stream()
                    .anyMatch(pod -> DaemonPods.node(pod).equals(name));
            return has ? !fit.mayStay() : fit.shouldRun();
        }

        private static boolean fitAlike(Node one, Node other) {
            return Objects.equals(
                            one.getMetadata().getLabels(), other.getMetadata().getLabels())
                    && Objects.equals(
                            one.getSpec() == null ? null : one.getSpec().getTaints(),
                            other.getSpec() == null ? null : other.getSpec().getTaints());
        }

        private Result reconcile(ObjectKey key) {
            DaemonSet set = sets.find(key).orElse(null);
            if (set == null || Pods.isTerminating(set)) {
                return Result.done();
            }
            Selector selector = Selector.of(set.getSpec().getSelector());
            if (selector.isEverything()) {
                context.events()
                        .warning(
                                set,
                                "SelectingAll",
                                "This daemon set is selecting all pods. A non-empty selector is required.");
                return Result.done();
            }
            List<Pod> owned = Claims.plan(
                            set,
                            selector,
                            pods.byIndex(Pods.BY_CONTROLLER, set.getMetadata().getUid()),
                            pods.byIndex(Pods.ORPHANS, LabelIndex.ofSelector(key.namespace(), selector)),
                            pod -> true)
                    .carryOut(context.client(), set, PODS, pod -> loop.wrote(key, pods, pod));
            Integer collisions =
                    set.getStatus() == null ? null : set.getStatus().getCollisionCount();
            History.Found found = history.ensure(
                    key,
                    set,
                    set.getSpec().getTemplate(),
                    history.of(key, set, selector),
                    collisions == null ? 0 : collisions,
                    (data, taken) -> TemplateHash.of(
                            set.getSpec().getTemplate(),
                            taken == 0 && collisions == null ? null : Integer.valueOf(taken)));
            String hash = Objects.requireNonNull(found.newest().getMetadata().getLabels())
                    .getOrDefault(Revisions.LABEL, "");
            Instant now = context.kernel().instant();
            List<Node> byName = nodes.list().stream()
                    .sorted(Comparator.comparing(node -> node.getMetadata().getName()))
                    .toList();
            DaemonSetPlanner planner = new DaemonSetPlanner(set, hash, byName, owned, now);
            Run run = new Run(key, set, hash, now);
            DaemonSetPlanner.Plan plan = planner.manage();
            run.carryOut(plan);
            if (plan.isEmpty()) {
                run.carryOut(planner.roll());
            }
            prune(key, set, found, owned);
            DaemonSetStatus status = planner.status();
            if (found.collisions() > 0) {
                status.setCollisionCount(found.collisions());
            }
            if (!status.equals(set.getStatus())) {
                DaemonSet written = context.client()
                        .updateStatus(
                                new DaemonSetBuilder(set).withStatus(status).build());
                loop.wrote(key, sets, written);
            }
            return run.failure == null ? run.result.or(untilAvailable(set, owned, now)) : Result.retry();
        }

        private static Result untilAvailable(DaemonSet set, List<Pod> pods, Instant now) {
            Integer seconds = set.getSpec().getMinReadySeconds();
            Result result = Result.done();
            for (Pod pod : pods) {
                Duration left = Pods.untilAvailable(pod, seconds == null ? 0 : seconds, now);
                if (left != null) {
                    result = result.or(Result.requeueAfter(left));
                }
            }
            return result;
        }

        private void prune(ObjectKey key, DaemonSet set, History.Found found, List<Pod> owned) {
            Set<String> hashes = new HashSet<>();
            owned.forEach(pod -> hashes.add(
                    pod.getMetadata().getLabels() == null
                            ? ""
                            : pod.getMetadata().getLabels().getOrDefault(Revisions.LABEL, "")));
            Set<String> live = new HashSet<>();
            for (ControllerRevision revision : found.all()) {
                Map<String, String> labels = revision.getMetadata().getLabels();
                if (labels != null && hashes.contains(labels.get(Revisions.LABEL))) {
                    live.add(revision.getMetadata().getName());
                }
            }
            live.add(found.newest().getMetadata().getName());
            Integer limit = set.getSpec().getRevisionHistoryLimit();
            history.prune(key, found.all(), live, Math.max(0, (limit == null ? 10 : limit) - (live.size() - 1)));
        }

        /** Carries out one plan. */
        private final class Run {
            private final ObjectKey key;
            private final DaemonSet set;
            private final String hash;
            private final Instant now;
            private Result result = Result.done();
            private @Nullable StatusException failure;

            Run(ObjectKey key, DaemonSet set, String hash, Instant now) {
                this.key = key;
                this.set = set;
                this.hash = hash;
                this.now = now;
            }

            void carryOut(DaemonSetPlanner.Plan plan) {
                List<String> wanted = plan.create()
                        .subList(
                                0,
                                Math.min(DaemonSetPlanner.BURST, plan.create().size()));
                failure = SlowStart.run(wanted, this::create);
                plan.failed().forEach(this::replace);
                plan.delete().stream().limit(DaemonSetPlanner.BURST).forEach(this::delete);
            }

            private SlowStart.Outcome create(String node) {
                try {
                    Pod created = context.client().create(DaemonPods.pod(set, hash, node));
                    loop.wrote(key, pods, created);
                    context.events()
                            .normal(
                                    set,
                                    "SuccessfulCreate",
                                    "Created pod: " + created.getMetadata().getName());
                    return SlowStart.Outcome.made();
                } catch (StatusException e) {
                    if (e.hasCause("NamespaceTerminating")) {
                        return SlowStart.Outcome.stop();
                    }
                    context.events().warning(set, "FailedCreate", "Error creating: " + e.getMessage());
                    return SlowStart.Outcome.failed(e);
                }
            }

            /** Deletes a pod that has ended, unless one of its node was deleted a moment ago. */
            private void replace(Pod pod) {
                String what = "%s/%s on node %s"
                        .formatted(key.namespace(), pod.getMetadata().getName(), DaemonPods.node(pod));
                if (Pods.phase(pod).equals("Succeeded")) {
                    context.events()
                            .normal(
                                    set,
                                    "SucceededDaemonPod",
                                    "Found succeeded daemon pod %s, will try to delete it".formatted(what));
                    delete(pod);
                    return;
                }
                String id = set.getMetadata().getUid() + "/" + DaemonPods.node(pod);
                Wait wait = waits.get(id);
                if (wait != null && now.isBefore(wait.since.plus(wait.duration))) {
                    result = result.or(Result.requeueAfter(Duration.between(now, wait.since.plus(wait.duration))));
                    return;
                }
                Duration next = wait != null && now.isBefore(wait.since.plus(LONGEST_WAIT.multipliedBy(2)))
                        ? wait.duration.multipliedBy(2)
                        : FIRST_WAIT;
                waits.put(id, new Wait(now, next.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : next));
                context.events()
                        .warning(
                                set,
                                "FailedDaemonPod",
                                "Found failed daemon pod %s, will try to kill it".formatted(what));
                delete(pod);
            }

            private void delete(Pod pod) {
                String name = pod.getMetadata().getName();
                try {
                    context.client()
                            .delete(
                                    PODS,
                                    key.namespace(),
                                    name,
                                    DeleteOptions.defaults()
                                            .onlyUid(pod.getMetadata().getUid()));
                    loop.deleted(key, pods, pod);
                    context.events().normal(set, "SuccessfulDelete", "Deleted pod: " + name);
                } catch (StatusException e) {
                    if (!e.isNotFound() && !e.isConflict()) {
                        context.events().warning(set, "FailedDelete", "Error deleting: " + e.getMessage());
                        failure = e;
                    }
                }
            }
        }
    }
}
