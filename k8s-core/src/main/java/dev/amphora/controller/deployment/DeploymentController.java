package dev.amphora.controller.deployment;

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
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Rolls Deployments out: the reference's {@code deployment-controller}. */
public final class DeploymentController implements Controller {
    private static final ResourceType<Deployment> DEPLOYMENTS = ResourceType.of(Deployment.class);
    private static final ResourceType<ReplicaSet> REPLICA_SETS = ResourceType.of(ReplicaSet.class);
    private static final String BY_SELECTOR = "selector";
    private static final int WORKERS = 5;
    /** The reference's first back-off. */
    private static final Duration SECOND_LOOK = Duration.ofMillis(5);

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "deployment-controller";
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
        private final Informer<Deployment> deployments;
        private final Informer<ReplicaSet> sets;
        private final Informer<Pod> pods;
        private final ControlLoop<ObjectKey> loop;

        Executor(Context context, String name) {
            this.context = context;
            this.deployments = context.informers().of(DEPLOYMENTS);
            this.sets = Pods.indexed(context.informers().of(REPLICA_SETS));
            this.pods = Pods.indexed(context.informers().of(Pod.class));
            deployments.addIndex(
                    BY_SELECTOR,
                    deployment -> List.of(LabelIndex.ofSelector(
                            deployment.getMetadata().getNamespace(),
                            Selector.of(deployment.getSpec().getSelector()))));
            this.loop = new ControlLoop<ObjectKey>(context.kernel(), name, WORKERS)
                    .watch(deployments, KeyMapper.self(ObjectKey::of))
                    .watch(sets, this::deploymentsOf)
                    .watch(pods, this::deploymentOfGonePod);
            loop.start(this::reconcile);
        }

        /** A change to a set concerns who controls it, before and after; if nobody does, everyone who might want it. */
        private void deploymentsOf(@Nullable ReplicaSet old, @Nullable ReplicaSet now, Consumer<ObjectKey> keys) {
            if (old != null) {
                ownerOf(old, keys);
            }
            if (now == null) {
                return;
            }
            if (OwnerReferences.controllerOf(now).isPresent()) {
                ownerOf(now, keys);
            } else if (!Pods.isTerminating(now)) {
                Map<String, String> labels = now.getMetadata().getLabels();
                for (String key : LabelIndex.ofLabels(now.getMetadata().getNamespace(), labels)) {
                    for (Deployment deployment : deployments.byIndex(BY_SELECTOR, key)) {
                        if (Selector.of(deployment.getSpec().getSelector()).matches(labels)) {
                            keys.accept(ObjectKey.of(deployment));
                        }
                    }
                }
            }
        }

        private void ownerOf(ReplicaSet set, Consumer<ObjectKey> keys) {
            OwnerReferences.controllerOf(set)
                    .filter(reference -> "Deployment".equals(reference.getKind()))
                    .ifPresent(reference -> deployments
                            .find(set.getMetadata().getNamespace(), reference.getName())
                            .filter(owner -> reference
                                    .getUid()
                                    .equals(owner.getMetadata().getUid()))
                            .ifPresent(owner -> keys.accept(ObjectKey.of(owner))));
        }

        /** A Deployment that recreates waits for the last old pod to go or to end. */
        private void deploymentOfGonePod(@Nullable Pod old, @Nullable Pod now, Consumer<ObjectKey> keys) {
            Pod pod = now == null ? old : now;
            if (pod == null || (now != null && !Pods.isTerminal(now))) {
                return;
            }
            OwnerReference owner = OwnerReferences.controllerOf(pod).orElse(null);
            if (owner != null && "ReplicaSet".equals(owner.getKind())) {
                sets.find(pod.getMetadata().getNamespace(), owner.getName())
                        .ifPresent(set -> ownerOf(set, key -> {
                            if (deployments
                                    .find(key)
                                    .filter(d -> !RolloutMath.isRolling(d))
                                    .isPresent()) {
                                keys.accept(key);
                            }
                        }));
            }
        }

        private Result reconcile(ObjectKey key) {
            Deployment deployment = deployments.find(key).orElse(null);
            if (deployment == null) {
                return Result.done();
            }
            Selector selector = Selector.of(deployment.getSpec().getSelector());
            List<ReplicaSet> claimed = selector.isEverything()
                    ? List.of()
                    : Claims.plan(
                                    deployment,
                                    selector,
                                    sets.byIndex(
                                            Pods.BY_CONTROLLER,
                                            deployment.getMetadata().getUid()),
                                    sets.byIndex(Pods.ORPHANS, LabelIndex.ofSelector(key.namespace(), selector)),
                                    set -> true)
                            .carryOut(context.client(), deployment, REPLICA_SETS, set -> loop.wrote(key, sets, set));
            DeploymentPlanner.Plan plan = DeploymentPlanner.plan(
                    deployment,
                    claimed,
                    set -> pods.byIndex(Pods.BY_CONTROLLER, set.getMetadata().getUid()),
                    context.kernel().instant());
            if (!new Run(key, deployment).carryOut(plan.steps())) {
                return Result.requeueAfter(SECOND_LOOK);
            }
            return plan.again() == null ? Result.done() : Result.requeueAfter(plan.again());
        }

        /** Carries out the steps of one plan; later steps build on the versions that earlier ones made. */
        private final class Run {
            private final ObjectKey key;
            private final Deployment seen;
            private final Map<String, String> versions = new HashMap<>();

