package dev.amphora.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.GoDuration;
import dev.amphora.scheduler.plugins.DefaultPlugins;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a KubeSchedulerConfiguration can be, in kube-scheduler's words: fields that aren't known are refused first, then everything that is wrong is told
 * at once. What {@link dev.amphora.scheduler.extender.ExtenderConfiguration} reads is left to it.
 */
final class ConfigurationRules {
    private static final Set<String> FIELDS = Set.of(
            "apiVersion",
            "kind",
            "parallelism",
            "leaderElection",
            "clientConnection",
            "enableProfiling",
            "enableContentionProfiling",
            "percentageOfNodesToScore",
            "podInitialBackoffSeconds",
            "podMaxBackoffSeconds",
            "profiles",
            "extenders",
            "delayCacheUntilActive");
    private static final Set<String> ELECTION = Set.of(
            "leaderElect",
            "leaseDuration",
            "renewDeadline",
            "retryPeriod",
            "resourceLock",
            "resourceName",
            "resourceNamespace");
    private static final Set<String> CLIENT = Set.of("kubeconfig", "acceptContentTypes", "contentType", "qps", "burst");
    private static final Set<String> PROFILE =
            Set.of("schedulerName", "percentageOfNodesToScore", "plugins", "pluginConfig");
    private static final Set<String> REMOVED_PLUGINS =
            Set.of("AzureDiskLimits", "CinderLimits", "EBSLimits", "GCEPDLimits");

    private final JsonNode tree;
    private final List<FieldError> errors = new ArrayList<>();
    private final List<String> unknown = new ArrayList<>();

    private ConfigurationRules(JsonNode tree) {
        this.tree = tree;
    }

    /**
     * Looks at a configuration.
     *
     * @throws IllegalArgumentException if something in it makes no sense
     */
    static void check(JsonNode tree) {
        ConfigurationRules rules = new ConfigurationRules(tree);
        rules.decode();
        rules.validate();
    }

    // -- fields ------------------------------------------------------------------------------------------------------

    private void decode() {
        known(tree, FIELDS, "");
        known(tree.path("leaderElection"), ELECTION, "leaderElection.");
        known(tree.path("clientConnection"), CLIENT, "clientConnection.");
        JsonNode profiles = list(tree, "profiles", "");
        for (int i = 0; i < profiles.size(); i++) {
            String path = "profiles[" + i + "].";
            known(profiles.get(i), PROFILE, path);
            decodePlugins(object(profiles.get(i), "plugins", path), path + "plugins.");
            JsonNode configured = list(profiles.get(i), "pluginConfig", path);
            for (int j = 0; j < configured.size(); j++) {
                known(configured.get(j), Set.of("name", "args"), path + "pluginConfig[" + j + "].");
            }
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(strict(unknown));
        }
        for (int i = 0; i < profiles.size(); i++) {
            JsonNode configured = profiles.get(i).path("pluginConfig");
            for (int j = 0; j < configured.size(); j++) {
                decodeArgs(configured.get(j), "decoding .profiles[" + i + "].pluginConfig[" + j + "]: ");
            }
        }
    }

    private static String strict(List<String> fields) {
        List<String> each = fields.stream()
                .map(field -> "unknown field " + FieldError.quoted(field))
                .toList();
        return "strict decoding error: " + String.join(", ", each);
    }

    private void known(JsonNode object, Set<String> fields, String path) {
        object.fieldNames().forEachRemaining(name -> {
            if (!fields.contains(name)) {
                unknown.add(path + name);
            }
        });
    }

    private void decodePlugins(JsonNode plugins, String path) {
        plugins.properties().forEach(point -> {
            String place = path + point.getKey();
            if (!SchedulerConfiguration.POINTS.contains(point.getKey())
                    && !point.getKey().equals("multiPoint")) {
                unknown.add(place);
                return;
            }
            known(point.getValue(), Set.of("enabled", "disabled"), place + ".");
            for (String set : List.of("enabled", "disabled")) {
                JsonNode listed = list(point.getValue(), set, place + ".");
                for (int i = 0; i < listed.size(); i++) {
                    String plugin = place + "." + set + "[" + i + "].";
                    known(listed.get(i), Set.of("name", "weight"), plugin);
                    number(listed.get(i), "weight", 0, plugin);
                }
            }
        });
    }

