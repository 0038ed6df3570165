package dev.amphora.controller.replicaset;

import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.ReplicationControllerConditionBuilder;
import io.fabric8.kubernetes.api.model.ReplicationControllerStatus;
import io.fabric8.kubernetes.api.model.ReplicationControllerStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatusBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a kind that keeps replicas is read and written.
 *
 * @param <T> its class
 */
interface ReplicaKind<T extends HasMetadata> {

    /**
     * What is wanted.
     *
     * @param replicas how many pods
     * @param minReadySeconds how long a pod has to be ready to be available
     * @param selector which pods count
     * @param template what new pods are made of
     */
    record Spec(int replicas, int minReadySeconds, Selector selector, PodTemplateSpec template) {}

    /** A condition of the status. */
    record Condition(String type, String status, String reason, String message, @Nullable String lastTransitionTime) {}

    /**
     * What there is.
     *
     * @param terminating null if the kind does not say
     */
    record Status(
            int replicas,
            int fullyLabeled,
            int ready,
            int available,
            @Nullable Integer terminating,
            long observedGeneration,
            List<Condition> conditions) {}

    ResourceType<T> type();

    Spec spec(T object);

    Status status(T object);

    /** Whether the status says how many pods are terminating. */
    boolean countsTerminating();

    /** The object with another status; shares the rest. */
    T withStatus(T object, Status status);

    /** ReplicaSets. */
    ReplicaKind<ReplicaSet> REPLICA_SET = new ReplicaKind<>() {
        @Override
        public ResourceType<ReplicaSet> type() {
            return ResourceType.of(ReplicaSet.class);
        }

        @Override
        public Spec spec(ReplicaSet object) {
            return new Spec(
                    orOne(object.getSpec().getReplicas()),
                    orZero(object.getSpec().getMinReadySeconds()),
                    Selector.of(object.getSpec().getSelector()),
                    object.getSpec().getTemplate());
        }

        @Override
        public Status status(ReplicaSet object) {
            ReplicaSetStatus status = object.getStatus() == null ? new ReplicaSetStatus() : object.getStatus();
            return new Status(
                    orZero(status.getReplicas()),
                    orZero(status.getFullyLabeledReplicas()),
                    orZero(status.getReadyReplicas()),
                    orZero(status.getAvailableReplicas()),
                    status.getTerminatingReplicas(),
                    status.getObservedGeneration() == null ? 0 : status.getObservedGeneration(),
                    status.getConditions() == null
                            ? List.of()
                            : status.getConditions().stream()
                                    .map(c -> new Condition(
                                            c.getType(),
                                            c.getStatus(),
                                            c.getReason(),
                                            c.getMessage(),
                                            c.getLastTransitionTime()))
                                    .toList());
        }

        @Override
        public boolean countsTerminating() {
            return true;
        }

        @Override
        public ReplicaSet withStatus(ReplicaSet object, Status status) {
            ReplicaSetStatus written = new ReplicaSetStatusBuilder()
                    .withReplicas(status.replicas())
                    .withFullyLabeledReplicas(orNull(status.fullyLabeled()))
                    .withReadyReplicas(orNull(status.ready()))
                    .withAvailableReplicas(orNull(status.available()))
                    .withTerminatingReplicas(status.terminating())
                    .withObservedGeneration(status.observedGeneration())
                    .withConditions(status.conditions().stream()
                            .map(c -> new ReplicaSetConditionBuilder()
                                    .withType(c.type())
                                    .withStatus(c.status())
                                    .withReason(c.reason())
                                    .withMessage(c.message())
                                    .withLastTransitionTime(c.lastTransitionTime())
                                    .build())
                            .toList())
                    .build();
            return new ReplicaSet(
                    object.getApiVersion(), object.getKind(), object.getMetadata(), object.getSpec(), written);
        }
    };

    /** ReplicationControllers, whose selector is a plain map. */
    ReplicaKind<ReplicationController> REPLICATION_CONTROLLER = new ReplicaKind<>() {
        @Override
        public ResourceType<ReplicationController> type() {
            return ResourceType.of(ReplicationController.class);
        }

        @Override
        public Spec spec(ReplicationController object) {
            return new Spec(
                    orOne(object.getSpec().getReplicas()),
                    orZero(object.getSpec().getMinReadySeconds()),
                    Selector.ofLabels(object.getSpec().getSelector()),
                    object.getSpec().getTemplate());
        }

        @Override
        public Status status(ReplicationController object) {
            ReplicationControllerStatus status =
                    object.getStatus() == null ? new ReplicationControllerStatus() : object.getStatus();
            return new Status(
                    orZero(status.getReplicas()),
                    orZero(status.getFullyLabeledReplicas()),
                    orZero(status.getReadyReplicas()),
                    orZero(status.getAvailableReplicas()),
                    null,
                    status.getObservedGeneration() == null ? 0 : status.getObservedGeneration(),
                    status.getConditions() == null
                            ? List.of()
                            : status.getConditions().stream()
                                    .map(c -> new Condition(
                                            c.getType(),
                                            c.getStatus(),
                                            c.getReason(),
                                            c.getMessage(),
                                            c.getLastTransitionTime()))
                                    .toList());
        }

        @Override
        public boolean countsTerminating() {
            return false;
        }

        @Override
        public ReplicationController withStatus(ReplicationController object, Status status) {
            ReplicationControllerStatus written = new ReplicationControllerStatusBuilder()
                    .withReplicas(status.replicas())
                    .withFullyLabeledReplicas(orNull(status.fullyLabeled()))
                    .withReadyReplicas(orNull(status.ready()))
                    .withAvailableReplicas(orNull(status.available()))
                    .withObservedGeneration(status.observedGeneration())
                    .withConditions(status.conditions().stream()
                            .map(c -> new ReplicationControllerConditionBuilder()
                                    .withType(c.type())
                                    .withStatus(c.status())
                                    .withReason(c.reason())
                                    .withMessage(c.message())
                                    .withLastTransitionTime(c.lastTransitionTime())
                                    .build())
                            .toList())
                    .build();
            return new ReplicationController(
                    object.getApiVersion(), object.getKind(), object.getMetadata(), object.getSpec(), written);
        }
    };

    private static int orZero(@Nullable Integer value) {
        return value == null ? 0 : value;
    }

    private static int orOne(@Nullable Integer value) {
        return value == null ? 1 : value;
    }

    private static @Nullable Integer orNull(int value) {
        return value == 0 ? null : value;
    }
}
