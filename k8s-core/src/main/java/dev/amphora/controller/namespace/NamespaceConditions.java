package dev.amphora.controller.namespace;

import dev.amphora.api.ResourceType;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.NamespaceConditionBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What is left of a namespace's content, and how its conditions tell it. */
final class NamespaceConditions {
    /** How long a foreign finalizer is given, in seconds. */
    static final long FINALIZER_SECONDS = 15;

    private NamespaceConditions() {}

    /**
     * What one pass over a kind left.
     *
     * @param remaining how many objects
     * @param finalizers how many objects each finalizer holds
     * @param waitSeconds how long they may take; 0 if nothing explains that they are still there
     */
    record Remains(int remaining, Map<String, Integer> finalizers, long waitSeconds) {
        static final Remains NOTHING = new Remains(0, Map.of(), 0);

        static Remains of(List<? extends HasMetadata> left) {
            if (left.isEmpty()) {
                return NOTHING;
            }
            Map<String, Integer> finalizers = new TreeMap<>();
            long grace = 0;
            for (HasMetadata object : left) {
                if (object.getMetadata().getFinalizers() != null) {
                    object.getMetadata().getFinalizers().forEach(name -> finalizers.merge(name, 1, Integer::sum));
                }
                if (object instanceof Pod pod && !Pods.isTerminal(pod) && pod.getSpec() != null) {
                    Long seconds = pod.getSpec().getTerminationGracePeriodSeconds();
                    grace = Math.max(grace, seconds == null ? 30 : seconds);
                }
            }
            return new Remains(
                    left.size(), finalizers, grace > 0 ? grace : finalizers.isEmpty() ? 0 : FINALIZER_SECONDS);
        }
    }

    /** The outcome of a whole pass. */
    static final class Pass {
        private final Map<String, Integer> remaining = new TreeMap<>();
        private final Map<String, Integer> finalizers = new TreeMap<>();
        private final List<String> errors = new ArrayList<>();
        private final String namespace;
        private long waitSeconds;

        Pass(String namespace) {
            this.namespace = namespace;
        }

        void add(ResourceType<?> type, Remains remains) {
            if (remains.remaining() > 0) {
                remaining.put(type.plural() + "." + type.group(), remains.remaining());
                remains.finalizers().forEach((name, count) -> finalizers.merge(name, count, Integer::sum));
                waitSeconds = Math.max(waitSeconds, remains.waitSeconds());
                if (remains.waitSeconds() == 0) {
                    errors.add("unexpected items still remain in namespace: %s for gvr: %s/%s, Resource=%s"
                            .formatted(namespace, type.group(), type.version(), type.plural()));
                }
            }
        }

        /** Pods are left, which is nothing to tell about. */
        void await(long seconds) {
            waitSeconds = Math.max(1, seconds);
        }

        void failed(String error) {
            errors.add(error);
        }

        boolean hasErrors() {
            return !errors.isEmpty();
        }

        long waitSeconds() {
            return waitSeconds;
        }
    }

    /** The conditions after a pass; those that say the same as before are kept as they are. */
    static List<NamespaceCondition> after(Pass pass, @Nullable List<NamespaceCondition> before, Instant now) {
        List<NamespaceCondition> conditions = new ArrayList<>(before == null ? List.of() : before);
        set(
                conditions,
                "NamespaceDeletionDiscoveryFailure",
                false,
                "ResourcesDiscovered",
                "All resources successfully discovered",
                now);
        set(
                conditions,
                "NamespaceDeletionGroupVersionParsingFailure",
                false,
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed",
                now);
        boolean failed = pass.hasErrors();
        set(
                conditions,
                "NamespaceDeletionContentFailure",
                failed,
                failed ? "ContentDeletionFailed" : "ContentDeleted",
                failed
                        ? "Failed to delete all resource types, %d remaining: %s"
                                .formatted(
                                        pass.errors.size(),
                                        pass.errors.stream().sorted().collect(Collectors.joining(", ")))
                        : "All content successfully deleted, may be waiting on finalization",
                now);
        boolean remains = !pass.remaining.isEmpty();
        set(
                conditions,
                "NamespaceContentRemaining",
                remains,
                remains ? "SomeResourcesRemain" : "ContentRemoved",
                remains
                        ? "Some resources are remaining: "
                                + pass.remaining.entrySet().stream()
                                        .map(each -> "%s has %d resource instances"
                                                .formatted(each.getKey(), each.getValue()))
                                        .collect(Collectors.joining(", "))
                        : "All content successfully removed",
                now);
        boolean held = !pass.finalizers.isEmpty();
        set(
                conditions,
                "NamespaceFinalizersRemaining",
                held,
                held ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
                held
                        ? "Some content in the namespace has finalizers remaining: "
                                + pass.finalizers.entrySet().stream()
                                        .map(each ->
                                                "%s in %d resource instances".formatted(each.getKey(), each.getValue()))
                                        .collect(Collectors.joining(", "))
                        : "All content-preserving finalizers finished",
                now);
        return conditions;
    }

    private static void set(
            List<NamespaceCondition> conditions,
            String type,
            boolean holds,
            String reason,
            String message,
            Instant now) {
        NamespaceCondition wanted = new NamespaceConditionBuilder()
                .withType(type)
                .withStatus(holds ? "True" : "False")
                .withReason(reason)
                .withMessage(message)
                .withLastTransitionTime(Pods.stamp(now))
                .build();
        for (int i = 0; i < conditions.size(); i++) {
            NamespaceCondition present = conditions.get(i);
            if (type.equals(present.getType())) {
                if (!Objects.equals(present.getStatus(), wanted.getStatus())
                        || !Objects.equals(present.getReason(), reason)
                        || !Objects.equals(present.getMessage(), message)) {
                    conditions.set(i, wanted);
                }
                return;
            }
        }
        conditions.add(wanted);
    }
}
