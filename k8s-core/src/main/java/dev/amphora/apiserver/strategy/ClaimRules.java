package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;

/** What a claim asks of a volume; claims stand alone, in pods and in the templates of stateful sets. */
final class ClaimRules {
    private static final List<String> ACCESS_MODES =
            List.of("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod");

    private ClaimRules() {}

    static void spec(Fields spec) {
        Fields modes = spec.at("accessModes");
        if (modes.isEmpty()) {
            modes.required("at least 1 access mode is required");
        }
        if (spec.has("selector")) {
            LabelRules.selector(spec.at("selector"));
        }
        accessModes(modes);
        Fields requests = spec.at("resources").at("requests");
        Fields storage = spec.at("resources").key("storage");
        if (!requests.has("storage")) {
            storage.required();
        } else {
            Fields size = storage.with(requests.at("storage").value());
            if (PodResources.value(size.text()).signum() <= 0) {
                size.invalid(size.text(), "must be greater than zero");
            }
        }
        Fields storageClass = spec.at("storageClassName");
        if (!storageClass.isEmpty()) {
            storageClass.check(Names::subdomain);
        }
        if (spec.has("volumeMode")) {
            spec.at("volumeMode").oneOf("Block", "Filesystem");
        }
        if (spec.has("dataSource")) {
            source(spec.at("dataSource"));
        }
        if (spec.has("dataSourceRef")) {
            source(spec.at("dataSourceRef"));
        }
        if (spec.has("dataSource") && spec.has("dataSourceRef")) {
            for (String field : List.of("apiGroup", "kind", "name")) {
                if (!Strategies.same(
                        spec.at("dataSource", field).value(),
                        spec.at("dataSourceRef", field).value())) {
                    spec.invalid(JsonNodeFactory.instance.objectNode(), "must match dataSourceRef");
                    break;
                }
            }
        }
        Fields attributes = spec.at("volumeAttributesClassName");
        if (!attributes.isEmpty()) {
            attributes.check(Names::subdomain);
        }
    }

    /** How a volume may be used, by several at once or by one. */
    static void accessModes(Fields modes) {
        boolean one = false;
        boolean others = false;
        for (Fields mode : modes.elements()) {
            if (mode.is("ReadWriteOncePod")) {
                one = true;
            } else if (ACCESS_MODES.contains(mode.text())) {
                others = true;
            } else {
                modes.with(mode.value()).unsupported(ACCESS_MODES);
            }
        }
        if (one && others) {
            modes.forbidden("may not use ReadWriteOncePod with other access modes");
        }
    }

    private static void source(Fields source) {
        source.at("name").requireText();
        source.at("kind").requireText();
        Fields group = source.at("apiGroup");
        if (group.isEmpty()) {
            if (!source.at("kind").is("PersistentVolumeClaim")) {
                source.invalid(
                        source.at("kind").text(),
                        "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
            }
        } else {
            group.check(Names::subdomain);
        }
    }
}
