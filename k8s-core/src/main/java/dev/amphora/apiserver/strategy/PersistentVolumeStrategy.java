package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Persistent volumes. */
final class PersistentVolumeStrategy extends KindStrategy {
    private static final Map<String, String> DEPRECATED_ANNOTATIONS = ImmutableMap.of(
            "volume.beta.kubernetes.io/storage-class",
                    "deprecated since v1.8; use \"storageClassName\" attribute instead",
            "volume.beta.kubernetes.io/mount-options",
                    "deprecated since v1.31; use \"mountOptions\" attribute instead");

    /** What else a specification has, by the names of the reference's form. */
    private static final List<String> OTHER_THAN_SOURCE = List.of(
            "Capacity",
            "AccessModes",
            "ClaimRef",
            "PersistentVolumeReclaimPolicy",
            "StorageClassName",
            "MountOptions",
            "VolumeMode",
            "NodeAffinity",
            "VolumeAttributesClassName");

    PersistentVolumeStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "persistentVolumeReclaimPolicy", "Retain");
        setDefault(spec, "volumeMode", "Filesystem");
        Strategies.roundAmounts(spec.path("capacity"));
        for (Map.Entry<String, JsonNode> member : spec.properties()) {
            if (member.getValue() instanceof ObjectNode source) {
                PodDefaults.storage(member.getKey(), source);
                if (source.path("secretRef") instanceof ObjectNode
                        && member.getKey().equals("azureFile")) {
                    source.remove("secretRef");
                }
            }
        }
        setDefault(Strategies.child(object, "status"), "phase", "Pending");
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        object.putObject("status")
                .put("phase", "Pending")
                .set("lastPhaseTransitionTime", object.path("metadata").path("creationTimestamp"));
    }

    /** Whoever changes the phase says since when it is so, or the server does. */
    @Override
    public void stampStatus(ObjectNode object, ObjectNode old, String now) {
        ObjectNode status = Strategies.child(object, "status");
        JsonNode before = old.path("status");
        if (!status.path("phase").asText("").equals(before.path("phase").asText(""))
                && (!status.hasNonNull("lastPhaseTransitionTime")
                        || status.path("lastPhaseTransitionTime").equals(before.path("lastPhaseTransitionTime")))) {
            status.put("lastPhaseTransitionTime", now);
        }
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        List<String> warnings = new ArrayList<>();
        Fields volume = Fields.of(object);
        Fields annotations = volume.at("metadata", "annotations");
        DEPRECATED_ANNOTATIONS.forEach((key, text) -> {
            if (annotations.key(key).given()) {
                warnings.add(annotations.key(key).path() + ": " + text);
            }
        });
        if (volume.at("spec", "persistentVolumeReclaimPolicy").is("Recycle")) {
            warnings.add("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the"
                    + " recommended approach is to use dynamic provisioning.");
        }
        warnings.addAll(PodWarnings.persistentVolume(volume.at("spec")));
        return warnings;
    }

    @Override
    void rules(Fields volume) {
        PersistentVolumeRules.spec(volume.at("spec"), false);
    }

    /** What is wrong is said twice, by the rules of all volumes and by those of a change, which begin with them. */
    @Override
    void updateRules(Fields volume, ObjectNode old) {
        metadata(volume);
        rules(volume);
        metadata(volume);
        rules(volume);
        source(volume, old);
        Fields spec = volume.at("spec");
        volume.at("volumeMode")
                .with(spec.at("volumeMode").value())
                .immutable(old.path("spec").path("volumeMode"));
        JsonNode affinity = old.path("spec").path("nodeAffinity");
        if (!affinity.isMissingNode()
                && !Strategies.same(spec.at("nodeAffinity").value(), affinity)) {
            volume.at("nodeAffinity")
                    .invalid(
                            GoValues.nodeAffinity(spec.at("nodeAffinity").value()),
                            "field is immutable, except for updating from beta label to GA");
        }
    }

    /** Where a volume lies stays as it is; only a secret for its expansion may be added. */
    private static void source(Fields volume, ObjectNode old) {
        ObjectNode now = JsonNodeFactory.instance.objectNode();
        ObjectNode was = JsonNodeFactory.instance.objectNode();
        for (String type : PersistentVolumeRules.SOURCES) {
            Strategies.keep(now, volume.at("spec").value(), type);
            Strategies.keep(was, old.path("spec"), type);
        }
        if (now.get("csi") instanceof ObjectNode csi
                && was.path("csi").isObject()
                && !was.path("csi").has("controllerExpandSecretRef")) {
            ObjectNode without = csi.deepCopy();
            without.remove("controllerExpandSecretRef");
            now.set("csi", without);
        }
        if (!Strategies.same(now, was)) {
            volume.at("spec", "persistentvolumesource")
                    .forbidden("spec.persistentvolumesource is immutable after creation\n"
                            + SpecDiff.ofForms(sourceForm(was), sourceForm(now)));
        }
    }

    /** The reference's source is a structure of its own: of all fields of a specification, those of the sources. */
    private static JsonNode sourceForm(ObjectNode sources) {
        JsonNode form = GoForm.of(sources, "core.v1.PersistentVolumeSpec");
        if (form instanceof ObjectNode all) {
            OTHER_THAN_SOURCE.forEach(all::remove);
        }
        return form;
    }
}
