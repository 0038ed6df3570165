package dev.amphora;

import dev.amphora.api.ResourceType;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The conditions that people wait for. Objects are looked for in the namespace {@code default} unless told otherwise. */
public final class Conditions {
    private static final String DEFAULT_NAMESPACE = "default";

    private Conditions() {}

    /** Conditions of a Deployment. */
    public static OfDeployment deployment(String name) {
        return new OfDeployment(DEFAULT_NAMESPACE, name);
    }

    /** Conditions of a Pod. */
    public static OfPod pod(String name) {
        return new OfPod(DEFAULT_NAMESPACE, name);
    }

    /** Conditions of a Node. */
    public static OfNode node(String name) {
        return new OfNode(name);
    }

    /**
     * No object of that kind and name is there any more.
     *
     * @param <T> the class of the object
     * @param type the kind
     * @param namespace null for cluster-scoped kinds
     * @param name its name
     */
    public static <T extends HasMetadata> Condition<T> gone(Class<T> type, @Nullable String namespace, String name) {
        return new Condition<>(ResourceType.of(type), namespace, name, "gone", object -> object == null);
    }

    /** Conditions of one Deployment. */
    public record OfDeployment(String namespace, String name) {
        /** The same in another namespace. */
        public OfDeployment in(String other) {
            return new OfDeployment(other, name);
        }

        /** Its condition {@code Available} is True and the controller has seen its latest change. */
        public Condition<Deployment> available() {
            return condition("available", deployment -> {
                DeploymentStatus status = deployment.getStatus();
                return isObserved(deployment)
                        && status.getConditions().stream()
                                .anyMatch(
                                        each -> "Available".equals(each.getType()) && "True".equals(each.getStatus()));
            });
        }

        /** All its replicas are of the latest template and available, and no others are left: what {@code kubectl rollout status} waits for. */
        public Condition<Deployment> rolledOut() {
            return condition("rolled out", deployment -> {
                DeploymentStatus status = deployment.getStatus();
                int wanted = deployment.getSpec().getReplicas();
                return isObserved(deployment)
                        && count(status.getUpdatedReplicas()) == wanted
                        && count(status.getReplicas()) == wanted
                        && count(status.getAvailableReplicas()) == wanted;
            });
        }

        private Condition<Deployment> condition(String words, Predicate<Deployment> test) {
            return Conditions.condition(Deployment.class, namespace, name, words, test);
        }

        private static boolean isObserved(Deployment deployment) {
            DeploymentStatus status = deployment.getStatus();
            return status != null
                    && status.getObservedGeneration() != null
                    && status.getObservedGeneration()
                            >= deployment.getMetadata().getGeneration();
        }

        private static int count(@Nullable Integer replicas) {
            return replicas == null ? 0 : replicas;
        }
    }

    /** Conditions of one Pod. */
    public record OfPod(String namespace, String name) {
        /** The same in another namespace. */
        public OfPod in(String other) {
            return new OfPod(other, name);
        }

        /** Its phase is Running. */
        public Condition<Pod> running() {
            return condition("running", pod -> "Running".equals(status(pod).getPhase()));
        }

        /** Its condition {@code Ready} is True. */
        public Condition<Pod> ready() {
            return condition("ready", pod -> status(pod).getConditions().stream()
                    .anyMatch(each -> "Ready".equals(each.getType()) && "True".equals(each.getStatus())));
        }

        private Condition<Pod> condition(String words, Predicate<Pod> test) {
            return Conditions.condition(Pod.class, namespace, name, words, test);
        }

        private static PodStatus status(Pod pod) {
            return pod.getStatus() == null ? new PodStatus() : pod.getStatus();
        }
    }

    /** Conditions of one Node. */
    public record OfNode(String name) {
        private static final String NOT_READY_TAINT = "node.kubernetes.io/not-ready";

        /** Its condition {@code Ready} is True. */
        public Condition<Node> ready() {
            return condition("ready", node -> isReady(node, "True"));
        }

        /** It is ready, and the taint that keeps pods away until then is gone. */
        public Condition<Node> schedulable() {
            return condition(
                    "schedulable",
                    node -> isReady(node, "True")
                            && node.getSpec().getTaints().stream()
                                    .noneMatch(taint -> NOT_READY_TAINT.equals(taint.getKey())));
        }

        /** Its condition {@code Ready} is Unknown: the control plane has not heard from it for the grace period. */
        public Condition<Node> lost() {
            return condition("lost", node -> isReady(node, "Unknown"));
        }

        private Condition<Node> condition(String words, Predicate<Node> test) {
            return Conditions.condition(Node.class, null, name, words, test);
        }

        private static boolean isReady(Node node, String value) {
            return node.getStatus() != null
                    && node.getStatus().getConditions().stream()
                            .anyMatch(each -> "Ready".equals(each.getType()) && value.equals(each.getStatus()));
        }
    }

    private static <T extends HasMetadata> Condition<T> condition(
            Class<T> type, @Nullable String namespace, String name, String words, Predicate<T> test) {
        return new Condition<>(
                ResourceType.of(type), namespace, name, words, object -> object != null && test.test(object));
    }
}
