package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;

/** Jobs. */
final class JobStrategy extends KindStrategy {
    static final String CONTROLLER_UID = "batch.kubernetes.io/controller-uid";
    static final String JOB_NAME = "batch.kubernetes.io/job-name";
    private static final String LEGACY_CONTROLLER_UID = "controller-uid";
    private static final String LEGACY_JOB_NAME = "job-name";

    JobStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        if (!spec.has("completions") && !spec.has("parallelism")) {
            spec.put("completions", 1);
        }
        setDefault(spec, "parallelism", 1);
        setDefault(spec, "backoffLimit", spec.has("backoffLimitPerIndex") ? Integer.MAX_VALUE : 6);
        JsonNode labels = spec.path("template").path("metadata").path("labels");
        ObjectNode metadata = Strategies.metadata(object);
        if (!labels.isEmpty() && metadata.path("labels").isEmpty()) {
            metadata.set("labels", labels.deepCopy());
        }
        setDefault(spec, "completionMode", "NonIndexed");
        setDefault(spec, "suspend", false);
        setDefault(spec, "manualSelector", false);
        for (ObjectNode rule : objects(spec.path("podFailurePolicy").path("rules"))) {
            objects(rule.path("onPodConditions")).forEach(condition -> setDefault(condition, "status", "True"));
        }
        setDefault(spec, "podReplacementPolicy", spec.has("podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
        PodDefaults.template(Strategies.child(spec, "template"));
    }

    @Override
    public String defaultPropagation() {
        return "Orphan";
    }

    /** Unless the caller selects by hand, a job's pods are found by its uid, which its template's labels carry. */
    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        ObjectNode spec = Strategies.child(object, "spec");
        if (spec.path("manualSelector").asBoolean()) {
            return;
        }
        ObjectNode metadata = Strategies.metadata(object);
        String uid = metadata.path("uid").asText();
        String name = metadata.path("name").asText();
        ObjectNode labels =
                Strategies.child(Strategies.child(Strategies.child(spec, "template"), "metadata"), "labels");
        boolean shared = metadata.path("labels").isEmpty() || Strategies.same(metadata.path("labels"), labels);
        setDefault(labels, CONTROLLER_UID, uid);
        setDefault(labels, JOB_NAME, name);
        setDefault(labels, LEGACY_CONTROLLER_UID, uid);
        setDefault(labels, LEGACY_JOB_NAME, name);
        if (shared && Names.labelValue(name).isEmpty()) {
            metadata.set("labels", labels.deepCopy());
        }
        ObjectNode selector = Strategies.child(Strategies.child(spec, "selector"), "matchLabels");
        setDefault(selector, CONTROLLER_UID, uid);
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepStatus(object, old);
        Strategies.setGeneration(object, old, !Strategies.same(object.path("spec"), old.path("spec")));
    }

    @Override
    void rules(Fields job) {
        generatedSelector(job);
        JobRules.spec(job.at("spec"));
        Fields completions = job.at("spec", "completions");
        if (job.at("spec", "completionMode").is("Indexed") && completions.number() > 0) {
            String last = job.at("metadata", "name").text() + "-" + (completions.number() - 1);
            if (!Names.label(last).isEmpty()) {
                job.at("metadata", "name").invalid("will not able to create pod with invalid DNS label: " + last);
            }
        }
    }

    private static void generatedSelector(Fields job) {
        Fields spec = job.at("spec");
        if (spec.at("manualSelector").flag() || !spec.has("selector")) {
            return;
        }
        String uid = job.at("metadata", "uid").text();
        Fields labels = spec.at("template", "metadata", "labels");
        expect(labels, LEGACY_CONTROLLER_UID, uid);
        expect(labels, LEGACY_JOB_NAME, job.at("metadata", "name").text());
        expect(labels, CONTROLLER_UID, uid);
        expect(labels, JOB_NAME, job.at("metadata", "name").text());
        JsonNode selector = spec.at("selector", "matchLabels").value();
        boolean generated = spec.at("selector", "matchExpressions").isEmpty()
                && selector.size() == 1
                && (selector.path(CONTROLLER_UID).asText().equals(uid)
                        || selector.path(LEGACY_CONTROLLER_UID).asText().equals(uid));
        if (!generated) {
            spec.at("selector")
                    .invalid(GoValues.selector(spec.at("selector").value()), "`selector` not auto-generated");
        }
    }

    private static void expect(Fields labels, String key, String value) {
        Fields label = labels.key(key);
        if (!label.given()) {
            label.required("must be '%s'".formatted(value));
        } else if (!label.is(value)) {
            label.invalid(GoValues.sorted(labels.value()), "must be '%s'".formatted(value));
        }
    }

    @Override
    void updateRules(Fields job, ObjectNode old) {
        metadata(job);
        rules(job);
        metadataUpdate(job, old);
        JobRules.update(job, old);
    }

    @Override
    void statusUpdateRules(Fields job, ObjectNode old) {
        metadataUpdate(job, old);
        JobStatusRules.check(job, old);
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "status.successful",
                Long.toString(object.path("status").path("succeeded").asLong()));
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
