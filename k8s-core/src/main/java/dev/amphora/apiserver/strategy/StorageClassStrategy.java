package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

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

    private static void topologies(Fields topologies) {
        Set<JsonNode> seen = new HashSet<>();
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
            if (term.at("matchLabelExpressions").isEmpty() || !seen.add(term.value())) {
                term.at("matchLabelExpressions").duplicate(TextNode.valueOf(""));
            }
        }
    }

    @Override
    void updateRules(Fields storage, ObjectNode old) {
        metadataUpdate(storage, old);
        metadata(storage);
        rules(storage);
        for (String field : List.of("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")) {
            Fields place = storage.at(field);
            boolean removed = field.equals("parameters") && !place.given();
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
