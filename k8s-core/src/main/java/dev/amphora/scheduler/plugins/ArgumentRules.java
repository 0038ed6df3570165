package dev.amphora.scheduler.plugins;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.GoDuration;
import dev.amphora.api.Json;
import dev.amphora.api.Names;
import dev.amphora.scheduler.framework.NodeMatcher;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the arguments of the default plugins can be, in the words of the reference ({@code pkg/scheduler/apis/config/validation}). Absent ones have the
 * reference's defaults, which are fine.
 */
final class ArgumentRules {
    private static final List<String> STRATEGIES =
            List.of("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio");
    private static final int MAX_SCORE = 10;
    private static final int MAX_PERCENTAGE = 100;

    /** The fields of the arguments by plugin, with those of objects below them. */
    private static final Map<String, Map<String, Map<String, ?>>> FIELDS = Map.of(
            "DefaultPreemption", Map.of("minCandidateNodesPercentage", Map.of(), "minCandidateNodesAbsolute", Map.of()),
            "DynamicResources", Map.of("filterTimeout", Map.of(), "bindingTimeout", Map.of()),
            "InterPodAffinity",
                    Map.of("hardPodAffinityWeight", Map.of(), "ignorePreferredTermsOfExistingPods", Map.of()),
            "NodeAffinity", Map.of("addedAffinity", Map.of()),
            "NodeResourcesBalancedAllocation", Map.of("resources", Map.of("name", Map.of(), "weight", Map.of())),
            "NodeResourcesFit",
                    Map.of(
                            "ignoredResources",
                            Map.of(),
                            "ignoredResourceGroups",
                            Map.of(),
                            "scoringStrategy",
                            Map.of(
                                    "type",
                                    Map.of(),
                                    "resources",
                                    Map.of("name", Map.of(), "weight", Map.of()),
                                    "requestedToCapacityRatio",
                                    Map.of("shape", Map.of("utilization", Map.of(), "score", Map.of())))),
            "PodTopologySpread", Map.of("defaultConstraints", Map.of(), "defaultingType", Map.of()),
            "VolumeBinding",
                    Map.of(
                            "bindTimeoutSeconds",
                            Map.of(),
                            "shape",
                            Map.of("utilization", Map.of(), "score", Map.of())));

    private ArgumentRules() {}

    /** Whether a plugin's arguments are known here. */
    static boolean areKnown(String plugin) {
        return FIELDS.containsKey(plugin);
    }

    /** The paths of fields that a plugin's arguments don't have. */
    static List<String> unknownFields(String plugin, JsonNode args) {
        List<String> unknown = new ArrayList<>();
        addUnknown(args, FIELDS.getOrDefault(plugin, Map.of()), "", unknown);
        return unknown;
    }

    @SuppressWarnings("unchecked")
    private static void addUnknown(JsonNode object, Map<String, ?> fields, String path, List<String> unknown) {
        object.properties().forEach(each -> {
            String name = path + each.getKey();
            Map<String, ?> below = (Map<String, ?>) fields.get(each.getKey());
            if (below == null) {
                unknown.add(name);
            } else if (!below.isEmpty() && each.getValue().isArray()) {
                for (int i = 0; i < each.getValue().size(); i++) {
                    addUnknown(each.getValue().get(i), below, name + "[" + i + "].", unknown);
                }
            } else if (!below.isEmpty()) {
                addUnknown(each.getValue(), below, name + ".", unknown);
            }
        });
    }

    /**
     * What is wrong with a plugin's arguments.
     *
     * @param path of the arguments, with a dot at its end unless it is empty
     */
    static List<FieldError> validate(String plugin, JsonNode args, String path) {
        List<FieldError> errors = new ArrayList<>();
        switch (plugin) {
            case "DefaultPreemption" -> preemption(args, path, errors);
            case "DynamicResources" -> devices(args, path, errors);
            case "InterPodAffinity" -> {
                long weight = args.path("hardPodAffinityWeight").asLong(1);
                inRange(path + "hardPodAffinityWeight", weight, 0, MAX_PERCENTAGE, errors);
            }
            case "NodeAffinity" -> nodeAffinity(args.path("addedAffinity"), path + "addedAffinity.", errors);
            case "NodeResourcesBalancedAllocation" -> balance(args.path("resources"), path + "resources", errors);
            case "NodeResourcesFit" -> fit(args, path, errors);
            case "PodTopologySpread" -> spread(args, path, errors);
            case "VolumeBinding" -> volumes(args, path, errors);
            default -> {}
        }
        return errors;
    }

    private static void inRange(String path, long value, long min, long max, List<FieldError> errors) {
        if (value < min || value > max) {
            errors.add(
                    FieldError.invalid(path, LongNode.valueOf(value), "not in valid range [" + min + ", " + max + "]"));
        }
    }

