package dev.amphora.kubelet;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceFieldSelector;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The downward API: a pod's own fields as text. */
final class FieldRefs {
    private FieldRefs() {}

    /**
     * A field's value.
     *
     * @param path such as {@code metadata.labels['app']} or {@code status.podIP}
     * @param podIp null while there is none
     * @throws StartFailure if there is no such field
     */
    static String field(Pod pod, String path, @Nullable String podIp, String hostIp) {
        Map<String, String> labels = orEmpty(pod.getMetadata().getLabels());
        Map<String, String> annotations = orEmpty(pod.getMetadata().getAnnotations());
        int bracket = path.indexOf("['");
        if (bracket > 0 && path.endsWith("']")) {
            String key = path.substring(bracket + 2, path.length() - 2);
            return switch (path.substring(0, bracket)) {
                case "metadata.labels" -> labels.getOrDefault(key, "");
                case "metadata.annotations" -> annotations.getOrDefault(key, "");
                default -> throw unsupported(path);
            };
        }
        return switch (path) {
            case "metadata.name" -> pod.getMetadata().getName();
            case "metadata.namespace" -> pod.getMetadata().getNamespace();
            case "metadata.uid" -> pod.getMetadata().getUid();
            case "metadata.labels" -> lines(labels);
            case "metadata.annotations" -> lines(annotations);
            case "spec.nodeName" -> text(pod.getSpec().getNodeName());
            case "spec.serviceAccountName" -> text(pod.getSpec().getServiceAccountName());
            case "status.hostIP", "status.hostIPs" -> hostIp;
            case "status.podIP", "status.podIPs" -> text(podIp);
            default -> throw unsupported(path);
        };
    }

    /**
     * A resource of a container, divided and rounded up; what is not limited is limited by the node.
     *
     * @param node what the node has
     */
    static String resource(Container container, ResourceFieldSelector selector, Map<String, Quantity> node) {
        String[] path = selector.getResource().split("\\.", 2);
        Quantity found = path.length < 2
                ? null
                : path[0].equals("limits")
                        ? PodSpecs.limits(container).getOrDefault(path[1], node.get(path[1]))
                        : PodSpecs.requests(container).get(path[1]);
        BigDecimal divisor = PodSpecs.amount(selector.getDivisor());
        return PodSpecs.amount(found)
                .divide(divisor.signum() == 0 ? BigDecimal.ONE : divisor, 0, RoundingMode.UP)
                .toPlainString();
    }

    private static StartFailure unsupported(String path) {
        return new StartFailure("CreateContainerConfigError", "unsupported fieldPath: " + path);
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }

    private static String lines(Map<String, String> map) {
        StringBuilder lines = new StringBuilder();
        new TreeMap<>(map).forEach((key, value) -> {
            String quoted = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
            lines.append(lines.length() == 0 ? "" : "\n")
                    .append(key)
                    .append("=\"")
                    .append(quoted)
                    .append('"');
        });
        return lines.toString();
    }
}
