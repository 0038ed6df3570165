package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * How a write came about, for plugins that tell others of it.
 *
 * @param asked the resource in the version that was asked for
 * @param options such as {@code CreateOptions}, as the caller gave them; of a connection, null
 * @param forms the versions of the objects
 * @param annotations takes a key and a value for the audit log
 * @param rounds which plugins are to be called again
 */
public record Origin(
        ResourceInfo asked,
        Supplier<JsonNode> options,
        Forms forms,
        BiConsumer<String, String> annotations,
        Rounds rounds) {

    /** A write of a resource that is asked for in the version in which the server works. */
    static Origin plain(String group, String version, String kind, String resource, boolean namespaced) {
        ResourceInfo asked = new ResourceInfo(
                group,
                version,
                kind,
                resource,
                "",
                namespaced,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty());
        return new Origin(asked, Json::object, Forms.SAME, (key, value) -> {}, new Rounds());
    }
}
