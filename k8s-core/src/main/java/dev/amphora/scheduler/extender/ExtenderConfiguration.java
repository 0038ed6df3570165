package dev.amphora.scheduler.extender;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.GoDuration;
import dev.amphora.api.Names;
import dev.amphora.scheduler.framework.SchedulerExtender;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads the {@code extenders} of a KubeSchedulerConfiguration, and says what is wrong with them in kube-scheduler's words. */
public final class ExtenderConfiguration {
    private static final Set<String> FIELDS = Set.of(
            "urlPrefix",
            "filterVerb",
            "preemptVerb",
            "prioritizeVerb",
            "weight",
            "bindVerb",
            "enableHTTPS",
            "tlsConfig",
            "httpTimeout",
            "nodeCacheCapable",
            "managedResources",
            "ignorable");
    private static final Set<String> TLS_FIELDS =
            Set.of("insecure", "serverName", "certFile", "keyFile", "caFile", "certData", "keyData", "caData");
    private static final Set<String> RESOURCE_FIELDS = Set.of("name", "ignoredByScheduler");
    private static final String QUOTA_PREFIX = "requests.";

    private ExtenderConfiguration() {}

    /**
     * The extenders.
     *
     * @param extenders the list, which may be absent
     * @throws IllegalArgumentException if it is none, or something in it makes no sense
     */
    public static List<SchedulerExtender> read(JsonNode extenders) {
        if (extenders.isMissingNode() || extenders.isNull()) {
            return List.of();
        }
        if (!extenders.isArray()) {
            throw new IllegalArgumentException("extenders: must be a list");
        }
        for (int i = 0; i < extenders.size(); i++) {
            known(extenders.get(i), FIELDS, "extenders[" + i + "]");
        }
        List<FieldError> errors = validate(extenders);
        if (!errors.isEmpty()) {
            List<String> texts = errors.stream()
                    .map(error -> error.field() + ": " + error.message())
                    .distinct()
                    .toList();
            throw new IllegalArgumentException(FieldError.aggregate(texts));
        }
        List<SchedulerExtender> read = new ArrayList<>();
        for (int i = 0; i < extenders.size(); i++) {
            read.add(extender(extenders.get(i), "extenders[" + i + "]"));
        }
        return read;
    }

    private static void known(JsonNode object, Set<String> fields, String path) {
        if (!object.isObject()) {
            throw new IllegalArgumentException(path + ": must be an object");
        }
        object.fieldNames().forEachRemaining(name -> {
            if (!fields.contains(name)) {
                throw new IllegalArgumentException(
                        "strict decoding error: unknown field " + FieldError.quoted(path + "." + name));
            }
        });
    }

    // -- validation --------------------------------------------------------------------------------------------------

    private static List<FieldError> validate(JsonNode extenders) {
        List<FieldError> errors = new ArrayList<>();
        Set<String> managed = new HashSet<>();
        int binders = 0;
        for (int i = 0; i < extenders.size(); i++) {
            JsonNode extender = extenders.get(i);
            String path = "extenders[" + i + "]";
            long weight = number(extender, "weight", path);
            if (!text(extender, "prioritizeVerb", path).isEmpty() && weight <= 0) {
                errors.add(FieldError.invalid(
                        path + ".weight", LongNode.valueOf(weight), "must have a positive weight applied to it"));
            }
            binders += text(extender, "bindVerb", path).isEmpty() ? 0 : 1;
            JsonNode resources = list(extender, "managedResources", path);
            for (int j = 0; j < resources.size(); j++) {
                String resource = path + ".managedResources[" + j + "]";
                known(resources.get(j), RESOURCE_FIELDS, resource);
                String name = text(resources.get(j), "name", resource);
                errors.addAll(extendedResource(resource + ".name", name));
                if (!managed.add(name)) {
                    errors.add(
                            FieldError.invalid(resource + ".name", name, "duplicate extender managed resource name"));
                }
            }
        }
        if (binders > 1) {
            errors.add(FieldError.invalid(
                    "extenders",
                    "found " + binders + " extenders implementing bind",
                    "only one extender can implement bind"));
        }
        return errors;
    }

