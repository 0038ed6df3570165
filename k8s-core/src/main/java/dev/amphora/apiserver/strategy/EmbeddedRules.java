package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.apiserver.customresource.Structural;
import java.util.Map;

/** The rules for whole objects inside of custom ones: kind, version and metadata are sound. */
final class EmbeddedRules {
    private EmbeddedRules() {}

    static void check(Fields value, Structural schema) {
        if (value.value().isArray() && schema.items() != null) {
            value.elements().forEach(element -> checkWhole(element, schema.items()));
        } else if (value.value().isObject()) {
            for (Map.Entry<String, JsonNode> field : value.value().properties()) {
                Structural property = schema.properties().get(field.getKey());
                if (property != null) {
                    checkWhole(value.at(field.getKey()), property);
                } else if (schema.additional() != null) {
                    checkWhole(value.key(field.getKey()), schema.additional());
                }
            }
        }
    }

    private static void checkWhole(Fields value, Structural schema) {
        if (schema.embedded() && value.value().isObject()) {
            embedded(value);
        }
        check(value, schema);
    }

    private static void embedded(Fields object) {
        Fields version = object.at("apiVersion");
        if (version.value().isTextual()) {
            if (version.isEmpty()) {
                version.invalid("", "must not be empty");
            } else if (version.text().chars().filter(c -> c == '/').count() > 1) {
                version.invalid("unexpected GroupVersion string: " + version.text());
            }
        }
        Fields kind = object.at("kind");
        if (kind.value().isTextual()) {
            if (kind.isEmpty()) {
                kind.invalid("", "must not be empty");
            } else {
                for (String detail : Names.label1035(kind.text().toLowerCase(java.util.Locale.ROOT))) {
                    kind.invalid("may have mixed case, but should otherwise match: " + detail);
                }
            }
        }
        Fields metadata = object.at("metadata");
        if (!metadata.value().isObject()) {
            return;
        }
        if (metadata.at("name").isEmpty()) {
            LabelRules.labels(metadata.at("labels"));
            LabelRules.annotations(metadata.at("annotations"));
        } else {
            MetadataRules.general(metadata, Names::pathSegment);
        }
        if (!metadata.at("namespace").isEmpty()) {
            metadata.at("namespace").check(Names::label);
        }
    }
}
