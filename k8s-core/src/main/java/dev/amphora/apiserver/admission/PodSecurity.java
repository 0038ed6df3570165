package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.admission.PodRule.Violation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Refuses pods that may do more than their namespace's labels let them, and warns of pods and templates that do more than they should. The
 * labels must name a known level and version; a stricter level warns of the pods that are there already.
 */
final class PodSecurity implements AdmissionPlugin {
    private static final String PREFIX = "pod-security.kubernetes.io/";
    private static final List<String> MODES = List.of("enforce", "audit", "warn");
    private static final List<String> LEVELS = PodLevel.LEVELS;
    private static final String SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
    private static final String SECCOMP = "container.seccomp.security.alpha.kubernetes.io/";
    private static final int MOST_PODS = 3000;
    private static final List<String> UNCHECKED =
            List.of("exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status");
    private static final Pattern VERSION = Pattern.compile("latest|v1\\.(0|[1-9]\\d*)");

    private final ObjectReader objects;
    private final JsonNode defaults;
    private final Set<String> exemptNamespaces;
    private final Set<String> exemptUsers;
    private final Set<String> exemptClasses;
    /** What was read last, which mostly is what is read next. */
    private volatile @Nullable Said said;

    /** What a namespace's labels say; they are not changed. */
    private record Said(JsonNode labels, PodLevel.Policy policy) {}

    /**
     * The plugin.
     *
     * @param configuration a {@code PodSecurityConfiguration}, or nothing
     */
    PodSecurity(ObjectReader objects, JsonNode configuration) {
        this.objects = objects;
        defaults = configuration.path("defaults");
        JsonNode exemptions = configuration.path("exemptions");
        exemptNamespaces = names(exemptions.path("namespaces"));
        exemptUsers = names(exemptions.path("usernames"));
        exemptClasses = names(exemptions.path("runtimeClasses"));
    }

    private static Set<String> names(JsonNode list) {
        Set<String> names = new HashSet<>();
        list.forEach(each -> names.add(each.asText()));
        return names;
    }

    @Override
    public String name() {
        return "PodSecurity";
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode object = request.object();
        if (object == null || (request.operation() != Operation.CREATE && request.operation() != Operation.UPDATE)) {
            return;
        }
        if (request.isFor("", "namespaces")) {
            checkNamespace(request, object);
        } else if (request.group().isEmpty() && request.resource().equals("pods")) {
            checkPod(request, object);
        } else if (request.subresource().isEmpty()) {
            JsonNode template = template(request, object);
            if (template.isObject() && !isExempt(request, template)) {
                tell(request, template, policy(request.namespace()));
            }
        }
    }

    private static JsonNode template(AdmissionRequest request, ObjectNode object) {
        String place = request.group().isEmpty() ? request.resource() : request.resource() + "." + request.group();
        return switch (place) {
            case "podtemplates" -> object.path("template");
            case "replicationcontrollers",
                    "replicasets.apps",
                    "deployments.apps",
                    "statefulsets.apps",
                    "daemonsets.apps",
                    "jobs.batch" -> object.path("spec").path("template");
            case "cronjobs.batch" ->
                object.path("spec").path("jobTemplate").path("spec").path("template");
            default -> MissingNode.getInstance();
        };
    }

    private PodLevel.Policy policy(String namespace) {
        JsonNode labels = objects.get("", "namespaces", "", namespace)
                .map(found -> found.path("metadata").path("labels"))
                .orElse(MissingNode.getInstance());
        Said last = said;
        if (last == null || !last.labels.equals(labels)) {
            last = new Said(labels, PodLevel.of(labels, defaults));
            said = last;
        }
        return last.policy;
    }

    private void checkPod(AdmissionRequest request, ObjectNode pod) {
        if (UNCHECKED.contains(request.subresource())) {
            return;
        }
        if (isExempt(request, pod)) {
            return;
        }
        PodLevel.Policy policy = policy(request.namespace());
        note(request, "enforce-policy", policy.enforce().toString());
        if (policy.isOpen() || (request.old() != null && !concerns(pod, request.old()))) {
            return;
        }
        List<Violation> violations = PodRules.violations(pod.path("metadata"), pod.path("spec"), policy.enforce());
        if (!violations.isEmpty()) {
            throw StatusException.forbidden(
                    "",
                    "pods",
                    request.name(),
                    "violates PodSecurity \"%s\": %s".formatted(policy.enforce(), text(violations)));
        }
        tell(request, pod, policy);
    }

    /** Whether nothing is asked of somebody, of a namespace, or of what runs in some way. */
    private boolean isExempt(AdmissionRequest request, JsonNode pod) {
        String by = exemptNamespaces.contains(request.namespace())
                ? "namespace"
                : exemptUsers.contains(request.user().name())
                        ? "user"
                        : exemptClasses.contains(pod.path("spec")
                                        .path("runtimeClassName")
                                        .asText(""))
                                ? "runtimeClass"
                                : "";
        if (!by.isEmpty()) {
            note(request, "exempt", by);
        }
        return !by.isEmpty();
    }

    private static void note(AdmissionRequest request, String key, String value) {
        request.origin().annotations().accept(PREFIX + key, value);
    }

