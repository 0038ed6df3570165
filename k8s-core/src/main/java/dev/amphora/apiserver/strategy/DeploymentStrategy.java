package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.List;

/** Deployments, of {@code apps/v1}. */
final class DeploymentStrategy extends KindStrategy {

    DeploymentStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "replicas", 1);
        ObjectNode strategy = Strategies.child(spec, "strategy");
        setDefault(strategy, "type", "RollingUpdate");
        if (strategy.path("type").asText().equals("RollingUpdate")) {
            ObjectNode rolling = Strategies.child(strategy, "rollingUpdate");
            setDefault(rolling, "maxUnavailable", "25%");
            setDefault(rolling, "maxSurge", "25%");
        }
        setDefault(spec, "revisionHistoryLimit", 10);
        setDefault(spec, "progressDeadlineSeconds", 600);
        PodDefaults.template(Strategies.child(spec, "template"));
    }

    /** Annotations count as desired state, since the revision is kept in one. */
    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepStatus(object, old);
        boolean changed = !Strategies.same(object.path("spec"), old.path("spec"))
                || !Strategies.same(
                        object.path("metadata").path("annotations"),
                        old.path("metadata").path("annotations"));
        Strategies.setGeneration(object, old, changed);
    }

    @Override
    public void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepAllButStatus(object, old);
        Strategies.keep(Strategies.metadata(object), old.path("metadata"), "labels");
    }

    @Override
    void rules(Fields deployment) {
        Fields spec = deployment.at("spec");
        spec.at("replicas").notNegative();
        Fields selector = spec.at("selector");
        if (WorkloadRules.selector(selector, "deployment")) {
            WorkloadRules.template(spec.at("template"), selector.value());
        } else {
            selector.invalid(GoValues.selector(selector.value()), "invalid label selector");
        }
        strategy(spec.at("strategy"));
        spec.at("minReadySeconds").notNegative();
        if (spec.has("revisionHistoryLimit")) {
            spec.at("revisionHistoryLimit").notNegative();
        }
        Fields deadline = spec.at("progressDeadlineSeconds");
        if (deadline.given()) {
            deadline.notNegative();
            if (deadline.number() <= spec.at("minReadySeconds").number()) {
                deadline.invalid("must be greater than minReadySeconds");
            }
        }
    }

    private static void strategy(Fields strategy) {
        Fields rolling = strategy.at("rollingUpdate");
        switch (strategy.at("type").text()) {
            case "Recreate" -> {
                if (rolling.given()) {
                    rolling.forbidden("may not be specified when strategy `type` is 'Recreate'");
                }
            }
            case "RollingUpdate" -> {
                if (!rolling.given()) {
                    rolling.required("this should be defaulted and never be nil");
                } else {
                    rolling(rolling);
                }
            }
            default -> strategy.with(shown(strategy.value())).unsupported(List.of("Recreate", "RollingUpdate"));
        }
    }

    private static void rolling(Fields rolling) {
        Fields unavailable = rolling.at("maxUnavailable");
        Fields surge = rolling.at("maxSurge");
        WorkloadRules.intOrPercent(unavailable);
        WorkloadRules.intOrPercent(surge);
        if (WorkloadRules.amount(unavailable) == 0 && WorkloadRules.amount(surge) == 0) {
            unavailable.invalid("may not be 0 when `maxSurge` is 0");
        }
        WorkloadRules.notMoreThan100Percent(unavailable);
    }

    private static JsonNode shown(JsonNode strategy) {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put("Type", strategy.path("type").asText(""));
        JsonNode rolling = strategy.path("rollingUpdate");
        result.set(
                "RollingUpdate",
                rolling.isObject()
                        ? GoValues.renamed(
                                rolling, ImmutableMap.of("MaxUnavailable", "maxUnavailable", "MaxSurge", "maxSurge"))
                        : GoValues.orNull(rolling));
        return result;
    }

    @Override
    void updateRules(Fields deployment, ObjectNode old) {
        metadataUpdate(deployment, old);
        rules(deployment);
        deployment.at("spec", "selector").immutable(old.path("spec").path("selector"));
    }

    @Override
    void statusUpdateRules(Fields deployment, ObjectNode old) {
        metadataUpdate(deployment, old);
        Fields status = deployment.at("status");
        WorkloadRules.counts(
                status,
                "observedGeneration",
                "replicas",
                "updatedReplicas",
                "readyReplicas",
                "availableReplicas",
                "unavailableReplicas",
                "terminatingReplicas",
                "collisionCount");
        WorkloadRules.notAbove(status, "updatedReplicas", "replicas", "status.replicas");
        WorkloadRules.notAbove(status, "readyReplicas", "replicas", "status.replicas");
        WorkloadRules.notAbove(status, "availableReplicas", "replicas", "status.replicas");
        WorkloadRules.notAbove(status, "availableReplicas", "readyReplicas", "readyReplicas");
        JsonNode collisions = old.path("status").path("collisionCount");
        Fields count = status.at("collisionCount");
        if (collisions.isNumber() && count.number() < collisions.asLong()) {
            count.invalid(
                    count.given() ? count.value() : JsonNodeFactory.instance.numberNode(0), "cannot be decremented");
        }
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return PodWarnings.named(object, PodWarnings.template(object));
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        return PodWarnings.ifChanged(object, old, PodWarnings.template(object));
    }
}
