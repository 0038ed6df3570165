package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a job's specification must look like, alone or in the template of a cron job, and what of it may change. */
final class JobRules {
    private static final int MOST = 100_000;
    private static final String INDEXED = "requires indexed completion mode";
    private static final List<String> ACTIONS = List.of("Count", "FailIndex", "FailJob", "Ignore");
    private static final List<String> SCHEDULING =
            List.of("nodeSelector", "tolerations", "schedulingGates", "priority", "priorityClassName");

    private JobRules() {}

    /** A job that exists, whose pods must carry the labels by which it finds them. */
    static void spec(Fields spec) {
        template(spec);
        Fields selector = spec.at("selector");
        if (!selector.given()) {
            selector.required();
            WorkloadRules.matches(spec.at("template"), selector.value());
        } else {
            int before = selector.errors().size();
            LabelRules.selector(selector);
            if (selector.errors().size() == before) {
                WorkloadRules.matches(spec.at("template"), selector.value());
            }
        }
    }

    /** A job to be made. */
    static void template(Fields spec) {
        for (String count : List.of(
                "parallelism",
                "completions",
                "activeDeadlineSeconds",
                "backoffLimit",
                "ttlSecondsAfterFinished",
                "backoffLimitPerIndex")) {
            if (spec.has(count)) {
                spec.at(count).notNegative();
            }
        }
        Fields failed = spec.at("maxFailedIndexes");
        if (failed.given()) {
            failed.notNegative();
            if (!spec.has("backoffLimitPerIndex")) {
                spec.at("backoffLimitPerIndex").required("when maxFailedIndexes is specified");
            }
        }
        managedBy(spec.at("managedBy"));
        mode(spec);
        Fields policy = spec.at("podFailurePolicy");
        if (policy.given()) {
            failurePolicy(policy, spec);
        }
        Fields success = spec.at("successPolicy");
        if (success.given()) {
            if (!spec.at("completionMode").is("Indexed")) {
                success.invalid(success(success.value()), INDEXED);
            } else {
                successPolicy(success, spec);
            }
        }
        Fields replacement = spec.at("podReplacementPolicy");
        if (replacement.given()) {
            if (policy.given()) {
                replacement.oneOf("Failed");
            } else {
                replacement.oneOf("Failed", "TerminatingOrFailed");
            }
        }
        PodRules.template(spec.at("template"));
        Fields restart = spec.at("template", "spec", "restartPolicy");
        if (restart.isEmpty() || restart.is("Always")) {
            restart.required("valid values: \"OnFailure\", \"Never\"");
        } else if (!restart.is("OnFailure") && !restart.is("Never")) {
            restart.unsupported(List.of("OnFailure", "Never"));
        } else if (policy.given() && !restart.is("Never")) {
            restart.invalid("only \"Never\" is supported when podFailurePolicy is specified");
        }
    }

    private static void managedBy(Fields manager) {
        if (!manager.given()) {
            return;
        }
        if (manager.isEmpty()) {
            manager.required();
            return;
        }
        domainPath(manager);
        if (Names.bytes(manager.text()) > 63) {
            manager.tooLong(63);
        }
    }

