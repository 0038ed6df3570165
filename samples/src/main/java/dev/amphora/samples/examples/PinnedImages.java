package dev.amphora.samples.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.outside.LocalWebhook;

/** A validating webhook that refuses images that may change. */
// README: webhook
public final class PinnedImages implements LocalWebhook {
    @Override
    public ObjectNode review(JsonNode request) {
        for (JsonNode container : request.at("/object/spec/containers")) {
            if (!container.path("image").asText().contains("@sha256:")) {
                return LocalWebhook.deny(container.path("name").asText() + " runs an image that may change");
            }
        }
        return LocalWebhook.allow();
    }
}
// end
