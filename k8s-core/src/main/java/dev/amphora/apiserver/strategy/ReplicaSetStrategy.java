package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Replica sets. */
final class ReplicaSetStrategy extends KindStrategy {

    ReplicaSetStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "replicas", 1);
        PodDefaults.template(Strategies.child(spec, "template"));
    }

    @Override
    void rules(Fields set) {
        Fields spec = set.at("spec");
        spec.at("replicas").notNegative();
        spec.at("minReadySeconds").notNegative();
        Fields selector = spec.at("selector");
        if (WorkloadRules.selector(selector, "deployment")) {
            WorkloadRules.template(spec.at("template"), selector.value());
        } else {
            selector.invalid(GoValues.selector(selector.value()), "invalid label selector");
        }
    }

    @Override
    void updateRules(Fields set, ObjectNode old) {
        metadataUpdate(set, old);
        rules(set);
        set.at("spec", "selector").immutable(old.path("spec").path("selector"));
    }

    @Override
    void statusUpdateRules(Fields set, ObjectNode old) {
        metadataUpdate(set, old);
        status(set.at("status"));
    }

    /** The status of a replica set or replication controller. */
    static void status(Fields status) {
        WorkloadRules.counts(
                status,
                "replicas",
                "fullyLabeledReplicas",
                "readyReplicas",
                "availableReplicas",
                "terminatingReplicas",
                "observedGeneration");
        WorkloadRules.notAbove(status, "fullyLabeledReplicas", "replicas", "status.replicas");
        WorkloadRules.notAbove(status, "readyReplicas", "replicas", "status.replicas");
        WorkloadRules.notAbove(status, "availableReplicas", "replicas", "status.replicas");
        WorkloadRules.notAbove(status, "availableReplicas", "readyReplicas", "readyReplicas");
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
