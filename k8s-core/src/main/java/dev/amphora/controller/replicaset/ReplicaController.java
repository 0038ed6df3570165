package dev.amphora.controller.replicaset;

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
import dev.amphora.controller.PodTemplates;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps as many pods as an owner wants: the executor of {@link ReplicaPlanner}.
 *
 * @param <T> the owner's class
 */
final class ReplicaController<T extends HasMetadata> {
    private static final int WORKERS = 5;

    private final ReplicaKind<T> kind;
    private final Controller.Context context;
    private final Informer<T> owners;
    private final Informer<Pod> pods;
    private final ControlLoop<ObjectKey> loop;

    ReplicaController(ReplicaKind<T> kind, String name, Controller.Context context) {
        this.kind = kind;
        this.context = context;
        this.owners = Pods.indexed(context.informers().of(kind.type()));
        this.pods = Pods.indexed(context.informers().of(Pod.class));
        this.loop = new ControlLoop<ObjectKey>(context.kernel(), name, WORKERS)
                .watch(owners, KeyMapper.self(ObjectKey::of))
                .watch(pods, new OwnerMapper<>(owners, owner -> kind.spec(owner).selector()).mapper())
                .start(this::reconcile);
    }

    void close() {
        loop.close();
    }

    private Result reconcile(ObjectKey key) {
        T owner = owners.find(key).orElse(null);
        if (owner == null) {
            return Result.done();
        }
        Instant now = context.kernel().instant();
        ReplicaKind.Spec spec = kind.spec(owner);
        List<Pod> claimed = claim(key, owner, spec.selector());
        List<Pod> active = claimed.stream().filter(Pods::isActive).toList();
        Integer terminating = kind.countsTerminating()
                ? (int) claimed.stream()
                        .filter(pod -> Pods.isTerminating(pod) && !Pods.isTerminal(pod))
                        .count()
                : null;

        StatusException failure = null;
        if (!Pods.isTerminating(owner)) {
            List<Pod> related = active.size() > spec.replicas() ? related(owner) : List.of();
            failure = carryOut(key, owner, ReplicaPlanner.plan(spec.replicas(), active, related, now));
        }

        ReplicaKind.Status before = kind.status(owner);
        long generation = owner.getMetadata().getGeneration() == null
                ? 0
                : owner.getMetadata().getGeneration();
        ReplicaKind.Status status = ReplicaPlanner.status(
                before, spec, generation, active, terminating, failure == null ? null : failure.getMessage(), now);
        if (!status.equals(before)) {
            loop.wrote(key, owners, context.client().updateStatus(kind.withStatus(owner, status)));
        }
        if (failure != null) {
            return Result.retry();
        }
        Duration next = ReplicaPlanner.nextAvailability(active, spec.minReadySeconds(), now);
        return next == null ? Result.done() : Result.requeueAfter(next);
    }

    private List<Pod> claim(ObjectKey key, T owner, Selector selector) {
        List<Pod> owned = pods.byIndex(Pods.BY_CONTROLLER, owner.getMetadata().getUid());
        List<Pod> orphans = pods.byIndex(Pods.ORPHANS, LabelIndex.ofSelector(key.namespace(), selector));
        return Claims.plan(owner, selector, owned, orphans, Pods::isActive)
                .carryOut(context.client(), owner, pods.type(), pod -> loop.wrote(key, pods, pod));
    }

    /** The pods of all sets under the same controller: in a rollout the Deployment's old and new ones. */
    private List<Pod> related(T owner) {
        OwnerReference controller = OwnerReferences.controllerOf(owner).orElse(null);
        if (controller == null) {
            return List.of();
        }
        List<Pod> related = new ArrayList<>();
        for (T sibling : owners.byIndex(Pods.BY_CONTROLLER, controller.getUid())) {
            related.addAll(
                    pods.byIndex(Pods.BY_CONTROLLER, sibling.getMetadata().getUid()));
        }
        return related;
    }

    private @Nullable StatusException carryOut(ObjectKey key, T owner, ReplicaPlanner.Plan plan) {
        return plan.create() > 0 ? create(key, owner, plan.create()) : delete(key, owner, plan.delete());
    }

    private @Nullable StatusException create(ObjectKey key, T owner, int count) {
        Pod pod = PodTemplates.podOf(owner, kind.spec(owner).template());
        for (int batch : ReplicaPlanner.slowStart(count)) {
            StatusException failure = null;
            for (int i = 0; i < batch; i++) {
                try {
                    Pod created = context.client().create(pod);
                    loop.wrote(key, pods, created);
                    context.events()
                            .normal(
                                    owner,
                                    "SuccessfulCreate",
                                    "Created pod: " + created.getMetadata().getName());
                } catch (StatusException e) {
                    if (e.hasCause("NamespaceTerminating")) {
                        return null;
                    }
                    context.events().warning(owner, "FailedCreate", "Error creating: " + e.getMessage());
                    failure = e;
                }
            }
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }

    private @Nullable StatusException delete(ObjectKey key, T owner, List<Pod> victims) {
        StatusException failure = null;
        for (Pod pod : victims) {
            String name = pod.getMetadata().getName();
            try {
                context.client()
                        .delete(
                                ResourceType.of(Pod.class),
                                key.namespace(),
                                name,
                                DeleteOptions.defaults()
                                        .onlyUid(pod.getMetadata().getUid()));
                loop.deleted(key, pods, pod);
                context.events().normal(owner, "SuccessfulDelete", "Deleted pod: " + name);
            } catch (StatusException e) {
                if (e.isNotFound() || e.isConflict()) {
                    loop.deleted(key, pods, pod);
                    continue;
                }
                context.events().warning(owner, "FailedDelete", "Error deleting: " + e.getMessage());
                failure = failure == null ? e : failure;
            }
        }
        return failure;
    }
}