    private static void preemption(JsonNode args, String path, List<FieldError> errors) {
        String percentagePath = path + "minCandidateNodesPercentage";
        String absolutePath = path + "minCandidateNodesAbsolute";
        long percentage = args.path("minCandidateNodesPercentage").asLong(10);
        long absolute = args.path("minCandidateNodesAbsolute").asLong(100);
        inRange(percentagePath, percentage, 0, MAX_PERCENTAGE, errors);
        if (absolute < 0) {
            errors.add(FieldError.invalid(absolutePath, LongNode.valueOf(absolute), "not in valid range [0, inf)"));
        }
        if (percentage == 0 && absolute == 0) {
            errors.add(FieldError.invalid(
                    percentagePath,
                    LongNode.valueOf(0),
                    "cannot be zero at the same time as minCandidateNodesAbsolute"));
            errors.add(FieldError.invalid(
                    absolutePath,
                    LongNode.valueOf(0),
                    "cannot be zero at the same time as minCandidateNodesPercentage"));
        }
    }

    private static void devices(JsonNode args, String path, List<FieldError> errors) {
        if (args.path("filterTimeout").isTextual()) {
            String text = args.path("filterTimeout").asText();
            if (duration(text).isNegative()) {
                errors.add(literal(path + "filterTimeout", text, "must be zero or positive"));
            }
        }
        if (args.path("bindingTimeout").isTextual()) {
            String text = args.path("bindingTimeout").asText();
            if (duration(text).compareTo(Duration.ofSeconds(1)) < 0) {
                errors.add(literal(path + "bindingTimeout", text, "must be at least 1 second"));
            }
        }
    }

    private static Duration duration(String text) {
        return GoDuration.parse(text);
    }

    private static FieldError literal(String path, String value, String why) {
        return new FieldError(FieldError.Type.INVALID, path, "Invalid value: " + value + ": " + why);
    }

    private static void nodeAffinity(JsonNode affinity, String path, List<FieldError> errors) {
        JsonNode required = affinity.path("requiredDuringSchedulingIgnoredDuringExecution");
        JsonNode terms = required.path("nodeSelectorTerms");
        for (int i = 0; i < terms.size(); i++) {
            String term = path + "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[" + i + "].";
            nodeTerm(terms.get(i), term, errors);
        }
        JsonNode preferred = affinity.path("preferredDuringSchedulingIgnoredDuringExecution");
        for (int i = 0; i < preferred.size(); i++) {
            if (preferred.get(i).path("weight").asInt(0) != 0) {
                String term = path + "preferredDuringSchedulingIgnoredDuringExecution[" + i + "].";
                nodeTerm(preferred.get(i).path("preference"), term, errors);
            }
        }
    }

    private static void nodeTerm(JsonNode term, String path, List<FieldError> errors) {
        if (term.isObject()) {
            String error =
                    NodeMatcher.of(Json.fromTree(term, NodeSelectorTerm.class)).error();
            if (error != null) {
                int colon = error.indexOf(": ");
                errors.add(new FieldError(
                        FieldError.Type.INVALID, path + error.substring(0, colon), error.substring(colon + 2)));
            }
        }
    }

