package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.ArrayList;
import java.util.List;

/** Which server serves which group and version. */
final class ApiServiceStrategy extends KindStrategy {

    ApiServiceStrategy() {
        super(Trait.VERSION_NEEDED);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        if (object.path("spec").path("service") instanceof ObjectNode service) {
            Strategies.setDefault(service, "port", 443);
        }
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        ObjectNode status = object.putObject("status");
        if (!object.path("spec").path("service").isObject()) {
            status.putArray("conditions")
                    .addObject()
                    .put("type", "Available")
                    .put("status", "True")
                    .put(
                            "lastTransitionTime",
                            object.path("metadata").path("creationTimestamp").asText())
                    .put("reason", "Local")
                    .put("message", "Local APIServices are always available");
        }
    }

    @Override
    List<String> names(Fields service, String name) {
        List<String> errors = new ArrayList<>(Names.pathSegment(name));
        if (!errors.isEmpty()) {
            return errors;
        }
        String expected = service.at("spec", "version").text() + "."
                + service.at("spec", "group").text();
        if (!name.equals(expected)) {
            errors.add("must be `spec.version+\".\"+spec.group`: " + FieldError.quoted(expected));
        }
        return errors;
    }

    @Override
    void rules(Fields service) {
        Fields spec = service.at("spec");
        Fields group = spec.at("group");
        if (group.isEmpty() && !spec.at("version").is("v1")) {
            group.required("only v1 may have an empty group and it better be legacy kube");
        } else if (!group.isEmpty()) {
            group.check(Names::subdomain);
        }
        spec.at("version").check(Names::label1035);
        priority(spec.at("groupPriorityMinimum"), 20_000);
        priority(spec.at("versionPriority"), 1000);
        Fields insecure = spec.at("insecureSkipTLSVerify");
        if (!spec.has("service")) {
            if (!spec.at("caBundle").isEmpty()) {
                spec.at("caBundle").invalid("local APIServices may not have a caBundle");
            }
            if (insecure.flag()) {
                insecure.invalid("local APIServices may not have insecureSkipTLSVerify");
            }
            return;
        }
        spec.at("service", "namespace").requireText();
        spec.at("service", "name").requireText();
        spec.at("service", "port").between(1, 65535);
        if (insecure.flag() && !spec.at("caBundle").isEmpty()) {
            insecure.invalid("may not be true if caBundle is present");
        }
    }

    private static void priority(Fields priority, long limit) {
        if (priority.number() <= 0 || priority.number() >= limit) {
            priority.invalid(LongNode.valueOf(priority.number()), "must be positive and less than " + limit);
        }
    }

    @Override
    void updateRules(Fields service, ObjectNode old) {
        metadataUpdate(service, old);
        metadata(service);
        rules(service);
    }

    @Override
    void statusUpdateRules(Fields service, ObjectNode old) {
        metadataUpdate(service, old);
        for (Fields condition : service.at("status", "conditions").elements()) {
            condition.at("status").oneOf("True", "False", "Unknown");
        }
    }
}
