package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Persistent volume claims. */
final class ClaimStrategy extends KindStrategy {

    /** The defaults of a claim, which stands alone or in the template of a stateful set. */
    static void claimDefaults(ObjectNode claim) {
        ObjectNode spec = Strategies.child(claim, "spec");
        setDefault(spec, "volumeMode", "Filesystem");
        Strategies.roundAmounts(spec.path("resources").path("requests"));
        Strategies.roundAmounts(spec.path("resources").path("limits"));
        ObjectNode status = Strategies.child(claim, "status");
        setDefault(status, "phase", "Pending");
    }

    ClaimStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        claimDefaults(object);
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        object.putObject("status").put("phase", "Pending");
        ObjectNode spec = Strategies.child(object, "spec");
        JsonNode reference = spec.path("dataSourceRef");
        if (!reference.path("namespace").asText("").isEmpty()) {
            spec.remove("dataSourceRef");
        }
        mirror(spec);
    }

    /** The source and its newer form say the same; a kind that only the newer one may name is dropped from the older. */
    private static void mirror(ObjectNode spec) {
        if (spec.path("dataSource") instanceof ObjectNode source) {
            String kind = source.path("kind").asText();
            String group = source.path("apiGroup").asText("");
            boolean known = (kind.equals("PersistentVolumeClaim") && group.isEmpty())
                    || (kind.equals("VolumeSnapshot") && group.equals("snapshot.storage.k8s.io"));
            if (!known && !spec.has("dataSourceRef")) {
                spec.remove("dataSource");
                return;
            }
        }
        if (spec.has("dataSource") && !spec.has("dataSourceRef")) {
            spec.set("dataSourceRef", spec.get("dataSource").deepCopy());
        } else if (spec.has("dataSourceRef") && !spec.has("dataSource")) {
            spec.set("dataSource", spec.get("dataSourceRef").deepCopy());
        }
    }

    @Override
    void rules(Fields claim) {
        ClaimRules.spec(claim.at("spec"));
    }

    @Override
    void updateRules(Fields claim, ObjectNode old) {
        metadataUpdate(claim, old);
        rules(claim);
        ObjectNode now = claim.value().path("spec").deepCopy();
        JsonNode before = old.path("spec");
        if (old.path("spec").path("volumeName").asText("").isEmpty()) {
            Strategies.keep(now, before, "volumeName");
        }
        if (old.path("status").path("phase").asText().equals("Bound")) {
            Strategies.keep(now, before, "resources");
        }
        Strategies.keep(now, before, "volumeAttributesClassName");
        Strategies.keep(now, before, "storageClassName");
        if (!Strategies.same(now, before)) {
            claim.at("spec")
                    .forbidden(
                            "spec is immutable after creation except resources.requests and volumeAttributesClassName"
                                    + " for bound claims\n@@ -1 +1 @@\n");
        }
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return List.of();
    }
}
