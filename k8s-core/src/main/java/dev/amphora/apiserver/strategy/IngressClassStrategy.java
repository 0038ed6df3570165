package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Ingress classes. */
final class IngressClassStrategy extends KindStrategy {
    private static final int LONGEST_CONTROLLER = 250;

    IngressClassStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        if (object.path("spec").path("parameters") instanceof ObjectNode parameters) {
            setDefault(parameters, "scope", "Cluster");
        }
    }

    @Override
    void rules(Fields ingressClass) {
        Fields controller = ingressClass.at("spec", "controller");
        if (Names.bytes(controller.text()) > LONGEST_CONTROLLER) {
            controller.tooLong(LONGEST_CONTROLLER);
        }
        if (controller.requireText()) {
            JobRules.domainPath(controller);
        }
        Fields parameters = ingressClass.at("spec", "parameters");
        if (!parameters.given()) {
            return;
        }
        IngressStrategy.reference(parameters);
        Fields scope = parameters.at("scope");
        Fields namespace = parameters.at("namespace");
        if (!scope.given()) {
            scope.required();
            return;
        }
        scope.oneOf("Cluster", "Namespace");
        if (scope.is("Namespace")) {
            if (namespace.isEmpty()) {
                namespace.required("`parameters.scope` is set to 'Namespace'");
            } else {
                namespace.check(Names::label);
            }
        } else if (scope.is("Cluster") && namespace.given()) {
            namespace.forbidden("`parameters.scope` is set to 'Cluster'");
        }
    }

    @Override
    void updateRules(Fields ingressClass, ObjectNode old) {
        metadataUpdate(ingressClass, old);
        ingressClass.at("spec", "controller").immutable(old.path("spec").path("controller"));
        metadata(ingressClass);
        rules(ingressClass);
    }
}
