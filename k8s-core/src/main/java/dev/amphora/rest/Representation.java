package dev.amphora.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.ApiResult;
import dev.amphora.apiserver.Listing;
import dev.amphora.apiserver.VersionedObject;
import dev.amphora.apiserver.WatchSink.EventType;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TablePrinter;
import dev.amphora.apiserver.schema.TablePrinter.IncludeObject;
import dev.amphora.rest.Accept.As;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How one client sees objects: as they are, as rows of a table, or as their metadata alone; in one format. For one request only: a watch
 * shows the columns of a table once.
 */
final class Representation {
    private final ResourceInfo resource;
    private final Accept accept;
    private final String includeObject;
    private final boolean builtIn;
    private final InstantSource clock;
    private final Supplier<JsonNode> printerColumns;
    private @Nullable TablePrinter printer;
    private boolean columnsShown;

    /**
     * Describes it.
     *
     * @param builtIn see {@link #isBuiltIn}
     * @param clock for ages
     * @param printerColumns the columns that a custom resource defines for itself
     */
    Representation(
            ResourceInfo resource,
            boolean builtIn,
            Accept accept,
            Map<String, List<String>> query,
            InstantSource clock,
            Supplier<JsonNode> printerColumns) {
        this.resource = resource;
        this.accept = accept;
        this.clock = clock;
        this.printerColumns = printerColumns;
        List<String> include = query.get("includeObject");
        includeObject = include == null ? "" : include.get(0);
        this.builtIn = builtIn;
    }

    /** Whether a resource is one that every server has. */
    static boolean isBuiltIn(ResourceInfo resource) {
        return SchemaCatalogue.builtIn()
                .resource(resource.group(), resource.version(), resource.plural())
                .isPresent();
    }

    Accept accept() {
        return accept;
    }

    /**
     * Looks at what the client wants of tables before any is made.
     *
     * @throws StatusException 400 if it can't be had
     */
    void check() {
        if (accept.as() != null && accept.as().kind().equals(As.TABLE)) {
            includeObject();
        }
    }

    /** A whole answer. */
    byte[] write(ApiResult result, boolean pretty) {
        As as = accept.as();
        VersionedObject object = result.object();
        Listing list = result.list();
        if (as == null || object != null && object.tree().path("kind").asText().equals("Status")) {
            return object != null
                    ? Answers.write(object, accept.format(), pretty)
                    : Answers.write(listing(list), builtIn, accept.format(), pretty);
        }
        return Answers.write(converted(result, as), accept.format(), pretty);
    }

    private static Listing listing(@Nullable Listing list) {
        if (list == null) {
            throw new IllegalStateException("an answer holds an object or a list");
        }
        return list;
    }

    private ObjectNode converted(ApiResult result, As as) {
        VersionedObject object = result.object();
        switch (as.kind()) {
            case As.METADATA -> {
                if (object == null) {
                    throw wrongShape("you requested PartialObjectMetadata, but the requested object is a list");
                }
                return metadata(object, as);
            }
            case As.METADATA_LIST -> {
                if (object != null) {
                    throw wrongShape("you requested PartialObjectMetadataList, but the requested object is not a list");
                }
                return metadataList(listing(result.list()), as);
            }
            default -> {
                return object != null
                        ? table(List.of(object), versionOf(object), as)
                        : table(
                                listing(result.list()).items(),
                                listing(result.list()).metadata(),
                                as);
            }
        }
    }

    private static StatusException wrongShape(String message) {
        return StatusException.of(406, "NotAcceptable", message, null);
    }

    private static ObjectNode metadata(VersionedObject object, As as) {
        ObjectNode tree = Json.object();
        tree.put("kind", As.METADATA);
        tree.put("apiVersion", as.apiVersion());
        tree.set("metadata", object.ordered().path("metadata"));
        return tree;
    }

    private static ObjectNode metadataList(Listing list, As as) {
        ObjectNode tree = Json.object();
        tree.put("kind", As.METADATA_LIST);
        tree.put("apiVersion", as.apiVersion());
        tree.set("metadata", list.metadata());
        ArrayNode items = tree.putArray("items");
        list.items().forEach(item -> items.add(metadata(item, as)));
        return tree;
    }

    private ObjectNode table(List<VersionedObject> objects, JsonNode metadata, As as) {
        return printer()
                .table(
                        objects.stream().map(VersionedObject::ordered).toList(),
                        metadata,
                        includeObject(),
                        clock.instant(),
                        as.apiVersion());
    }

    /** The row of one event. The columns are told with the first. */
    private ObjectNode row(VersionedObject object, As as) {
        if (!columnsShown) {
            columnsShown = true;
            return table(List.of(object), versionOf(object), as);
        }
        return printer()
                .laterRow(object.ordered(), versionOf(object), includeObject(), clock.instant(), as.apiVersion());
    }

    private TablePrinter printer() {
        if (printer == null) {
            printer = builtIn ? TablePrinter.of(resource) : TablePrinter.custom(printerColumns.get());
        }
        return printer;
    }

    private IncludeObject includeObject() {
        return IncludeObject.parse(includeObject)
                .orElseThrow(() ->
                        StatusException.badRequest("unrecognized includeObject value: \"" + includeObject + "\""));
    }

    private static ObjectNode versionOf(VersionedObject object) {
        ObjectNode metadata = Json.object();
        JsonNode version = object.tree().path("metadata").get("resourceVersion");
        if (version != null) {
            metadata.set("resourceVersion", version);
        }
        return metadata;
    }

    /** The event of a watch. */
    byte[] event(EventType type, VersionedObject object) {
        As as = accept.as();
        Accept.Format format = accept.format();
        if (as == null) {
            byte[] content =
                    format == Accept.Format.JSON ? object.bytes() : Answers.write(object.tree(), format, false);
            return Answers.event(type.name(), content, format);
        }
        ObjectNode tree;
        if (as.kind().equals(As.TABLE)) {
            tree = row(object, as);
        } else {
            tree = metadata(object, new As(as.group(), as.version(), As.METADATA));
        }
        return Answers.event(type.name(), compact(tree), format);
    }

    /** The event that reports a failure. */
    byte[] error(ObjectNode status) {
        return Answers.event("ERROR", compact(status), accept.format());
    }

    private byte[] compact(ObjectNode tree) {
        return accept.format() == Accept.Format.JSON ? Json.write(tree) : Answers.write(tree, accept.format(), false);
    }
}
