package dev.amphora.controller.statefulset;

import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.Claims;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.LabelIndex;
import dev.amphora.controller.OwnerMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import dev.amphora.controller.history.History;
import dev.amphora.controller.history.Revisions;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Keeps the named pods of StatefulSets: the reference's {@code statefulset-controller}. */
public final class StatefulSetController implements Controller {
    private static final ResourceType<StatefulSet> SETS = ResourceType.of(StatefulSet.class);
    private static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    private static final ResourceType<PersistentVolumeClaim> CLAIMS = ResourceType.of(PersistentVolumeClaim.class);
    private static final int WORKERS = 5;

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "statefulset-controller";
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

    private static final class Executor {
        private final Context context;
        private final Informer<StatefulSet> sets;
        private final Informer<Pod> pods;
        private final Informer<PersistentVolumeClaim> claims;
        private final ControlLoop<ObjectKey> loop;
        private final History history;

        Executor(Context context, String name) {
            this.context = context;
            this.sets = context.informers().of(SETS);
            this.pods = Pods.indexed(context.informers().of(PODS));
            this.claims = context.informers().of(CLAIMS);
            Informer<ControllerRevision> revisions =
                    Pods.indexed(context.informers().of(ControllerRevision.class));
            this.loop = new ControlLoop<>(context.kernel(), name, WORKERS);
            this.history = new History(context.client(), loop, revisions, "controller.kubernetes.io/hash");
            OwnerMapper<StatefulSet> owners =
                    new OwnerMapper<>(sets, set -> Selector.of(set.getSpec().getSelector()));
            loop.watch(sets, KeyMapper.self(ObjectKey::of))
                    .watch(pods, owners.mapper())
                    .uses(claims)
                    .uses(revisions)
                    .start(this::reconcile);
        }

        private Result reconcile(ObjectKey key) {
            StatefulSet set = sets.find(key).orElse(null);
            if (set == null) {
                return Result.done();
            }
            Selector selector = Selector.of(set.getSpec().getSelector());
            List<Pod> owned = Claims.plan(
                            set,
                            selector,
                            pods.byIndex(Pods.BY_CONTROLLER, set.getMetadata().getUid()),
                            pods.byIndex(Pods.ORPHANS, LabelIndex.ofSelector(key.namespace(), selector)),
                            pod -> Identity.ordinal(set, pod) >= 0)
                    .carryOut(context.client(), set, PODS, pod -> loop.wrote(key, pods, pod));
            List<ControllerRevision> known = history.of(key, set, selector);
            int collisions = set.getStatus() == null || set.getStatus().getCollisionCount() == null
                    ? 0
                    : set.getStatus().getCollisionCount();
            History.Found found =
                    history.ensure(key, set, set.getSpec().getTemplate(), known, collisions, Revisions::hash);
            ControllerRevision current = current(set, found);
            Instant now = context.kernel().instant();
            StatefulSetPlanner.Plan plan = StatefulSetPlanner.plan(new StatefulSetPlanner.View(
                    set,
                    current.getMetadata().getName(),
                    found.newest().getMetadata().getName(),
                    found.collisions(),
                    owned,
                    ordinal -> hasStaleClaim(set, ordinal),
                    now));
            try {
                new Run(key, set, current, found.newest()).carryOut(plan.steps());
            } finally {
                if (!plan.status().equals(set.getStatus())) {
                    loop.wrote(
                            key,
                            sets,
                            context.client()
                                    .updateStatus(new StatefulSetBuilder(set)
                                            .withStatus(plan.status())
                                            .build()));
                }
            }
            Set<String> live = new HashSet<>();
            live.add(plan.status().getCurrentRevision());
            live.add(current.getMetadata().getName());
            live.add(found.newest().getMetadata().getName());
            owned.forEach(pod -> live.add(Identity.revision(pod)));
            Integer limit = set.getSpec().getRevisionHistoryLimit();
            history.prune(key, found.all(), live, limit == null ? 10 : limit);
            Duration next = StatefulSetPlanner.nextAvailability(set, owned, now);
            return next == null ? Result.done() : Result.requeueAfter(next);
        }

        private static ControllerRevision current(StatefulSet set, History.Found found) {
            String name = set.getStatus() == null ? null : set.getStatus().getCurrentRevision();
            for (ControllerRevision revision : found.all()) {
                if (revision.getMetadata().getName().equals(name)) {
                    return revision;
                }
            }
            return found.newest();
        }

        private boolean hasStaleClaim(StatefulSet set, int ordinal) {
            for (PersistentVolumeClaim template : set.getSpec().getVolumeClaimTemplates()) {
                if (claims.find(set.getMetadata().getNamespace(), Identity.claimName(set, template, ordinal))
                        .filter(claim -> Pods.isTerminating(claim)
                                || (Identity.deletedWhenScaled(set) && isOfFormerPod(set, claim, ordinal)))
                        .isPresent()) {
                    return true;
                }
            }
            return false;
        }

        private static boolean isOfFormerPod(StatefulSet set, PersistentVolumeClaim claim, int ordinal) {
            return OwnerReferences.of(claim).stream()
                    .anyMatch(owner ->
                            "Pod".equals(owner.getKind()) && owner.getName().equals(Identity.podName(set, ordinal)));
        }

        /** Carries out the steps of one plan. */
        private final class Run {
            private final ObjectKey key;
            private final StatefulSet set;
            private final ControllerRevision current;
            private final ControllerRevision update;