    /** Tells the audit log and the caller of what is not forbidden. */
    private static void tell(AdmissionRequest request, JsonNode pod, PodLevel.Policy policy) {
        String audited = problem(pod, policy.audit());
        if (!audited.isEmpty()) {
            note(request, "audit-violations", audited);
        }
        String warning = policy.warn().equals(policy.audit()) ? audited : problem(pod, policy.warn());
        if (!warning.isEmpty()) {
            request.warnings().accept(warning);
        }
    }

    private static String problem(JsonNode pod, PodLevel level) {
        List<Violation> violations = PodRules.violations(pod.path("metadata"), pod.path("spec"), level);
        return violations.isEmpty() ? "" : "would violate PodSecurity \"%s\": %s".formatted(level, text(violations));
    }

    private static String text(List<Violation> violations) {
        return violations.stream().map(Violation::toString).collect(Collectors.joining(", "));
    }

    /** Whether an update changes what the rules look at, as far as updates can: images and old annotations. */
    private static boolean concerns(JsonNode pod, JsonNode old) {
        JsonNode notes = pod.path("metadata").path("annotations");
        JsonNode oldNotes = old.path("metadata").path("annotations");
        if (!notes.path(SECCOMP_POD).equals(oldNotes.path(SECCOMP_POD))) {
            return true;
        }
        for (String kind : List.of("initContainers", "containers", "ephemeralContainers")) {
            JsonNode now = pod.path("spec").path(kind);
            JsonNode before = old.path("spec").path(kind);
            if (now.size() != before.size()) {
                return true;
            }
            for (int i = 0; i < now.size(); i++) {
                String note = SECCOMP + now.path(i).path("name").asText("");
                if (!now.path(i).path("image").equals(before.path(i).path("image"))
                        || !notes.path(note).equals(oldNotes.path(note))) {
                    return true;
                }
            }
        }
        return false;
    }

    private void checkNamespace(AdmissionRequest request, ObjectNode namespace) {
        List<FieldError> errors = errors(namespace);
        if (!errors.isEmpty() && (request.old() == null || errors(request.old()).isEmpty())) {
            throw StatusException.invalid("", "Namespace", request.name(), errors);
        }
        if (request.old() != null) {
            PodLevel now = PodLevel.of(namespace.path("metadata").path("labels"), defaults)
                    .enforce();
            PodLevel before = PodLevel.of(request.old().path("metadata").path("labels"), defaults)
                    .enforce();
            boolean relaxed = now.version().equals(before.version()) && now.compareTo(before) <= 0;
            if (!now.isPrivileged() && !relaxed && !exemptNamespaces.contains(request.name())) {
                existing(request.name(), now).forEach(request.warnings());
            }
        }
    }

    /** What the pods of a namespace do that a level forbids. */
    private List<String> existing(String namespace, PodLevel level) {
        List<ObjectNode> pods = objects.list("", "pods", namespace);
        Map<String, TreeSet<String>> byReason = new TreeMap<>();
        for (ObjectNode pod : pods.subList(0, Math.min(pods.size(), MOST_PODS))) {
            if (exemptClasses.contains(pod.path("spec").path("runtimeClassName").asText(""))) {
                continue;
            }
            List<Violation> violations = PodRules.violations(pod.path("metadata"), pod.path("spec"), level);
            if (!violations.isEmpty()) {
                String reasons = violations.stream().map(Violation::reason).collect(Collectors.joining(", "));
                byReason.computeIfAbsent(reasons, key -> new TreeSet<>())
                        .add(pod.path("metadata").path("name").asText(""));
            }
        }
        List<String> warnings = new ArrayList<>();
        byReason.forEach((reasons, names) -> warnings.add(names.first() + others(names.size() - 1) + ": " + reasons));
        warnings.sort(null);
        if (!warnings.isEmpty()) {
            warnings.add(
                    0,
                    "existing pods in namespace \"%s\" violate the new PodSecurity enforce level \"%s\""
                            .formatted(namespace, level));
        }
        if (pods.size() > MOST_PODS) {
            warnings.add(
                    0,
                    "new PodSecurity enforce level only checked against the first %d of %d existing pods"
                            .formatted(MOST_PODS, pods.size()));
        }
        return warnings;
    }

    private static String others(int count) {
        return count == 0 ? "" : " (and " + count + " other " + PodParts.plural("pod", count) + ")";
    }

    private static List<FieldError> errors(ObjectNode namespace) {
        JsonNode labels = namespace.path("metadata").path("labels");
        List<FieldError> errors = new ArrayList<>();
        for (String mode : MODES) {
            JsonNode level = labels.path(PREFIX + mode);
            if (level.isTextual() && !LEVELS.contains(level.asText())) {
                errors.add(invalid(PREFIX + mode, level, "must be one of " + String.join(", ", LEVELS)));
            }
            JsonNode version = labels.path(PREFIX + mode + "-version");
            if (version.isTextual() && !VERSION.matcher(version.asText()).matches()) {
                errors.add(invalid(PREFIX + mode + "-version", version, "must be \"latest\" or \"v1.x\""));
            }
        }
        return errors;
    }

    private static FieldError invalid(String label, JsonNode value, String why) {
        return FieldError.invalid("metadata.labels[%s]".formatted(label), value, why);
    }
}
