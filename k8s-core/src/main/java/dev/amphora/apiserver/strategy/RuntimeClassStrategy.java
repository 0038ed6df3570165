package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.HashSet;
import java.util.Set;

/** Runtime classes. */
final class RuntimeClassStrategy extends KindStrategy {

    RuntimeClassStrategy() {
        super(Trait.CREATED_BY_UPDATE, Trait.VERSION_NEEDED);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        Strategies.roundAmounts(object.path("overhead").path("podFixed"));
        Strategies.objects(object.path("scheduling").path("tolerations"));
    }

    @Override
    void rules(Fields runtime) {
        Fields handler = runtime.at("handler");
        if (handler.requireText()) {
            handler.check(Names::label);
        }
        if (runtime.has("overhead")) {
            ResourceRules.overhead(runtime.at("overhead")
                    .with(runtime.at("overhead", "podFixed").value()));
        }
        Fields scheduling = runtime.at("scheduling");
        LabelRules.labels(scheduling.at("nodeSelector"));
        Fields tolerations = scheduling.at("tolerations");
        SchedulingRules.tolerations(tolerations);
        Set<Object> seen = new HashSet<>();
        for (Fields toleration : tolerations.elements()) {
            if (!seen.add(toleration.value())) {
                ObjectNode shown = GoValues.renamed(
                        toleration.value(),
                        ImmutableMap.of(
                                "Key",
                                "key",
                                "Operator",
                                "operator",
                                "Value",
                                "value",
                                "Effect",
                                "effect",
                                "TolerationSeconds",
                                "tolerationSeconds"));
                for (String text : new String[] {"Key", "Operator", "Value", "Effect"}) {
                    if (shown.path(text).isNull()) {
                        shown.put(text, "");
                    }
                }
                toleration.duplicate(shown);
            }
        }
    }

    @Override
    void updateRules(Fields runtime, ObjectNode old) {
        metadata(runtime);
        rules(runtime);
        metadataUpdate(runtime, old);
        runtime.at("handler").immutable(old.path("handler"));
    }
}