    private static void balance(JsonNode resources, String path, List<FieldError> errors) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < resources.size(); i++) {
            JsonNode name = resources.get(i).path("name");
            if (!seen.add(name.asText())) {
                errors.add(FieldError.duplicate(path + "[" + i + "].name", TextNode.valueOf(name.asText())));
            }
            long weight = weight(resources.get(i));
            if (weight != 1) {
                errors.add(FieldError.invalid(path + "[" + i + "].weight", LongNode.valueOf(weight), "must be 1"));
            }
        }
    }

    /** A weight of zero is none, and stands for one. */
    private static long weight(JsonNode resource) {
        long weight = resource.path("weight").asLong(1);
        return weight == 0 ? 1 : weight;
    }

    private static void fit(JsonNode args, String path, List<FieldError> errors) {
        JsonNode ignored = args.path("ignoredResources");
        for (int i = 0; i < ignored.size(); i++) {
            labelName(path + "ignoredResources[" + i + "]", ignored.get(i).asText(), errors);
        }
        JsonNode groups = args.path("ignoredResourceGroups");
        for (int i = 0; i < groups.size(); i++) {
            String group = groups.get(i).asText();
            String place = path + "ignoredResourceGroups[" + i + "]";
            if (group.indexOf('/') >= 0) {
                errors.add(FieldError.invalid(place, group, "resource group name can't contain '/'"));
            }
            labelName(place, group, errors);
        }
        JsonNode strategy = args.path("scoringStrategy");
        if (!strategy.isObject()) {
            return;
        }
        String type = strategy.path("type").asText("");
        if (!STRATEGIES.contains(type)) {
            errors.add(FieldError.unsupported(path + "scoringStrategy.type", TextNode.valueOf(type), STRATEGIES));
        }
        JsonNode resources = strategy.path("resources");
        for (int i = 0; i < resources.size(); i++) {
            long weight = weight(resources.get(i));
            if (weight < 0 || weight > MAX_PERCENTAGE) {
                errors.add(FieldError.invalid(
                        path + "scoringStrategy.resources[" + i + "].weight",
                        LongNode.valueOf(weight),
                        "resource weight of " + resources.get(i).path("name").asText()
                                + " not in valid range (0, 100]"));
            }
        }
        if (strategy.path("requestedToCapacityRatio").isObject()) {
            shape(
                    strategy.path("requestedToCapacityRatio").path("shape"),
                    // as in the reference, one level above where it is
                    path + "scoringStrategy.shape",
                    errors);
        }
    }

    private static void labelName(String path, String name, List<FieldError> errors) {
        Names.qualifiedName(name).forEach(why -> errors.add(FieldError.invalid(path, name, why)));
    }

    private static void shape(JsonNode shape, String path, List<FieldError> errors) {
        if (shape.isEmpty()) {
            errors.add(FieldError.required(path, "at least one point must be specified"));
            return;
        }
        for (int i = 1; i < shape.size(); i++) {
            int utilization = shape.get(i).path("utilization").asInt();
            if (shape.get(i - 1).path("utilization").asInt() >= utilization) {
                errors.add(FieldError.invalid(
                        path + "[" + i + "].utilization",
                        IntNode.valueOf(utilization),
                        "values must be sorted in increasing order"));
                break;
            }
        }
        for (int i = 0; i < shape.size(); i++) {
            String place = path + "[" + i + "].";
            inRange(place + "utilization", shape.get(i).path("utilization").asLong(), 0, MAX_PERCENTAGE, errors);
            inRange(place + "score", shape.get(i).path("score").asLong(), 0, MAX_SCORE, errors);
        }
    }

    private static void spread(JsonNode args, String path, List<FieldError> errors) {
        String type = text(args, "defaultingType");
        String defaulting = type == null || type.isEmpty() ? "System" : type;
        JsonNode constraints = args.path("defaultConstraints");
        if (!defaulting.equals("System") && !defaulting.equals("List")) {
            errors.add(FieldError.unsupported(
                    path + "defaultingType", TextNode.valueOf(defaulting), List.of("System", "List")));
        } else if (defaulting.equals("System") && !constraints.isEmpty()) {
            errors.add(
                    FieldError.invalid(path + "defaultingType", defaulting, "when .defaultConstraints are not empty"));
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < constraints.size(); i++) {
            constraint(constraints.get(i), path + "defaultConstraints[" + i + "]", seen, errors);
        }
    }

    private static void constraint(JsonNode constraint, String path, Set<String> seen, List<FieldError> errors) {
        long maxSkew = constraint.path("maxSkew").asLong(0);
        if (maxSkew <= 0) {
            errors.add(FieldError.invalid(path + ".maxSkew", LongNode.valueOf(maxSkew), "not in valid range (0, inf)"));
        }
        String key = constraint.path("topologyKey").asText("");
        if (key.isEmpty()) {
            errors.add(FieldError.required(path + ".topologyKey", "can not be empty"));
        } else {
            labelName(path + ".topologyKey", key, errors);
        }
        String action = constraint.path("whenUnsatisfiable").asText("");
        if (action.isEmpty()) {
            errors.add(FieldError.required(path + ".whenUnsatisfiable", "can not be empty"));
        } else if (!action.equals(SpreadConstraint.HARD) && !action.equals(SpreadConstraint.SOFT)) {
            errors.add(FieldError.unsupported(
                    path + ".whenUnsatisfiable",
                    TextNode.valueOf(action),
                    List.of(SpreadConstraint.HARD, SpreadConstraint.SOFT)));
        }
        if (constraint.hasNonNull("labelSelector")) {
            errors.add(FieldError.forbidden(
                    path + ".labelSelector", "constraint must not define a selector, as they deduced for each pod"));
        }
        String both = "{" + key + ", " + action + "}";
        if (!seen.add(both)) {
            errors.add(FieldError.duplicate(path, TextNode.valueOf(both)));
        }
    }

    private static void volumes(JsonNode args, String path, List<FieldError> errors) {
        long timeout = args.path("bindTimeoutSeconds").asLong(0);
        if (timeout < 0) {
            errors.add(FieldError.invalid(
                    path + "bindTimeoutSeconds",
                    LongNode.valueOf(timeout),
                    "invalid BindTimeoutSeconds, should not be a negative value"));
        }
        if (args.hasNonNull("shape")) {
            errors.add(FieldError.invalid(
                    path + "shape",
                    args.path("shape"),
                    "unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring"));
        }
    }

    private static @Nullable String text(JsonNode object, String field) {
        return object.path(field).isTextual() ? object.path(field).asText() : null;
    }
}
