package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Persistent volume claims. */
final class ClaimStrategy extends KindStrategy {
    private static final List<String> RESIZE_STATES = List.of(
            "ControllerResizeInProgress",
            "ControllerResizeInfeasible",
            "NodeResizeInProgress",
            "NodeResizeInfeasible",
            "NodeResizePending");

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
        sources(Strategies.child(object, "spec"));
    }

    private static void sources(ObjectNode spec) {
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
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        super.prepareForUpdate(object, old);
        sources(Strategies.child(object, "spec"));
    }

    @Override
    void updateRules(Fields claim, ObjectNode old) {
        metadata(claim);
        rules(claim);
        metadataUpdate(claim, old);
        Fields spec = claim.at("spec");
        JsonNode before = old.path("spec");
        boolean bound = old.path("status").path("phase").asText().equals("Bound");
        ObjectNode now = spec.value().deepCopy();
        ObjectNode was = before.deepCopy();
        if (before.path("volumeName").asText("").isEmpty()) {
            Strategies.keep(was, now, "volumeName");
        }
        if (bound) {
            if (now.path("resources").path("requests") instanceof ObjectNode requests) {
                Strategies.keep(requests, before.path("resources").path("requests"), "storage");
            }
            Strategies.keep(now, before, "volumeAttributesClassName");
        }
        if (!before.has("storageClassName")) {
            Strategies.keep(now, before, "storageClassName");
        }
        if (!Strategies.same(now, was)) {
            spec.forbidden("spec is immutable after creation except resources.requests and volumeAttributesClassName"
                    + " for bound claims\n" + SpecDiff.of(was, now, "core.v1.PersistentVolumeClaimSpec"));
        }
        Fields size = spec.at("resources", "requests", "storage");
        BigDecimal sizeBefore = PodResources.value(
                before.path("resources").path("requests").path("storage").asText("0"));
        BigDecimal is = PodResources.value(size.given() ? size.text() : "0");
        BigDecimal capacity = PodResources.value(
                old.path("status").path("capacity").path("storage").asText("0"));
        if (is.compareTo(sizeBefore) < 0 && is.compareTo(capacity) <= 0) {
            size.forbidden("field can not be less than status.capacity");
        }
        claim.at("volumeMode").with(spec.at("volumeMode").value()).immutable(before.path("volumeMode"));
    }

    @Override
    void statusUpdateRules(Fields claim, ObjectNode old) {
        metadataUpdate(claim, old);
        Fields status = claim.at("status");
        for (String name : status.at("capacity").keys()) {
            Fields amount = status.at("capacity").key(name);
            if (PodResources.value(amount.text()).signum() < 0) {
                amount.invalid(
                        DecimalNode.valueOf(PodResources.value(amount.text())), "must be a valid resource quantity");
            }
        }
        Fields states = status.at("allocatedResourceStatuses");
        for (String name : states.keys()) {
            if (resized(states, name)
                    && !RESIZE_STATES.contains(states.key(name).text())) {
                states.with(TextNode.valueOf(name)).unsupported(RESIZE_STATES);
            }
        }
        Fields amounts = status.at("allocatedResources");
        for (String name : amounts.keys()) {
            if (resized(amounts, name)) {
                ResourceRules.amount(amounts.key(name), name);
            }
        }
    }

    /** Storage alone can be resized, and what others add under a name of theirs. */
    private static boolean resized(Fields map, String name) {
        List<String> wrong = Names.labelKey(name);
        wrong.forEach(detail -> map.invalid(name, detail));
        if (!wrong.isEmpty()) {
            return false;
        }
        boolean known = name.equals("storage")
                || (name.contains("/") && !("." + name.substring(0, name.indexOf('/'))).endsWith(".kubernetes.io"));
        if (!known) {
            map.with(TextNode.valueOf(name)).unsupported(List.of("storage"));
        }
        return known;
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        List<String> warnings = new ArrayList<>();
        Fields claim = Fields.of(object);
        Fields annotation = claim.at("metadata", "annotations").key("volume.beta.kubernetes.io/storage-class");
        if (annotation.given()) {
            warnings.add(annotation.path() + ": deprecated since v1.8; use \"storageClassName\" attribute instead");
        }
        for (String list : List.of("requests", "limits")) {
            PodWarnings.wholeBytes(claim.at("spec", "resources", list).key("storage"), warnings);
        }
        return warnings;
    }
}