            Run(ObjectKey key, StatefulSet set, ControllerRevision current, ControllerRevision update) {
                this.key = key;
                this.set = set;
                this.current = current;
                this.update = update;
            }

            void carryOut(List<StatefulSetPlanner.Step> steps) {
                for (StatefulSetPlanner.Step step : steps) {
                    if (step instanceof StatefulSetPlanner.Create create) {
                        create(create);
                    } else if (step instanceof StatefulSetPlanner.Delete delete) {
                        delete(delete);
                    } else if (step instanceof StatefulSetPlanner.Claims claim) {
                        makeClaims(claim.ordinal());
                    } else if (step instanceof StatefulSetPlanner.Retain retain) {
                        handOver(retain.pod(), retain.ordinal(), false);
                    } else if (step instanceof StatefulSetPlanner.Repair repair) {
                        makeClaims(repair.ordinal());
                        repair(repair);
                    }
                }
            }

            private void create(StatefulSetPlanner.Create create) {
                ControllerRevision revision = create.current() ? current : update;
                String name = Identity.podName(set, create.ordinal());
                makeClaims(create.ordinal());
                try {
                    Pod pod = Identity.pod(
                            set,
                            create.current()
                                    ? Revisions.template(revision)
                                    : set.getSpec().getTemplate(),
                            revision.getMetadata().getName(),
                            create.ordinal());
                    loop.wrote(key, pods, context.client().create(pod));
                    tell("SuccessfulCreate", "Create Pod %s in StatefulSet %s successful".formatted(name, setName()));
                } catch (StatusException e) {
                    if (!e.hasCause("NamespaceTerminating") && !e.isAlreadyExists()) {
                        warn(
                                "FailedCreate",
                                "Create Pod %s in StatefulSet %s failed error: %s"
                                        .formatted(name, setName(), e.getMessage()));
                    }
                    throw e;
                }
            }

            private void repair(StatefulSetPlanner.Repair repair) {
                String name = repair.pod().getMetadata().getName();
                try {
                    Pod repaired = Identity.repaired(set, repair.pod(), repair.ordinal());
                    loop.wrote(key, pods, context.client().update(repaired));
                    tell("SuccessfulUpdate", "Update Pod %s in StatefulSet %s successful".formatted(name, setName()));
                } catch (StatusException e) {
                    if (!e.isConflict()) {
                        warn(
                                "FailedUpdate",
                                "Update Pod %s in StatefulSet %s failed error: %s"
                                        .formatted(name, setName(), e.getMessage()));
                    }
                    throw e;
                }
            }

            private void makeClaims(int ordinal) {
                for (PersistentVolumeClaim claim : Identity.claims(set, ordinal)) {
                    String name = claim.getMetadata().getName();
                    if (claims.find(key.namespace(), name).isPresent()) {
                        continue;
                    }
                    String pod = Identity.podName(set, ordinal);
                    try {
                        loop.wrote(key, claims, context.client().create(claim));
                        tell(
                                "SuccessfulCreate",
                                "Create Claim %s Pod %s in StatefulSet %s success".formatted(name, pod, setName()));
                    } catch (StatusException e) {
                        if (e.isAlreadyExists()) {
                            continue;
                        }
                        warn(
                                "FailedCreate",
                                "Create Claim %s for Pod %s in StatefulSet %s failed error: %s"
                                        .formatted(name, pod, setName(), e.getMessage()));
                        throw e;
                    }
                }
            }

            private void delete(StatefulSetPlanner.Delete delete) {
                Pod pod = delete.pod();
                String name = pod.getMetadata().getName();
                if (delete.scaledAway() && Identity.deletedWhenScaled(set)) {
                    handOver(pod, delete.ordinal(), true);
                }
                try {
                    context.client()
                            .delete(
                                    PODS,
                                    key.namespace(),
                                    name,
                                    DeleteOptions.defaults()
                                            .onlyUid(pod.getMetadata().getUid()));
                    loop.deleted(key, pods, pod);
                    tell("SuccessfulDelete", "Delete Pod %s in StatefulSet %s successful".formatted(name, setName()));
                } catch (StatusException e) {
                    if (e.isNotFound() || e.isConflict()) {
                        return;
                    }
                    warn(
                            "FailedDelete",
                            "Delete Pod %s in StatefulSet %s failed error: %s"
                                    .formatted(name, setName(), e.getMessage()));
                    throw e;
                }
            }

            /** Gives the claims of a pod the owners that the retention policy wants. */
            private void handOver(Pod pod, int ordinal, boolean scaledAway) {
                for (PersistentVolumeClaim template : set.getSpec().getVolumeClaimTemplates()) {
                    PersistentVolumeClaim claim = claims.find(
                                    key.namespace(), Identity.claimName(set, template, ordinal))
                            .orElse(null);
                    if (claim == null) {
                        continue;
                    }
                    List<OwnerReference> owners = Identity.owners(set, pod, claim, scaledAway);
                    if (!owners.equals(OwnerReferences.of(claim))) {
                        PersistentVolumeClaim owned = new PersistentVolumeClaimBuilder(claim)
                                .editMetadata()
                                .withOwnerReferences(owners)
                                .endMetadata()
                                .build();
                        loop.wrote(key, claims, context.client().update(owned));
                    }
                }
            }

            private String setName() {
                return set.getMetadata().getName();
            }

            private void tell(String reason, String message) {
                context.events().normal(set, reason, message);
            }

            private void warn(String reason, String message) {
                context.events().warning(set, reason, message);
            }
        }
    }
}
