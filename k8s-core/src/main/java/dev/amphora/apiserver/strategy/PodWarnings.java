package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is allowed in a pod's specification and yet deserves a warning. */
final class PodWarnings {
    private static final Map<String, String> BETA_LABELS = ImmutableMap.of(
            "beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
            "beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead",
            "failure-domain.beta.kubernetes.io/region",
                    "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
            "failure-domain.beta.kubernetes.io/zone",
                    "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
            "beta.kubernetes.io/instance-type",
                    "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead");

    /** Volumes by plugins that are no more, in the order in which they are looked for. */
    private static final ImmutableMap<String, String> OLD_VOLUMES = ImmutableMap.<String, String>builder()
            .put("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+")
            .put("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+")
            .put("scaleIO", "deprecated in v1.16, non-functional in v1.22+")
            .put("flocker", "deprecated in v1.22, non-functional in v1.25+")
            .put("storageOS", "deprecated in v1.22, non-functional in v1.25+")
            .put("quobyte", "deprecated in v1.22, non-functional in v1.25+")
            .put("glusterfs", "deprecated in v1.25, non-functional in v1.26+")
            .put("cephfs", "deprecated in v1.28, non-functional in v1.31+")
            .put("rbd", "deprecated in v1.28, non-functional in v1.31+")
            .buildOrThrow();

    private static final List<String> OLD_PERSISTENT_VOLUMES =
            List.of("photonPersistentDisk", "scaleIO", "storageOS", "glusterfs", "rbd", "cephfs");

    /** Projections that were counted before the newer ones came. */
    private static final List<String> COUNTED_SOURCES =
            List.of("secret", "downwardAPI", "configMap", "serviceAccountToken");

    private static final String NO_SOURCES = "(Projected) has no sources provided";

    private final List<String> warnings = new ArrayList<>();
    private final Fields spec;

    private PodWarnings(Fields spec) {
        this.spec = spec;
    }

    /** The warnings of a new pod. */
    static List<String> pod(JsonNode pod) {
        List<String> warnings = new ArrayList<>();
        name(pod, "the Pod's hostname", warnings);
        warnings.addAll(of(Fields.of(pod)));
        return warnings;
    }

    /** The warnings of a workload with a template. */
    static List<String> template(JsonNode workload) {
        return of(Fields.of(workload).at("spec", "template"));
    }

    /** The warnings of a new workload whose pods get their names from its own. */
    static List<String> named(JsonNode workload, List<String> others) {
        List<String> warnings = new ArrayList<>();
        name(workload, "Pod names and hostnames", warnings);
        warnings.addAll(others);
        return warnings;
    }

    /** What a change of a workload's desired state is warned of; a change of anything else of nothing. */
    static List<String> ifChanged(ObjectNode object, ObjectNode old, List<String> warnings) {
        boolean changed = object.path("metadata").path("generation").asLong()
                != old.path("metadata").path("generation").asLong();
        return changed ? warnings : List.of();
    }

    private static void name(JsonNode object, String use, List<String> warnings) {
        List<String> wrong = Names.label(object.path("metadata").path("name").asText(""));
        if (!wrong.isEmpty()) {
            warnings.add(
                    "metadata.name: this is used in %s, which can result in surprising behavior; a DNS label is recommended: [%s]"
                            .formatted(use, String.join(" ", wrong)));
        }
    }

    /** The warnings of a changed pod; volumes can't change. */
    static List<String> podUpdate(JsonNode pod) {
        return of(Fields.of(pod)).stream()
                .filter(warning -> !warning.endsWith(NO_SOURCES))
                .toList();
    }

    /** The warnings of a pod or a template, wherever it stands, in order. */
    static List<String> of(Fields pod) {
        PodWarnings found = new PodWarnings(pod.at("spec"));
        found.placement();
        found.annotations(pod.at("metadata", "annotations"));
        found.volumes();
        found.lists();
        found.containers();
        found.ports();
        if (found.spec.at("terminationGracePeriodSeconds").number() < 0) {
            found.warn(
                    found.spec.at("terminationGracePeriodSeconds"),
                    "must be >= 0; negative values are invalid and will be treated as 1");
        }
        return found.warnings;
    }

