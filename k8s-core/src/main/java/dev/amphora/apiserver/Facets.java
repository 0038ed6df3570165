package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.apiserver.strategy.SubresourceRules;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parts of objects that are written on their own. */
final class Facets {
    private Facets() {}

    /** The part that a subresource is about; null if it is none of a kind's own parts. */
    static @Nullable Facet of(Endpoint endpoint, String subresource) {
        return switch (subresource) {
            case "" -> whole(endpoint);
            case "status" -> status(endpoint);
            case "ephemeralcontainers" -> new Ephemeral(endpoint);
            case "resize" -> new Resize(endpoint);
            case "finalize" -> new NamespaceFinalizers(endpoint);
            case "approval" -> new Approval();
            default -> null;
        };
    }

    /** The object itself, without its status. */
    static Facet whole(Endpoint endpoint) {
        return new Facet() {
            @Override
            public void prepare(ObjectNode object, ObjectNode old) {
                endpoint.strategy().prepareForUpdate(object, old);
            }

            @Override
            public List<FieldError> validate(ObjectNode object, ObjectNode old) {
                return endpoint.strategy().validateUpdate(object, old);
            }

            @Override
            public List<String> warnings(ObjectNode object, ObjectNode old) {
                return endpoint.strategy().updateWarnings(object, old);
            }
        };
    }

    private static Facet status(Endpoint endpoint) {
        return new Facet() {
            @Override
            public void prepare(ObjectNode object, ObjectNode old) {
                endpoint.strategy().prepareForStatusUpdate(object, old);
            }

            @Override
            public void stamp(ObjectNode object, ObjectNode old, String now) {
                endpoint.strategy().stampStatus(object, old, now);
            }

            @Override
            public List<FieldError> validate(ObjectNode object, ObjectNode old) {
                return endpoint.strategy().validateStatusUpdate(object, old);
            }
        };
    }

    /** {@code pods/ephemeralcontainers}: nothing but these containers. */
    private record Ephemeral(Endpoint endpoint) implements Facet {
        @Override
        public void prepare(ObjectNode object, ObjectNode old) {
            JsonNode containers = object.path("spec").get("ephemeralContainers");
            restore(object, old);
            set(object.withObject("/spec"), "ephemeralContainers", containers);
            endpoint.strategy().setDefaults(object);
            if (!object.path("spec").equals(old.path("spec"))) {
                Metadata.bumpGeneration(object);
            }
        }

        @Override
        public List<FieldError> validate(ObjectNode object, ObjectNode old) {
            return SubresourceRules.ephemeralContainers(object, old);
        }
    }

    /** {@code pods/resize}: the resources of the pod and of its containers. */
    private record Resize(Endpoint endpoint) implements Facet {
        @Override
        public void prepare(ObjectNode object, ObjectNode old) {
            ObjectNode wanted = object.deepCopy();
            restore(object, old);
            JsonNode resources = wanted.path("spec").get("resources");
            set(object.withObject("/spec"), "resources", resources);
            for (String list : List.of("containers", "initContainers")) {
                for (JsonNode container : object.path("spec").path(list)) {
                    for (JsonNode each : wanted.path("spec").path(list)) {
                        if (each.path("name").equals(container.path("name"))) {
                            set((ObjectNode) container, "resources", each.get("resources"));
                            set((ObjectNode) container, "resizePolicy", each.get("resizePolicy"));
                        }
                    }
                }
            }
            if (!object.path("spec").equals(old.path("spec"))) {
                Metadata.bumpGeneration(object);
            }
        }

        @Override
        public List<FieldError> validate(ObjectNode object, ObjectNode old) {
            return SubresourceRules.resize(object, old);
        }
    }

    /** {@code namespaces/finalize}: the finalizers of the spec. When the last one goes, so does the namespace. */
    private record NamespaceFinalizers(Endpoint endpoint) implements Facet {
        @Override
        public void prepare(ObjectNode object, ObjectNode old) {
            set(object, "status", old.get("status"));
        }

        @Override
        public List<FieldError> validate(ObjectNode object, ObjectNode old) {
            return SubresourceRules.namespaceFinalizers(object, old);
        }

        @Override
        public boolean isLast(ObjectNode object, ObjectNode old) {
            return Metadata.isDeleting(old)
                    && object.path("spec").path("finalizers").isEmpty()
                    && Metadata.finalizers(object).isEmpty();
        }
    }

    /** {@code certificatesigningrequests/approval}: the conditions of the status, and labels and annotations. */
    private record Approval() implements Facet {
        @Override
        public void prepare(ObjectNode object, ObjectNode old) {
            JsonNode conditions = object.path("status").get("conditions");
            set(object, "spec", old.get("spec"));
            set(object, "status", old.get("status"));
            set(object.withObject("/status"), "conditions", conditions);
        }

        @Override
        public void stamp(ObjectNode object, ObjectNode old, String now) {
            SubresourceRules.stampApproval(object, old, now);
        }

        @Override
        public List<FieldError> validate(ObjectNode object, ObjectNode old) {
            return SubresourceRules.approval(object, old);
        }
    }

    private static void restore(ObjectNode object, ObjectNode old) {
        JsonNode version = object.path("metadata").get("resourceVersion");
        object.removeAll();
        object.setAll(old.deepCopy());
        set(Metadata.of(object), "resourceVersion", version);
    }

    private static void set(ObjectNode object, String field, @Nullable JsonNode value) {
        if (value == null || value.isNull()) {
            object.remove(field);
        } else {
            object.set(field, value.deepCopy());
        }
    }
}
