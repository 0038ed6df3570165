package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** Stateful sets. */
final class StatefulSetStrategy extends KindStrategy {
    private static final List<String> MUTABLE = List.of(
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds");

    StatefulSetStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "podManagementPolicy", "OrderedReady");
        ObjectNode strategy = Strategies.child(spec, "updateStrategy");
        if (!strategy.has("type")) {
            strategy.put("type", "RollingUpdate");
            setDefault(Strategies.child(strategy, "rollingUpdate"), "partition", 0);
        } else if (strategy.path("type").asText().equals("RollingUpdate") && strategy.has("rollingUpdate")) {
            setDefault(Strategies.child(strategy, "rollingUpdate"), "partition", 0);
        }
        ObjectNode retention = Strategies.child(spec, "persistentVolumeClaimRetentionPolicy");
        setDefault(retention, "whenDeleted", "Retain");
        setDefault(retention, "whenScaled", "Retain");
        setDefault(spec, "replicas", 1);
        setDefault(spec, "revisionHistoryLimit", 10);
        PodDefaults.template(Strategies.child(spec, "template"));
        for (ObjectNode claim : objects(spec.path("volumeClaimTemplates"))) {
            claim.put("kind", "PersistentVolumeClaim").put("apiVersion", "v1");
            ClaimStrategy.claimDefaults(claim);
        }
    }

    /** More than one pod at a time is a feature that is off. */
    @Override
    public void dropDisabledFields(ObjectNode object) {
        super.dropDisabledFields(object);
        if (object.path("spec").path("updateStrategy").path("rollingUpdate") instanceof ObjectNode rolling) {
            rolling.remove("maxUnavailable");
        }
    }

    @Override
    List<String> names(String name) {
        return Names.label(name);
    }

    @Override
    void rules(Fields set) {
        rules(set, true);
    }

    private static void rules(Fields set, boolean isNew) {
        Fields spec = set.at("spec");
        Fields management = spec.at("podManagementPolicy");
        switch (management.text()) {
            case "" -> management.required();
            case "OrderedReady", "Parallel" -> {}
            default -> management.invalid("must be 'OrderedReady' or 'Parallel'");
        }
        strategy(spec.at("updateStrategy"));
        for (String when : List.of("whenDeleted", "whenScaled")) {
            spec.at("persistentVolumeClaimRetentionPolicy", when).oneOf("Retain", "Delete");
        }
        spec.at("replicas").notNegative();
        spec.at("minReadySeconds").notNegative();
        if (spec.has("ordinals")) {
            spec.at("ordinals", "start").notNegative();
        }
        Fields selector = spec.at("selector");
        boolean good = true;
        if (!selector.given()) {
            selector.required();
        } else {
            int before = selector.errors().size();
            LabelRules.selector(selector);
            good = selector.errors().size() == before;
            if (LabelRules.isEmpty(selector.value())) {
                selector.invalid("empty selector is invalid for statefulset");
            }
        }
        if (!spec.at("serviceName").isEmpty()) {
            spec.at("serviceName").check(Names::label);
        }
        if (isNew) {
            spec.at("volumeClaimTemplates").elements().forEach(claim -> ClaimRules.spec(claim.at("spec")));
        }
        Fields template = spec.at("template");
        if (!good) {
            selector.invalid(GoValues.selector(selector.value()), "");
        } else {
            WorkloadRules.matches(template, selector.value());
        }
        LabelRules.labels(
                template.at("labels").with(template.at("metadata", "labels").value()));
        LabelRules.annotations(template.at("annotations")
                .with(template.at("metadata", "annotations").value()));
        PodRules.template(withClaims(template, spec.at("volumeClaimTemplates")));
        WorkloadRules.alwaysRestarts(template, "StatefulSet");
    }

    /** The template's pods have a volume for each claim. */
    private static Fields withClaims(Fields template, Fields claims) {
        if (claims.isEmpty() || !(template.value() instanceof ObjectNode given)) {
            return template;
        }
        ObjectNode copy = given.deepCopy();
        ArrayNode volumes = Strategies.list(Strategies.child(copy, "spec"), "volumes");
        for (Fields claim : claims.elements()) {
            String name = claim.at("metadata", "name").text();
            ObjectNode volume = volumes.addObject().put("name", name);
            volume.putObject("persistentVolumeClaim").put("claimName", name);
        }
        return template.with(copy);
    }

    private static void strategy(Fields strategy) {
        Fields rolling = strategy.at("rollingUpdate");
        switch (strategy.at("type").text()) {
            case "" -> strategy.required();
            case "OnDelete" -> {
                if (rolling.given()) {
                    rolling.invalid(rolling(rolling.value()), "only allowed for updateStrategy 'RollingUpdate'");
                }
            }
            case "RollingUpdate" -> {
                if (rolling.given()) {
                    rolling.at("partition").notNegative();
                }
            }
            default -> {
                ObjectNode shown = JsonNodeFactory.instance.objectNode();
                shown.put("Type", strategy.at("type").text());
                shown.set(
                        "RollingUpdate", rolling.given() ? rolling(rolling.value()) : GoValues.orNull(rolling.value()));
                strategy.invalid(shown, "must be 'RollingUpdate' or 'OnDelete'");
            }
        }
    }

    private static JsonNode rolling(JsonNode rolling) {
        ObjectNode shown = JsonNodeFactory.instance.objectNode();
        shown.put("Partition", rolling.path("partition").asLong());
        shown.set("MaxUnavailable", GoValues.orNull(rolling.path("maxUnavailable")));
        return shown;
    }

    @Override
    void updateRules(Fields set, ObjectNode old) {
        metadataUpdate(set, old);
        rules(set, false);
        ObjectNode now = set.value().path("spec").deepCopy();
        ObjectNode before = old.path("spec").deepCopy();
        now.remove(MUTABLE);
        before.remove(MUTABLE);
        if (!Strategies.same(now, before)) {
            set.at("spec")
                    .forbidden("updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template',"
                            + " 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and"
                            + " 'minReadySeconds' are forbidden");
        }
    }

    @Override
    void statusUpdateRules(Fields set, ObjectNode old) {
        Fields status = set.at("status");
        WorkloadRules.counts(
                status,
                "replicas",
                "readyReplicas",
                "currentReplicas",
                "updatedReplicas",
                "observedGeneration",
                "collisionCount",
                "availableReplicas");
        for (String count : List.of("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")) {
            WorkloadRules.notAbove(status, count, "replicas", "status.replicas");
        }
        WorkloadRules.notAbove(status, "availableReplicas", "readyReplicas", "status.readyReplicas");
        metadataUpdate(set, old);
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        List<String> warnings = new ArrayList<>(PodWarnings.template(object));
        if (object.path("spec").path("revisionHistoryLimit").asInt() < 0) {
            warnings.add(
                    "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended");
        }
        return warnings;
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        return PodWarnings.ifChanged(object, old, warnings(object));
    }
}