            Run(ObjectKey key, Deployment seen) {
                this.key = key;
                this.seen = seen;
            }

            /**
             * Carries them out; stops before a second status. The reference writes that with the version from before the first, which
             * is a conflict, and looks again: mostly late enough to see what its new set has become, so that one status says both.
             *
             * @return whether all was done
             */
            boolean carryOut(List<DeploymentPlanner.Step> steps) {
                boolean told = false;
                for (DeploymentPlanner.Step step : steps) {
                    if (step instanceof DeploymentPlanner.CreateSet create) {
                        create(create.set());
                    } else if (step instanceof DeploymentPlanner.UpdateSet update) {
                        ReplicaSet written = context.client().update(current(update.set()));
                        versions.put(
                                written.getMetadata().getName(),
                                written.getMetadata().getResourceVersion());
                        loop.wrote(key, sets, written);
                    } else if (step instanceof DeploymentPlanner.DeleteSet delete) {
                        delete(delete.set());
                    } else if (step instanceof DeploymentPlanner.UpdateStatus update) {
                        if (told) {
                            return false;
                        }
                        told = true;
                        wrote(context.client().updateStatus(current(update.deployment())));
                    } else if (step instanceof DeploymentPlanner.UpdateDeployment update) {
                        wrote(context.client().update(current(update.deployment())));
                    } else if (step instanceof DeploymentPlanner.Tell tell) {
                        if (tell.type().equals("Normal")) {
                            context.events().normal(seen, tell.reason(), tell.message());
                        } else {
                            context.events().warning(seen, tell.reason(), tell.message());
                        }
                    }
                }
                return true;
            }

            private void wrote(Deployment written) {
                versions.put("", written.getMetadata().getResourceVersion());
                loop.wrote(key, deployments, written);
            }

            private Deployment current(Deployment planned) {
                return new Deployment(
                        planned.getApiVersion(),
                        planned.getKind(),
                        current(planned.getMetadata(), versions.get("")),
                        planned.getSpec(),
                        planned.getStatus());
            }

            private ReplicaSet current(ReplicaSet planned) {
                return new ReplicaSet(
                        planned.getApiVersion(),
                        planned.getKind(),
                        current(
                                planned.getMetadata(),
                                versions.get(planned.getMetadata().getName())),
                        planned.getSpec(),
                        planned.getStatus());
            }

            private static ObjectMeta current(ObjectMeta planned, @Nullable String version) {
                return version == null
                        ? planned
                        : planned.edit().withResourceVersion(version).build();
            }

            private void create(ReplicaSet set) {
                try {
                    ReplicaSet created = context.client().create(set);
                    versions.put(
                            created.getMetadata().getName(),
                            created.getMetadata().getResourceVersion());
                    loop.wrote(key, sets, created);
                } catch (StatusException e) {
                    if (e.isAlreadyExists()) {
                        noteCollision(set);
                    } else if (!e.hasCause("NamespaceTerminating")) {
                        noteFailure(set, e);
                    }
                    throw e;
                }
            }

            /** Somebody else has the name: count it, so that the next attempt has another. Ours, not yet seen: just wait. */
            private void noteCollision(ReplicaSet set) {
                ReplicaSet holder = context.client()
                        .find(REPLICA_SETS, key.namespace(), set.getMetadata().getName())
                        .orElse(null);
                if (holder == null
                        || (OwnerReferences.isControlledBy(holder, seen)
                                && Revisions.sameTemplate(
                                        seen.getSpec().getTemplate(),
                                        holder.getSpec().getTemplate()))) {
                    return;
                }
                DeploymentStatus status = DeploymentConditions.status(seen);
                int collisions = DeploymentConditions.number(status.getCollisionCount());
                writeStatus(status.edit().withCollisionCount(collisions + 1).build());
            }

            private void noteFailure(ReplicaSet set, StatusException e) {
                String message = "Failed to create new replica set \"%s\": %s"
                        .formatted(set.getMetadata().getName(), e.getMessage());
                if (DeploymentConditions.hasDeadline(seen)) {
                    writeStatus(DeploymentConditions.with(
                            DeploymentConditions.status(seen),
                            DeploymentConditions.of(
                                    DeploymentConditions.PROGRESSING,
                                    "False",
                                    "ReplicaSetCreateError",
                                    message,
                                    context.kernel().instant())));
                }
                context.events().warning(seen, "ReplicaSetCreateError", message);
            }

            private void writeStatus(DeploymentStatus status) {
                if (!status.equals(DeploymentConditions.status(seen))) {
                    wrote(context.client()
                            .updateStatus(current(new Deployment(
                                    seen.getApiVersion(),
                                    seen.getKind(),
                                    seen.getMetadata(),
                                    seen.getSpec(),
                                    status))));
                }
            }

            private void delete(ReplicaSet set) {
                try {
                    context.client()
                            .delete(
                                    REPLICA_SETS,
                                    key.namespace(),
                                    set.getMetadata().getName(),
                                    DeleteOptions.defaults()
                                            .onlyUid(set.getMetadata().getUid()));
                } catch (StatusException e) {
                    if (!e.isNotFound()) {
                        throw e;
                    }
                }
                loop.deleted(key, sets, set);
            }
        }
    }
}
