package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Controller revisions: a number, and whatever their owner keeps in them. */
final class ControllerRevisionStrategy extends KindStrategy {

    @Override
    void rules(Fields revision) {
        revision.at("revision").notNegative();
        if (!revision.has("data")) {
            revision.at("data").required("data is mandatory");
        } else if (!revision.at("data").value().isObject()) {
            revision.at("data").required("data must be a valid JSON object");
        }
    }

    @Override
    void updateRules(Fields revision, ObjectNode old) {
        metadataUpdate(revision, old);
        metadata(revision);
        rules(revision);
        revision.at("data").immutable(old.path("data"));
    }
}
