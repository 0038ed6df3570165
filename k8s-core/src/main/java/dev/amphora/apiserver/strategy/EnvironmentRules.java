package dev.amphora.apiserver.strategy;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** A container's environment, and the references by which it and volumes take values from elsewhere. */
final class EnvironmentRules {
    private static final List<String> ENVIRONMENT_FIELDS = List.of(
            "metadata.name",
            "metadata.namespace",
            "metadata.uid",
            "spec.nodeName",
            "spec.serviceAccountName",
            "status.hostIP",
            "status.hostIPs",
            "status.podIP",
            "status.podIPs");
    private static final List<String> VOLUME_FIELDS =
            List.of("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid");
    private static final Set<String> KNOWN_FIELDS = Set.of(
            "metadata.annotations",
            "metadata.labels",
            "metadata.name",
            "metadata.namespace",
            "metadata.uid",
            "spec.host",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.hostIP",
            "status.hostIPs",
            "status.phase",
            "status.podIP",
            "status.podIPs");
    private static final List<String> RESOURCES = List.of(
            "limits.cpu",
            "limits.ephemeral-storage",
            "limits.memory",
            "requests.cpu",
            "requests.ephemeral-storage",
            "requests.memory");
    private static final String SIZES = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei";

    private EnvironmentRules() {}

    static void variable(Fields variable) {
        Fields name = variable.at("name");
        if (name.requireText()) {
            name.check(Names::environmentVariable);
        }
        Fields from = variable.at("valueFrom");
        if (!from.given()) {
            return;
        }
        int sources = 0;
        if (from.has("fieldRef")) {
            sources++;
            field(from.at("fieldRef"), ENVIRONMENT_FIELDS);
        }
        if (from.has("resourceFieldRef")) {
            sources++;
            resource(from.at("resourceFieldRef"), false);
        }
        for (String kind : List.of("configMapKeyRef", "secretKeyRef")) {
            if (from.has(kind)) {
                sources++;
                keyReference(from.at(kind));
            }
        }
        if (from.has("fileKeyRef")) {
            sources++;
            fileReference(from.at("fileKeyRef"));
        }
        if (sources == 0) {
            from.invalid(
                    "",
                    "must specify one of: `configMapKeyRef`, `fieldRef`, `fileKeyRef`, `resourceFieldRef` or `secretKeyRef`");
        }
        if (!variable.at("value").isEmpty()) {
            if (sources != 0) {
                from.invalid("", "may not be specified when `value` is not empty");
            }
        } else if (sources > 1) {
            from.invalid("", "may not have more than one field specified at a time");
        }
    }

    private static void keyReference(Fields reference) {
        reference.at("name").check(Names::subdomain);
        Fields key = reference.at("key");
        if (key.requireText()) {
            key.check(Names::configKey);
        }
    }

    private static void fileReference(Fields reference) {
        Fields key = reference.at("key");
        if (key.requireText()) {
            key.check(Names::environmentVariable);
        }
        Fields volume = reference.at("volumeName");
        if (volume.requireText()) {
            volume.check(Names::label);
        }
        Fields path = reference.at("path");
        if (path.requireText()) {
            VolumeRules.noBacksteps(path);
        }
    }

    /** All variables of a ConfigMap or Secret at once. */
    static void sources(Fields sources) {
        for (Fields source : sources.elements()) {
            Fields prefix = source.at("prefix");
            if (!prefix.isEmpty()) {
                prefix.check(Names::environmentVariable);
            }
            int given = 0;
            for (String kind : List.of("configMapRef", "secretRef")) {
                if (source.has(kind)) {
                    given++;
                    Fields name = source.at(kind).at("name");
                    if (name.requireText()) {
                        name.check(Names::subdomain);
                    }
                }
            }
            if (given == 0) {
                sources.invalid("", "must specify one of: `configMapRef` or `secretRef`");
            } else if (given > 1) {
                sources.invalid("", "may not have more than one field specified at a time");
            }
        }
    }

    /** A reference to a field of the pod. */
    static void field(Fields reference, boolean volume) {
        field(reference, volume ? VOLUME_FIELDS : ENVIRONMENT_FIELDS);
    }

    private static void field(Fields reference, List<String> supported) {
        Fields path = reference.at("fieldPath");
        String version = reference.at("apiVersion").text();
        if (version.isEmpty()) {
            reference.at("apiVersion").required();
            return;
        }
        if (path.isEmpty()) {
            path.required();
            return;
        }
        String text = path.text();
        int bracket = text.indexOf("['");
        boolean subscript = bracket > 0 && text.endsWith("']");
        String field = subscript ? text.substring(0, bracket) : text;
        if (!version.equals("v1")) {
            path.invalid("error converting fieldPath: unsupported pod version: " + version);
            return;
        }
        boolean known = subscript
                ? field.equals("metadata.annotations") || field.equals("metadata.labels")
                : KNOWN_FIELDS.contains(field);
        if (!known) {
            path.invalid("error converting fieldPath: field label not supported: " + text);
            return;
        }
        if (!subscript) {
            path.with(com.fasterxml.jackson.databind.node.TextNode.valueOf(
                            field.equals("spec.host") ? "spec.nodeName" : field))
                    .oneOf(supported);
            return;
        }
        String key = text.substring(bracket + 2, text.length() - 2);
        reference.check(field.equals("metadata.labels") ? key : key.toLowerCase(Locale.ROOT), Names::labelKey);
    }

    /** A reference to an amount of a container's resources. */
    static void resource(Fields reference, boolean volume) {
        Fields resource = reference.at("resource");
        String name = resource.text();
        if (volume && reference.at("containerName").isEmpty()) {
            reference.at("containerName").required();
        } else if (name.isEmpty()) {
            resource.required();
        } else if (!RESOURCES.contains(name)
                && !name.startsWith("limits.hugepages-")
                && !name.startsWith("requests.hugepages-")) {
            resource.oneOf(RESOURCES);
        }
        Fields divisor = reference.at("divisor");
        BigDecimal value = PodResources.value(divisor.isEmpty() ? "0" : divisor.text());
        if (value.signum() == 0) {
            return;
        }
        String what = name.substring(name.indexOf('.') + 1);
        if (what.equals("cpu")) {
            if (value.compareTo(BigDecimal.ONE) != 0 && value.compareTo(new BigDecimal("0.001")) != 0) {
                divisor.invalid(name, "only divisor's values 1m and 1 are supported with the cpu resource");
            }
        } else if (what.equals("memory") || what.equals("ephemeral-storage") || what.startsWith("hugepages-")) {
            if (!SIZES.contains(divisor.text()) && value.compareTo(BigDecimal.ONE) != 0) {
                String kind = what.equals("ephemeral-storage")
                        ? "local ephemeral storage"
                        : what.equals("memory") ? "memory" : "hugepages";
                divisor.invalid(
                        name, "only divisor's values " + SIZES + " are supported with the " + kind + " resource");
            }
        }
    }
}
