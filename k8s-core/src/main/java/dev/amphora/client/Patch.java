package dev.amphora.client;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A change to an object.
 *
 * @param type how the body is meant
 * @param body the patch
 * @param manager who manages the fields that are applied; empty for the client by its user agent
 */
public record Patch(Type type, JsonNode body, String manager) {

    /** A change in the client's own name. */
    public Patch(Type type, JsonNode body) {
        this(type, body, "");
    }

    /** The patch formats and their media types. */
    public enum Type {
        /** RFC 6902. */
        JSON("application/json-patch+json"),
        /** RFC 7386. */
        MERGE("application/merge-patch+json"),
        /** Kubernetes' own, with merge keys and directives. */
        STRATEGIC("application/strategic-merge-patch+json"),
        /** Server-side apply. */
        APPLY("application/apply-patch+yaml"),
        /** Server-side apply that takes fields from other managers. */
        FORCED_APPLY("application/apply-patch+yaml");

        private final String mediaType;

        Type(String mediaType) {
            this.mediaType = mediaType;
        }

        /** The content type that names the format. */
        public String mediaType() {
            return mediaType;
        }
    }

    /** A JSON merge patch. */
    public static Patch merge(JsonNode body) {
        return new Patch(Type.MERGE, body);
    }

    /** A strategic merge patch. */
    public static Patch strategic(JsonNode body) {
        return new Patch(Type.STRATEGIC, body);
    }

    /** A JSON patch. */
    public static Patch json(JsonNode body) {
        return new Patch(Type.JSON, body);
    }

    /** Server-side apply, without force; the client's user agent is the field manager. */
    public static Patch apply(JsonNode body) {
        return new Patch(Type.APPLY, body);
    }

    /** Server-side apply with force, as controllers do: fields that others manage become this manager's. */
    public static Patch forcedApply(JsonNode body) {
        return new Patch(Type.FORCED_APPLY, body);
    }

    /** The same in the name of another field manager, which only applying can have. */
    public Patch by(String fieldManager) {
        return new Patch(type, body, fieldManager);
    }

    /** Whether it says who manages the fields, as both ways to apply must. */
    boolean isApply() {
        return type == Type.APPLY || type == Type.FORCED_APPLY;
    }
}
