package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
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
        if (!Strategies.same(storage.at("parameters").value(), old.path("parameters"))) {
            storage.at("parameters").forbidden("updates to parameters are forbidden.");
        }
        if (!storage.at("provisioner").text().equals(old.path("provisioner").asText(""))) {
            storage.at("provisioner").forbidden("updates to provisioner are forbidden.");
        }
        if (!storage.at("reclaimPolicy").text().equals(old.path("reclaimPolicy").asText(""))) {
            storage.at("reclaimPolicy").forbidden("updates to reclaimPolicy are forbidden.");
        }
        for (String field : List.of("volumeBindingMode")) {
            storage.at(field).immutable(old.path(field));
        }
        metadata(storage);
        rules(storage);
    }
}
