package dev.amphora.rest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import io.fabric8.kubernetes.api.model.ListMeta;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.StatusDetails;
import org.jspecify.annotations.Nullable;

/** A {@code Status} as the tree that goes out, its members in the reference's order. */
final class StatusTree {
    private StatusTree() {}

    static ObjectNode of(Status status) {
        ObjectNode tree = Json.object();
        tree.put("kind", "Status");
        tree.put("apiVersion", "v1");
        ListMeta metadata = status.getMetadata();
        ObjectNode list = tree.putObject("metadata");
        if (metadata != null) {
            put(list, "resourceVersion", metadata.getResourceVersion());
            put(list, "continue", metadata.getContinue());
        }
        put(tree, "status", status.getStatus());
        put(tree, "message", status.getMessage());
        put(tree, "reason", status.getReason());
        if (status.getDetails() != null) {
            tree.set("details", details(status.getDetails()));
        }
        if (status.getCode() != null) {
            tree.put("code", status.getCode());
        }
        return tree;
    }

    private static ObjectNode details(StatusDetails details) {
        ObjectNode tree = Json.object();
        put(tree, "name", details.getName());
        put(tree, "group", details.getGroup());
        put(tree, "kind", details.getKind());
        put(tree, "uid", details.getUid());
        if (details.getCauses() != null && !details.getCauses().isEmpty()) {
            ArrayNode causes = tree.putArray("causes");
            for (StatusCause cause : details.getCauses()) {
                ObjectNode each = causes.addObject();
                put(each, "reason", cause.getReason());
                put(each, "message", cause.getMessage());
                put(each, "field", cause.getField());
            }
        }
        if (details.getRetryAfterSeconds() != null && details.getRetryAfterSeconds() != 0) {
            tree.put("retryAfterSeconds", details.getRetryAfterSeconds());
        }
        return tree;
    }

    private static void put(ObjectNode tree, String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            tree.put(name, value);
        }
    }
}