    private static List<FieldError> extendedResource(String path, String name) {
        List<FieldError> errors = Names.qualifiedName(name).stream()
                .map(why -> FieldError.invalid(path, name, why))
                .collect(Collectors.toCollection(ArrayList::new));
        if (errors.isEmpty() && !isExtended(name)) {
            errors.add(FieldError.invalid(path, name, "is an invalid extended resource name"));
        }
        return errors;
    }

    /** Whether a resource is neither Kubernetes' own nor one that a quota couldn't name. */
    private static boolean isExtended(String name) {
        return name.contains("/")
                && !name.contains("kubernetes.io/")
                && !name.startsWith(QUOTA_PREFIX)
                && Names.qualifiedName(QUOTA_PREFIX + name).isEmpty();
    }

    // -- reading -----------------------------------------------------------------------------------------------------

    private static SchedulerExtender extender(JsonNode tree, String path) {
        HttpExtender.Builder extender = HttpExtender.at(text(tree, "urlPrefix", path))
                .filter(text(tree, "filterVerb", path))
                .preempt(text(tree, "preemptVerb", path))
                .bind(text(tree, "bindVerb", path));
        String prioritize = text(tree, "prioritizeVerb", path);
        if (!prioritize.isEmpty()) {
            extender.prioritize(prioritize, number(tree, "weight", path));
        }
        if (flag(tree, "enableHTTPS", path)) {
            extender.enableHttps();
        }
        if (flag(tree, "nodeCacheCapable", path)) {
            extender.nodeCacheCapable();
        }
        if (flag(tree, "ignorable", path)) {
            extender.ignorable();
        }
        String timeout = text(tree, "httpTimeout", path);
        if (!timeout.isEmpty()) {
            try {
                extender.timeout(GoDuration.parse(timeout));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "time: invalid duration " + FieldError.quoted(timeout) + " in " + path + ".httpTimeout", e);
            }
        }
        for (JsonNode resource : list(tree, "managedResources", path)) {
            extender.manages(text(resource, "name", path), flag(resource, "ignoredByScheduler", path));
        }
        JsonNode tls = tree.path("tlsConfig");
        if (!tls.isMissingNode() && !tls.isNull()) {
            extender.tls(tls(tls, path + ".tlsConfig"));
        }
        try {
            return extender.build();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(path + ".tlsConfig: " + e.getMessage(), e);
        }
    }

    private static ExtenderTls tls(JsonNode tree, String path) {
        known(tree, TLS_FIELDS, path);
        return new ExtenderTls(
                flag(tree, "insecure", path),
                text(tree, "serverName", path),
                pem(tree, "ca", path),
                pem(tree, "cert", path),
                pem(tree, "key", path));
    }

    /** What a configuration holds itself, in base64, or has in a file. */
    private static String pem(JsonNode tree, String what, String path) {
        String data = text(tree, what + "Data", path);
        if (!data.isEmpty()) {
            try {
                return new String(Base64.getMimeDecoder().decode(data), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(path + "." + what + "Data: illegal base64 data", e);
            }
        }
        String file = text(tree, what + "File", path);
        if (file.isEmpty()) {
            return "";
        }
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new IllegalArgumentException(path + "." + what + "File: cannot read " + file, e);
        }
    }

    private static String text(JsonNode tree, String field, String path) {
        JsonNode value = tree.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return "";
        }
        if (!value.isTextual()) {
            throw new IllegalArgumentException(path + "." + field + ": must be a string");
        }
        return value.asText();
    }

    private static long number(JsonNode tree, String field, String path) {
        JsonNode value = tree.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return 0;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalArgumentException(path + "." + field + ": must be an integer");
        }
        return value.longValue();
    }

    private static boolean flag(JsonNode tree, String field, String path) {
        JsonNode value = tree.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return false;
        }
        if (!value.isBoolean()) {
            throw new IllegalArgumentException(path + "." + field + ": must be true or false");
        }
        return value.booleanValue();
    }

    private static JsonNode list(JsonNode tree, String field, String path) {
        JsonNode value = tree.path(field);
        if (!value.isMissingNode() && !value.isNull() && !value.isArray()) {
            throw new IllegalArgumentException(path + "." + field + ": must be a list");
        }
        return value;
    }
}
