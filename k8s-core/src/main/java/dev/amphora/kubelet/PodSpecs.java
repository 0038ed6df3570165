package dev.amphora.kubelet;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerRestartRule;
import io.fabric8.kubernetes.api.model.EphemeralContainer;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a pod's spec says, with the API's defaults for what it leaves out. */
final class PodSpecs {
    private PodSpecs() {}

    static String uid(Pod pod) {
        return pod.getMetadata().getUid();
    }

    /** How messages name a pod: {@code name_namespace(uid)}. */
    static String fullName(Pod pod) {
        return pod.getMetadata().getName() + "_" + pod.getMetadata().getNamespace() + "(" + uid(pod) + ")";
    }

    static String restartPolicy(Pod pod) {
        String policy = pod.getSpec().getRestartPolicy();
        return policy == null ? "Always" : policy;
    }

    /** An init container that runs beside the others instead of before them. */
    static boolean isSidecar(Container init) {
        return "Always".equals(init.getRestartPolicy());
    }

    /** The containers that have been added for debugging, as if they were ordinary ones. */
    static List<Container> ephemeral(Pod pod) {
        List<Container> containers = new ArrayList<>(0);
        for (EphemeralContainer each : pod.getSpec().getEphemeralContainers()) {
            ObjectNode tree = Json.toTree(each);
            tree.remove("targetContainerName");
            containers.add(Json.fromTree(tree, Container.class));
        }
        return containers;
    }

    /** All that can run in a pod, in the order of its spec. */
    static List<Container> all(Pod pod) {
        List<Container> all = new ArrayList<>(pod.getSpec().getInitContainers());
        all.addAll(pod.getSpec().getContainers());
        all.addAll(ephemeral(pod));
        return all;
    }

    /** The name of the container that another is to debug, null for none. */
    static @Nullable String target(Pod pod, Container debugger) {
        return pod.getSpec().getEphemeralContainers().stream()
                .filter(each -> each.getName().equals(debugger.getName()))
                .map(EphemeralContainer::getTargetContainerName)
                .filter(name -> name != null && !name.isEmpty())
                .findFirst()
                .orElse(null);
    }

    /** Whether a container that ended is to be started again. */
    static boolean restarts(Pod pod, Container container, int exitCode) {
        for (ContainerRestartRule rule : container.getRestartPolicyRules()) {
            if (rule.getExitCodes() == null) {
                continue;
            }
            boolean listed = rule.getExitCodes().getValues().contains(exitCode);
            boolean matches = "NotIn".equals(rule.getExitCodes().getOperator()) != listed;
            if (matches) {
                return "Restart".equals(rule.getAction()) || "RestartAllContainers".equals(rule.getAction());
            }
        }
        String policy = container.getRestartPolicy() == null ? restartPolicy(pod) : container.getRestartPolicy();
        return switch (policy) {
            case "Never" -> false;
            case "OnFailure" -> exitCode != 0;
            default -> true;
        };
    }

    /** The grace period for ending the pod, in seconds, at least zero. */
    static long grace(Pod pod) {
        Long deletion = pod.getMetadata().getDeletionGracePeriodSeconds();
        if (pod.getMetadata().getDeletionTimestamp() != null && deletion != null) {
            return Math.max(0, deletion);
        }
        Long spec = pod.getSpec().getTerminationGracePeriodSeconds();
        return spec == null ? 30 : Math.max(0, spec);
    }

    static boolean isDeleted(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    static boolean isTerminal(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    static boolean isHostNetwork(Pod pod) {
        return Boolean.TRUE.equals(pod.getSpec().getHostNetwork());
    }

    /** A container's image as the runtime is asked for it: with a tag. */
    static String image(Container container) {
        String image = container.getImage();
        boolean tagged = image.contains("@") || image.lastIndexOf(':') > image.lastIndexOf('/');
        return tagged ? image : image + ":latest";
    }

    /** {@code Always}, {@code IfNotPresent} or {@code Never}; without a choice, by the image's tag. */
    static String pullPolicy(Container container) {
        if (container.getImagePullPolicy() != null
                && !container.getImagePullPolicy().isEmpty()) {
            return container.getImagePullPolicy();
        }
        String image = container.getImage();
        if (image.contains("@")) {
            return "IfNotPresent";
        }
        int colon = image.lastIndexOf(':');
        boolean tagged = colon > image.lastIndexOf('/');
        return !tagged || image.substring(colon + 1).equals("latest") ? "Always" : "IfNotPresent";
    }

    /** Requests of a container, taken from its limits where it names none. */
    static Map<String, Quantity> requests(Container container) {
        Map<String, Quantity> requests = new TreeMap<>();
        if (container.getResources() != null) {
            if (container.getResources().getLimits() != null) {
                requests.putAll(container.getResources().getLimits());
            }
            if (container.getResources().getRequests() != null) {
                requests.putAll(container.getResources().getRequests());
            }
        }
        return requests;
    }

    static Map<String, Quantity> limits(Container container) {
        return container.getResources() == null || container.getResources().getLimits() == null
                ? Map.of()
                : new TreeMap<>(container.getResources().getLimits());
    }

    /**
     * What the pod needs of a resource: the sum of its containers and sidecars, or more if an init container needs more while it
     * runs, plus overhead.
     */
    static BigDecimal needs(Pod pod, String resource) {
        BigDecimal running = BigDecimal.ZERO;
        BigDecimal peak = BigDecimal.ZERO;
        for (Container init : pod.getSpec().getInitContainers()) {
            BigDecimal request = amount(requests(init).get(resource));
            if (isSidecar(init)) {
                running = running.add(request);
                peak = peak.max(running);
            } else {
                peak = peak.max(running.add(request));
            }
        }
        for (Container container : pod.getSpec().getContainers()) {
            running = running.add(amount(requests(container).get(resource)));
        }
        BigDecimal overhead = pod.getSpec().getOverhead() == null
                ? BigDecimal.ZERO
                : amount(pod.getSpec().getOverhead().get(resource));
        return running.max(peak).add(overhead);
    }

    static BigDecimal amount(@Nullable Quantity quantity) {
        return quantity == null ? BigDecimal.ZERO : quantity.getNumericalAmount();
    }

    /** In thousandths, rounded up, as CPU is counted. */
    static long millis(@Nullable Quantity quantity) {
        return amount(quantity).movePointRight(3).setScale(0, RoundingMode.UP).longValue();
    }

    /** In whole units, rounded up. */
    static long units(@Nullable Quantity quantity) {
        return amount(quantity).setScale(0, RoundingMode.UP).longValue();
    }

    /** {@code Guaranteed}, {@code Burstable} or {@code BestEffort}, by CPU and memory. */
    static String qosClass(Pod pod) {
        boolean any = false;
        boolean guaranteed = true;
        for (List<Container> containers :
                List.of(pod.getSpec().getInitContainers(), pod.getSpec().getContainers())) {
            for (Container container : containers) {
                Map<String, Quantity> requests = requests(container);
                Map<String, Quantity> limits = limits(container);
                for (String resource : List.of("cpu", "memory")) {
                    BigDecimal request = amount(requests.get(resource));
                    BigDecimal limit = amount(limits.get(resource));
                    any |= request.signum() > 0 || limit.signum() > 0;
                    guaranteed &= limit.signum() > 0 && request.compareTo(limit) == 0;
                }
            }
        }
        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }
}