    private static void decodeArgs(JsonNode configured, String prefix) {
        String name = configured.path("name").asText();
        JsonNode args = configured.path("args");
        if (!DefaultPlugins.hasArguments(name) || !args.isObject()) {
            return;
        }
        String kind = args.path("kind").asText(name + "Args");
        String version = args.path("apiVersion").asText(SchedulerConfiguration.VERSION);
        String group = version.indexOf('/') < 0 ? "" : version.substring(0, version.indexOf('/'));
        String wanted = SchedulerConfiguration.VERSION.substring(0, SchedulerConfiguration.VERSION.indexOf('/'));
        if (!kind.equals(name + "Args") || !group.equals(wanted)) {
            throw new IllegalArgumentException(prefix + "args for plugin " + name + " were not of type " + name
                    + "Args." + wanted + ", got " + kind + (group.isEmpty() ? "" : "." + group));
        }
        List<String> others = new ArrayList<>(DefaultPlugins.unknownArguments(name, args));
        others.removeAll(List.of("apiVersion", "kind"));
        if (!others.isEmpty()) {
            throw new IllegalArgumentException(prefix + "decoding args for plugin " + name + ": " + strict(others));
        }
    }

    private static JsonNode list(JsonNode object, String field, String path) {
        JsonNode value = object.path(field);
        if (!value.isMissingNode() && !value.isNull() && !value.isArray()) {
            throw new IllegalArgumentException(path + field + ": must be a list");
        }
        return value;
    }

    private static JsonNode object(JsonNode object, String field, String path) {
        JsonNode value = object.path(field);
        if (!value.isMissingNode() && !value.isNull() && !value.isObject()) {
            throw new IllegalArgumentException(path + field + ": must be an object");
        }
        return value;
    }