    /** A name such as {@code acme.io/foo}. */
    static void domainPath(Fields name) {
        String[] parts = name.text().split("/", 2);
        if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
            name.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")");
            return;
        }
        name.check(parts[0], Names::subdomain);
        if (!parts[1].matches("[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+")) {
            name.invalid(parts[1], "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')");
        }
    }

    private static void mode(Fields spec) {
        Fields mode = spec.at("completionMode");
        Fields completions = spec.at("completions");
        Fields failed = spec.at("maxFailedIndexes");
        if (mode.given() && !mode.oneOf("NonIndexed", "Indexed")) {
            return;
        }
        if (!mode.is("Indexed")) {
            for (Fields only : List.of(spec.at("backoffLimitPerIndex"), failed)) {
                if (only.given()) {
                    only.invalid(INDEXED);
                }
            }
            return;
        }
        if (!completions.given()) {
            completions.required("when completion mode is Indexed");
        }
        if (spec.at("parallelism").number() > MOST) {
            spec.at("parallelism")
                    .invalid("must be less than or equal to %d when completion mode is Indexed".formatted(MOST));
        }
        if (completions.given() && failed.given() && failed.number() > completions.number()) {
            failed.invalid("must be less than or equal to completions");
        }
        if (failed.given() && failed.number() > MOST) {
            failed.invalid("must be less than or equal to " + MOST);
        }
        if (completions.number() > MOST && spec.has("backoffLimitPerIndex")) {
            if (!failed.given()) {
                failed.required("must be specified when completions is above %d".formatted(MOST));
            }
        }
    }

    // Policies

    private static void failurePolicy(Fields policy, Fields spec) {
        Set<String> containers = new HashSet<>();
        for (String list : List.of("containers", "initContainers")) {
            spec.at("template", "spec", list)
                    .elements()
                    .forEach(container -> containers.add(container.at("name").text()));
        }
        if (policy.at("rules").size() > 20) {
            policy.at("rules").tooMany(20);
        }
        for (Fields rule : policy.at("rules").elements()) {
            Fields action = rule.at("action");
            if (action.is("FailIndex")) {
                if (!spec.has("backoffLimitPerIndex")) {
                    action.invalid("requires the backoffLimitPerIndex to be set");
                }
            } else if (action.isEmpty()) {
                action.required("valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
            } else {
                action.oneOf(ACTIONS);
            }
            Fields codes = rule.at("onExitCodes");
            Fields conditions = rule.at("onPodConditions");
            if (codes.given()) {
                exitCodes(codes, containers);
            }
            if (conditions.size() > 20) {
                conditions.tooMany(20);
            }
            for (Fields condition : conditions.elements()) {
                condition.at("type").check(Names::labelKey);
                if (condition.at("status").isEmpty()) {
                    condition.at("status").required("valid values: [\"False\" \"True\" \"Unknown\"]");
                } else {
                    condition.at("status").oneOf("False", "True", "Unknown");
                }
            }
            if (codes.given() && !conditions.isEmpty()) {
                plain(rule, "specifying both OnExitCodes and OnPodConditions is not supported");
            } else if (!codes.given() && conditions.isEmpty()) {
                plain(rule, "specifying one of OnExitCodes and OnPodConditions is required");
            }
        }
    }

    /** An error that shows no value. */
    private static void plain(Fields place, String detail) {
        place.add(List.of(new FieldError(FieldError.Type.INVALID, place.path(), "Invalid value: " + detail)));
    }

    private static void exitCodes(Fields codes, Set<String> containers) {
        Fields operator = codes.at("operator");
        if (operator.isEmpty()) {
            operator.required("valid values: [\"In\" \"NotIn\"]");
        } else {
            operator.oneOf("In", "NotIn");
        }
        Fields container = codes.at("containerName");
        if (container.given() && !containers.contains(container.text())) {
            container.invalid("must be one of the container or initContainer names in the pod template");
        }
        Fields values = codes.at("values");
        if (values.isEmpty()) {
            values.invalid(values.given() ? values.value() : NullNode.getInstance(), "at least one value is required");
        } else if (values.size() > 255) {
            values.tooMany(255);
        }
        Set<Long> seen = new HashSet<>();
        boolean ordered = true;
        long previous = Long.MIN_VALUE;
        for (Fields value : values.elements()) {
            if (value.number() == 0 && operator.is("In")) {
                value.invalid("must not be 0 for the In operator");
            }
            if (!seen.add(value.number())) {
                value.duplicate();
            }
            ordered &= value.number() >= previous;
            previous = value.number();
        }
        if (!ordered) {
            values.invalid("must be ordered");
        }
    }

    private static void successPolicy(Fields policy, Fields spec) {
        Fields rules = policy.at("rules");
        if (rules.isEmpty()) {
            rules.required("at least one rules must be specified when the successPolicy is specified");
        }
        if (rules.size() > 20) {
            rules.tooMany(20);
        }
        for (Fields rule : rules.elements()) {
            Fields count = rule.at("succeededCount");
            Fields indexes = rule.at("succeededIndexes");
            if (!count.given() && !indexes.given()) {
                rule.required("at least one of succeededCount or succeededIndexes must be specified");
            }
            long total = 0;
            if (indexes.given()) {
                IndexSet parsed =
                        IndexSet.parse(indexes.text(), spec.at("completions").number());
                if (!parsed.error().isEmpty()) {
                    indexes.invalid("error parsing succeededIndexes: " + parsed.error());
                }
                total = parsed.size();
                if (indexes.text().length() > 65536) {
                    indexes.tooLong(65536);
                }
            }
            if (count.given()) {
                count.notNegative();
                if (spec.has("completions")
                        && count.number() > spec.at("completions").number()) {
                    count.invalid("must be less than or equal to %d (the number of specified completions)"
                            .formatted(spec.at("completions").number()));
                }
                if (indexes.given() && count.number() > total) {
                    count.invalid(
                            "must be less than or equal to %d (the number of indexes in the specified succeededIndexes field)"
                                    .formatted(total));
                }
            }
        }
    }

    private static JsonNode success(JsonNode policy) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        ImmutableMap<String, String> fields =
                ImmutableMap.of("SucceededIndexes", "succeededIndexes", "SucceededCount", "succeededCount");
        result.set(
                "Rules",
                policy.path("rules").isArray()
                        ? GoValues.eachRenamed(policy.path("rules"), fields)
                        : NullNode.getInstance());
        return result;
    }

    private static JsonNode failure(JsonNode policy) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        ArrayNode rules = result.putArray("Rules");
        for (JsonNode rule : policy.path("rules")) {
            ObjectNode shown = rules.addObject();
            shown.put("Action", rule.path("action").asText(""));
            JsonNode codes = rule.path("onExitCodes");
            if (codes.isObject()) {
                shown.set(
                        "OnExitCodes",
                        GoValues.renamed(
                                codes,
                                ImmutableMap.of(
                                        "ContainerName", "containerName", "Operator", "operator", "Values", "values")));
                if (!codes.has("operator")) {
                    ((ObjectNode) shown.path("OnExitCodes")).put("Operator", "");
                }
            } else {
                shown.putNull("OnExitCodes");
            }
            JsonNode conditions = rule.path("onPodConditions");
            shown.set(
                    "OnPodConditions",
                    conditions.isArray() && !conditions.isEmpty()
                            ? GoValues.eachRenamed(conditions, ImmutableMap.of("Type", "type", "Status", "status"))
                            : NullNode.getInstance());
        }
        return result;
    }

    // Changes

    /** What of a job may not change. */
    static void update(Fields job, ObjectNode old) {
        Fields spec = job.at("spec");
        JsonNode before = old.path("spec");
        spec(spec);
        completions(spec, before);
        changed(
                spec.at("selector"),
                before.path("selector"),
                GoValues.selector(spec.at("selector").value()));
        template(spec, old);
        changed(
                spec.at("completionMode"),
                before.path("completionMode"),
                spec.at("completionMode").value());
        changed(
                spec.at("podFailurePolicy"),
                before.path("podFailurePolicy"),
                spec.has("podFailurePolicy")
                        ? failure(spec.at("podFailurePolicy").value())
                        : NullNode.getInstance());
        changed(
                spec.at("backoffLimitPerIndex"),
                before.path("backoffLimitPerIndex"),
                GoValues.orNull(spec.at("backoffLimitPerIndex").value()));
        changed(
                spec.at("managedBy"),
                before.path("managedBy"),
                GoValues.orNull(spec.at("managedBy").value()));
        changed(
                spec.at("successPolicy"),
                before.path("successPolicy"),
                spec.has("successPolicy") ? success(spec.at("successPolicy").value()) : NullNode.getInstance());
    }

    private static void changed(Fields field, JsonNode before, JsonNode shown) {
        if (!Strategies.same(field.value(), before)) {
            field.invalid(shown, "field is immutable");
        }
    }

    private static void completions(Fields spec, JsonNode before) {
        Fields completions = spec.at("completions");
        if (Strategies.same(completions.value(), before.path("completions"))) {
            return;
        }
        boolean elastic = spec.at("completionMode").is("Indexed")
                && completions.given()
                && before.path("completionMode").asText().equals("Indexed");
        if (!elastic) {
            completions.invalid(GoValues.orNull(completions.value()), "field is immutable");
        } else if (completions.number() != spec.at("parallelism").number()) {
            completions.invalid("can only be modified in tandem with spec.parallelism");
        }
    }

    /** While a job is suspended and has not run, its pods may be told where to run. */
    private static void template(Fields spec, ObjectNode old) {
        JsonNode before = old.path("spec").path("template");
        Fields template = spec.at("template");
        boolean waiting = old.path("spec").path("suspend").asBoolean()
                && old.path("status").path("startTime").isMissingNode();
        ObjectNode now = template.value().deepCopy();
        if (waiting) {
            for (String field : SCHEDULING) {
                Strategies.keep(Strategies.child(now, "spec"), before.path("spec"), field);
            }
            for (String field : List.of("labels", "annotations")) {
                Strategies.keep(Strategies.child(now, "metadata"), before.path("metadata"), field);
            }
            keepAffinity(Strategies.child(now, "spec"), before.path("spec"));
            keepResources(now.path("spec"), before.path("spec"));
        }
        if (!Strategies.same(now, before)) {
            if (waiting) {
                template.at("spec")
                        .invalid(GoForm.of(template.at("spec").value(), "core.v1.PodSpec"), "field is immutable");
            } else {
                template.invalid(GoForm.of(template.value(), "core.v1.PodTemplateSpec"), "field is immutable");
            }
        }
    }

    private static void keepAffinity(ObjectNode now, JsonNode before) {
        JsonNode node = before.path("affinity").path("nodeAffinity");
        if (now.get("affinity") instanceof ObjectNode affinity) {
            Strategies.keep(affinity, before.path("affinity"), "nodeAffinity");
            if (affinity.isEmpty()) {
                now.remove("affinity");
            }
        } else if (!node.isMissingNode()) {
            Strategies.child(now, "affinity").set("nodeAffinity", node.deepCopy());
        }
    }

    private static void keepResources(JsonNode now, JsonNode before) {
        for (String list : List.of("containers", "initContainers")) {
            for (int i = 0; i < now.path(list).size() && i < before.path(list).size(); i++) {
                Strategies.keep(
                        (ObjectNode) now.path(list).get(i), before.path(list).get(i), "resources");
            }
        }
    }
}
