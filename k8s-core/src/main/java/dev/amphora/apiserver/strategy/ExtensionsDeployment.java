package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Deployments as {@code extensions/v1beta1} had them: a selector that need not be given, no percentages, no deadline and no limit
 * to the history, and a field that asks for a rollback (EXT-1 to EXT-4).
 */
final class ExtensionsDeployment implements Conversion {
    static final String ROLLBACK = "deprecated.deployment.rollback.to";

    @Override
    public String apiVersion() {
        return "extensions/v1beta1";
    }

    @Override
    public void toStorage(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefaults(object, spec);
        JsonNode rollback = spec.remove("rollbackTo");
        if (rollback != null && rollback.isObject()) {
            Strategies.child(Strategies.metadata(object), "annotations")
                    .put(ROLLBACK, Long.toString(rollback.path("revision").asLong()));
        }
        object.put("apiVersion", "apps/v1");
    }

    private static void setDefaults(ObjectNode object, ObjectNode spec) {
        JsonNode labels = spec.path("template").path("metadata").path("labels");
        if (!labels.isEmpty()) {
            if (!spec.hasNonNull("selector")) {
                spec.putObject("selector").set("matchLabels", labels.deepCopy());
            }
            if (object.path("metadata").path("labels").isEmpty()) {
                Strategies.metadata(object).set("labels", labels.deepCopy());
            }
        }
        setDefault(spec, "replicas", 1);
        ObjectNode strategy = Strategies.child(spec, "strategy");
        setDefault(strategy, "type", "RollingUpdate");
        if (strategy.path("type").asText().equals("RollingUpdate")) {
            ObjectNode rolling = Strategies.child(strategy, "rollingUpdate");
            setDefault(rolling, "maxUnavailable", 1);
            setDefault(rolling, "maxSurge", 1);
        }
        setDefault(spec, "progressDeadlineSeconds", Integer.MAX_VALUE);
        setDefault(spec, "revisionHistoryLimit", Integer.MAX_VALUE);
    }

    @Override
    public void fromStorage(ObjectNode object) {
        object.put("apiVersion", apiVersion());
        if (!(object.path("metadata").path("annotations") instanceof ObjectNode annotations)) {
            return;
        }
        JsonNode rollback = annotations.remove(ROLLBACK);
        if (rollback == null) {
            return;
        }
        if (annotations.isEmpty()) {
            Strategies.metadata(object).remove("annotations");
        }
        ObjectNode asked = Strategies.child(object, "spec").putObject("rollbackTo");
        long revision = rollback.asLong();
        if (revision != 0) {
            asked.put("revision", revision);
        }
    }
}