    private static long number(JsonNode object, String field, long absent, String path) {
        JsonNode value = object.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return absent;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalArgumentException(path + field + ": must be an integer");
        }
        return value.longValue();
    }

    // -- values ------------------------------------------------------------------------------------------------------

    private void validate() {
        long burst = number(tree.path("clientConnection"), "burst", 100, "clientConnection.");
        if (burst < 0) {
            invalid("clientConnection.burst", burst, "must be non-negative");
        }
        election(object(tree, "leaderElection", ""));
        long parallelism = number(tree, "parallelism", 16, "");
        if (parallelism <= 0) {
            invalid("parallelism", parallelism, "should be an integer value greater than zero");
        }
        profiles(tree.path("profiles"));
        percentage(tree, "");
        long initial = number(tree, "podInitialBackoffSeconds", 1, "");
        long max = number(tree, "podMaxBackoffSeconds", 10, "");
        if (initial <= 0) {
            invalid("podInitialBackoffSeconds", initial, "must be greater than 0");
        }
        if (max < initial) {
            invalid("podMaxBackoffSeconds", max, "must be greater than or equal to PodInitialBackoffSeconds");
        }
        if (!errors.isEmpty()) {
            List<String> texts = errors.stream()
                    .map(error -> error.field() + ": " + error.message())
                    .distinct()
                    .toList();
            throw new IllegalArgumentException(FieldError.aggregate(texts));
        }
    }

    private void invalid(String path, long value, String why) {
        errors.add(FieldError.invalid(path, LongNode.valueOf(value), why));
    }

    private void percentage(JsonNode object, String path) {
        long percentage = number(object, "percentageOfNodesToScore", 0, path);
        if (percentage < 0 || percentage > 100) {
            invalid(path + "percentageOfNodesToScore", percentage, "not in valid range [0-100]");
        }
    }

    private void election(JsonNode election) {
        if (election.path("leaderElect").isBoolean()
                && !election.path("leaderElect").booleanValue()) {
            return;
        }
        Duration lease = positive(election, "leaseDuration", "15s");
        Duration renewal = positive(election, "renewDeadline", "10s");
        positive(election, "retryPeriod", "2s");
        if (lease.compareTo(renewal) <= 0) {
            errors.add(literal(
                    "leaderElection.leaseDuration",
                    election.path("renewDeadline").asText("10s"),
                    "LeaseDuration must be greater than RenewDeadline"));
        }
        String lock = election.path("resourceLock").asText("leases");
        if (!lock.isEmpty() && !lock.equals("leases")) {
            errors.add(
                    FieldError.invalid("leaderElection.resourceLock", lock, "resourceLock value must be \"leases\""));
        }
    }

    private Duration positive(JsonNode election, String field, String absent) {
        String text = election.path(field).asText(absent);
        Duration duration;
        try {
            duration = GoDuration.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "time: invalid duration " + FieldError.quoted(text) + " in leaderElection." + field, e);
        }
        // nothing said, in whatever form, stands for the default
        if (duration.isZero()) {
            return GoDuration.parse(absent);
        }
        if (duration.isNegative()) {
            errors.add(literal("leaderElection." + field, text, "must be greater than zero"));
        }
        return duration;
    }

    private static FieldError literal(String path, String value, String why) {
        return new FieldError(FieldError.Type.INVALID, path, "Invalid value: " + value + ": " + why);
    }

    private void profiles(JsonNode profiles) {
        Map<String, Integer> named = new HashMap<>();
        for (int i = 0; i < profiles.size(); i++) {
            String path = "profiles[" + i + "]";
            // one profile alone need not say its name
            String absent = profiles.size() == 1 ? Profile.DEFAULT_SCHEDULER_NAME : "";
            String name = profiles.get(i).path("schedulerName").asText(absent);
            if (name.isEmpty()) {
                errors.add(FieldError.required(path + ".schedulerName"));
            }
            percentage(profiles.get(i), path + ".");
            plugins(profiles.get(i), path + ".");
            Integer other = named.put(name, i);
            if (other != null) {
                errors.add(new FieldError(
                        FieldError.Type.DUPLICATE,
                        path + ".schedulerName",
                        "Duplicate value: profiles[" + other + "].schedulerName"));
            }
        }
        queueSort(profiles);
    }

    private void plugins(JsonNode profile, String path) {
        for (String point : SchedulerConfiguration.POINTS) {
            JsonNode enabled = profile.path("plugins").path(point).path("enabled");
            for (int i = 0; i < enabled.size(); i++) {
                removed(enabled.get(i).path("name").asText(), path + "plugins." + point + ".enabled[" + i + "]");
            }
        }
        Set<String> seen = new HashSet<>();
        JsonNode configured = profile.path("pluginConfig");
        for (int i = 0; i < configured.size(); i++) {
            String place = path + "pluginConfig[" + i + "]";
            String name = configured.get(i).path("name").asText();
            if (!seen.add(name)) {
                errors.add(FieldError.duplicate(place, TextNode.valueOf(name)));
            }
            // as in the reference, those of NodeResourcesFit are looked at when it is made
            if (!removed(name, place) && !name.equals("NodeResourcesFit")) {
                errors.addAll(DefaultPlugins.validate(name, configured.get(i).path("args"), place + ".args."));
            }
        }
    }

    private boolean removed(String plugin, String path) {
        if (!REMOVED_PLUGINS.contains(plugin)) {
            return false;
        }
        errors.add(FieldError.invalid(
                path,
                plugin,
                "was invalid in version \"v1\" (KubeSchedulerConfiguration is version \""
                        + SchedulerConfiguration.VERSION + "\")"));
        return true;
    }

    private void queueSort(JsonNode profiles) {
        JsonNode first = profiles.path(0).path("plugins").path("queueSort");
        int enabled = first.path("enabled").size();
        if (enabled > 1) {
            invalid("profiles[0].plugins.queueSort.Enabled", enabled, "only one queue sort plugin can be enabled");
        }
        for (int i = 1; i < profiles.size(); i++) {
            JsonNode other = profiles.get(i).path("plugins").path("queueSort");
            if (!names(first).equals(names(other))) {
                errors.add(FieldError.invalid(
                        "profiles[" + i + "].plugins.queueSort", other, "must be the same for all profiles"));
            }
        }
    }

    private static List<List<String>> names(JsonNode point) {
        List<List<String>> names = new ArrayList<>();
        for (String set : List.of("enabled", "disabled")) {
            List<String> each = new ArrayList<>();
            point.path(set).forEach(plugin -> each.add(plugin.path("name").asText()));
            names.add(each);
        }
        return names;
    }
}
