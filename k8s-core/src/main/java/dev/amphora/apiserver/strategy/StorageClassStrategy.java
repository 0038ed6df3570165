package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Storage classes. */
final class StorageClassStrategy extends KindStrategy {
    private static final int MOST_PARAMETERS = 512;

    StorageClassStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        setDefault(object, "reclaimPolicy", "Delete");
        setDefault(object, "volumeBindingMode", "Immediate");
    }

    @Override
    void rules(Fields storage) {
        Fields provisioner = storage.at("provisioner");
        if (provisioner.requireText()) {
            provisioner.check(provisioner.text().toLowerCase(Locale.ROOT), Names::labelKey);
        }
        Fields parameters = storage.at("parameters");
        if (parameters.size() > MOST_PARAMETERS) {
            parameters.tooLong(MOST_PARAMETERS);
        }
        for (String key : parameters.keys()) {
            if (key.isEmpty()) {
                parameters.invalid(key, "field can not be empty.");
            }
        }
        if (!storage.at("reclaimPolicy").isEmpty()) {
            storage.at("reclaimPolicy").oneOf("Delete", "Retain");
        }
        Fields mode = storage.at("volumeBindingMode");
        if (!mode.given()) {
            mode.required();
        } else {
            mode.oneOf("Immediate", "WaitForFirstConsumer");
        }
        topologies(storage.at("allowedTopologies"));
    }

    /** Terms are compared with as many empty ones as there are terms, and with those before. */
    private static void topologies(Fields topologies) {
        List<JsonNode> seen = new ArrayList<>(Collections.nCopies(topologies.size(), Json.object()));
        for (Fields term : topologies.elements()) {
            Set<String> keys = new HashSet<>();
            for (Fields requirement : term.at("matchLabelExpressions").elements()) {
                Fields key = requirement.at("key");
                Fields values = requirement.at("values");
                if (values.isEmpty()) {
                    values.required();
                }
                Set<String> given = new HashSet<>();
                for (Fields value : values.elements()) {
                    if (!given.add(value.text())) {
                        value.duplicate();
                    }
                }
                key.check(Names::labelKey);
                if (!keys.add(key.text())) {
                    key.duplicate();
                }
            }
            JsonNode shape = expressions(term);
            for (JsonNode other : seen) {
                if (other.equals(shape)) {
                    term.at("matchLabelExpressions").duplicate(TextNode.valueOf(""));
                }
            }
            seen.add(shape);
        }
    }

    /** The values of each key, whatever their order. */
    private static JsonNode expressions(Fields term) {
        TreeMap<String, TreeSet<String>> values = new TreeMap<>();
        for (Fields requirement : term.at("matchLabelExpressions").elements()) {
            TreeSet<String> given = values.computeIfAbsent(requirement.at("key").text(), key -> new TreeSet<>());
            requirement.at("values").elements().forEach(value -> given.add(value.text()));
        }
        ObjectNode shape = Json.object();
        values.forEach((key, given) -> given.forEach(shape.putArray(key)::add));
        return shape;
    }

    @Override
    void updateRules(Fields storage, ObjectNode old) {
        metadataUpdate(storage, old);
        metadata(storage);
        rules(storage);
        for (String field : List.of("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")) {
            Fields place = storage.at(field);
            boolean removed = field.equals("parameters") && !place.given();
            if (removed && old.path(field).isEmpty()) {
                continue;
            }
            (removed ? place.with(JsonNodeFactory.instance.objectNode()) : place).immutable(old.path(field));
        }
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        List<String> warnings = new ArrayList<>();
        for (Fields term : Fields.of(object).at("allowedTopologies").elements()) {
            term.at("matchLabelExpressions")
                    .elements()
                    .forEach(each -> PodWarnings.betaLabel(each.at("key"), warnings));
        }
        return warnings;
    }
}