    private void warn(Fields place, String text) {
        warnings.add(place.path() + ": " + text);
    }

    // Where pods may go

    private void placement() {
        Fields selector = spec.at("nodeSelector");
        for (String key : selector.keys()) {
            betaLabel(selector.key(key), key);
        }
        Fields node = spec.at("affinity", "nodeAffinity");
        node.at("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
                .elements()
                .forEach(this::nodeTerm);
        node.at("preferredDuringSchedulingIgnoredDuringExecution")
                .elements()
                .forEach(preferred -> nodeTerm(preferred.at("preference")));
        for (Fields constraint : spec.at("topologySpreadConstraints").elements()) {
            String deprecated = BETA_LABELS.get(constraint.at("topologyKey").text());
            if (deprecated != null) {
                warn(constraint.at("topologyKey"), constraint.at("topologyKey").text() + " is " + deprecated);
            }
            selects(constraint.at("labelSelector"));
        }
        for (String kind : List.of("podAffinity", "podAntiAffinity")) {
            Fields affinity = spec.at("affinity", kind);
            affinity.at("requiredDuringSchedulingIgnoredDuringExecution")
                    .elements()
                    .forEach(term -> selects(term.at("labelSelector")));
            affinity.at("preferredDuringSchedulingIgnoredDuringExecution")
                    .elements()
                    .forEach(term -> selects(term.at("podAffinityTerm", "labelSelector")));
        }
    }

    private void nodeTerm(Fields term) {
        for (Fields requirement : term.at("matchExpressions").elements()) {
            betaLabel(requirement.at("key"), requirement.at("key").text());
        }
    }

    private void betaLabel(Fields place, String label) {
        String deprecated = BETA_LABELS.get(label);
        if (deprecated != null) {
            warn(place, deprecated);
        }
    }

    /** A key that may be an outdated label of nodes. */
    static void betaLabel(Fields key, List<String> warnings) {
        String deprecated = BETA_LABELS.get(key.text());
        if (deprecated != null) {
            warnings.add(key.path() + ": " + deprecated);
        }
    }

    private void selects(Fields selector) {
        if (!selector.given()) {
            warn(selector, "a null labelSelector results in matching no pod");
        }
    }

    // What came before fields of their own

    private void annotations(Fields annotations) {
        Fields seccomp = annotations.key(AppArmor.SECCOMP);
        if (seccomp.given() && !spec.at("securityContext").has("seccompProfile")) {
            warn(seccomp, "non-functional in v1.27+; use the \"seccompProfile\" field instead");
        }
        for (ObjectNode container : PodStrategy.containers(spec.value())) {
            String key = AppArmor.PREFIX + container.path("name").asText();
            if (annotations.key(key).given()
                    && !container.path("securityContext").has("appArmorProfile")) {
                warn(annotations.key(key), AppArmor.DEPRECATED);
            }
        }
    }

    // Volumes and lists

    private void volumes() {
        for (Fields volume : spec.at("volumes").elements()) {
            oldVolumes(volume);
            List<Fields> sources = volume.at("projected", "sources").elements();
            if (!sources.isEmpty()
                    && sources.stream()
                            .noneMatch(source -> COUNTED_SOURCES.stream().anyMatch(source::has))) {
                warnings.add("volume %s %s"
                        .formatted(FieldError.quoted(volume.at("name").text()), NO_SOURCES));
            }
        }
    }

    private void oldVolumes(Fields volume) {
        OLD_VOLUMES.forEach((plugin, text) -> oldVolume(volume, plugin, text, warnings));
    }

    /** Persistent volumes by plugins that are no more. */
    static List<String> persistentVolume(Fields spec) {
        List<String> warnings = new ArrayList<>();
        OLD_PERSISTENT_VOLUMES.forEach(
                plugin -> oldVolume(spec, plugin, OLD_VOLUMES.getOrDefault(plugin, ""), warnings));
        return warnings;
    }

    private static void oldVolume(Fields source, String plugin, String text, List<String> warnings) {
        if (source.has(plugin.equals("storageOS") ? "storageos" : plugin)) {
            warnings.add(source.at(plugin).path() + ": " + text);
        }
    }

    private void lists() {
        twice(spec.at("hostAliases"), "ip");
        twice(spec.at("imagePullSecrets"), "name");
        for (Fields secret : spec.at("imagePullSecrets").elements()) {
            if (secret.at("name").isEmpty()) {
                warn(secret.at("name"), "invalid empty name \"\"");
            }
        }
    }

    private void twice(Fields list, String key) {
        Set<String> seen = new HashSet<>();
        for (Fields element : list.elements()) {
            if (!seen.add(element.at(key).text())) {
                warn(
                        element.at(key),
                        "duplicate %s %s"
                                .formatted(
                                        key, FieldError.quoted(element.at(key).text())));
            }
        }
    }

    // Containers

    private List<Fields> allContainers() {
        List<Fields> all = new ArrayList<>(spec.at("initContainers").elements());
        all.addAll(spec.at("containers").elements());
        all.addAll(spec.at("ephemeralContainers").elements());
        return all;
    }

    private void containers() {
        for (Fields container : allContainers()) {
            wholeBytes(container.at("resources"));
            Set<String> names = new HashSet<>();
            for (Fields variable : container.at("env").elements()) {
                String name = variable.at("name").text();
                boolean extendsItself = variable.at("value").text().contains("$(" + name + ")");
                if (!names.add(name) && !extendsItself) {
                    warn(
                            variable,
                            "hides previous definition of %s, which may be dropped when using apply"
                                    .formatted(FieldError.quoted(name)));
                }
            }
        }
        wholeBytes(spec.at("resources"));
    }

    private void wholeBytes(Fields resources) {
        for (String resource : List.of("memory", "ephemeral-storage")) {
            for (String list : List.of("limits", "requests")) {
                wholeBytes(resources.at(list).key(resource), warnings);
            }
        }
    }

    /** Bytes come whole. */
    static void wholeBytes(Fields amount, List<String> warnings) {
        if (amount.given()
                && PodResources.value(amount.text()).stripTrailingZeros().scale() > 0) {
            warnings.add("%s: fractional byte value %s is invalid, must be an integer"
                    .formatted(amount.path(), FieldError.quoted(amount.text())));
        }
    }

    private void ports() {
        Map<String, List<Fields>> byNumber = new HashMap<>();
        for (Fields container : allContainers()) {
            for (Fields port : container.at("ports").elements()) {
                String number = port.at("containerPort").number() + "/"
                        + port.at("protocol").text();
                List<Fields> others = byNumber.computeIfAbsent(number, any -> new ArrayList<>());
                others.forEach(other -> samePort(port, other));
                others.add(port);
            }
        }
        Map<String, Fields> byName = new HashMap<>();
        for (Fields container : allContainers()) {
            for (Fields port : container.at("ports").elements()) {
                portName(port, byName);
            }
        }
    }

    private void samePort(Fields port, Fields other) {
        long host = port.at("hostPort").number();
        long otherHost = other.at("hostPort").number();
        boolean sameAddress = port.at("hostIP").text().equals(other.at("hostIP").text());
        if (sameAddress && host == otherHost) {
            warn(port, "duplicate port definition with " + other.path());
        } else if (host == 0 || otherHost == 0) {
            warn(port, "overlapping port definition with " + other.path());
        } else if (host == otherHost
                && port.at("hostIP").isEmpty() != other.at("hostIP").isEmpty()) {
            warn(port, "dangerously ambiguous port definition with " + other.path());
        }
    }

    private void portName(Fields port, Map<String, Fields> byName) {
        if (port.at("name").isEmpty()) {
            return;
        }
        Fields first = byName.putIfAbsent(port.at("name").text(), port);
        if (first != null) {
            warn(
                    port,
                    "duplicate port name %s with %s, services and probes that select ports by name will use %s"
                            .formatted(FieldError.quoted(port.at("name").text()), first.path(), first.path()));
        }
    }
}
