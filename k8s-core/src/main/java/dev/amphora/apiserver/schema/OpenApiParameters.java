package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parameters that operations of the OpenAPI v2 document share and refer to by name.
 *
 * <p>The reference names such a parameter by its own name and six bytes of a hash of the whole of it, descriptions included, so
 * that parameters of one name that are described differently stay apart. The hashes are facts of its release and are kept as such.
 */
final class OpenApiParameters {
    /** What operations describe themselves: clients look for the first two in place, and names are described by kind. */
    private static final ImmutableSet<String> IN_PLACE =
            ImmutableSet.of("query:dryRun", "query:fieldValidation", "path:name");

    private static final String DELETE_OPTIONS = OpenApiPaths.META + "DeleteOptions";
    private static final String PATCH = OpenApiPaths.META + "Patch";

    /** By parameter, and by parameter and what it belongs to where that makes a difference. */
    private static final ImmutableMap<String, String> HASHES = hashes(
            "query:allowWatchBookmarks HC2hJt-J",
            "query:command Py3eQybp",
            "query:container/attach _Q-EJ3nR",
            "query:container/exec i5dOmRiM",
            "query:container/log 1GeXxFDC",
            "query:continue QfD61s0i",
            "query:fieldManager Qy4HdaTW",
            "query:fieldManager/patch 7c6nTn1T",
            "query:fieldSelector xIcQKXFG",
            "query:follow 9OIXh_2R",
            "query:force tOGGb0Yi",
            "query:gracePeriodSeconds -K5HaBOS",
            "query:ignoreStoreReadErrorWithClusterBreakingPotential QbNkfIqj",
            "query:insecureSkipTLSVerifyBackend gM00jVbe",
            "query:labelSelector 5Zw57w4C",
            "query:limit 1NfNmdNH",
            "query:limitBytes zwd1RXuc",
            "path:namespace vgWSWtn3",
            "query:orphanDependents uRB25kX5",
            "query:path/nodes rFDtV0x9",
            "query:path/pods oPbzgLUj",
            "query:path/services QCf0eosM",
            "path:path z6Ciiujn",
            "query:ports 91KROJmm",
            "query:pretty tJGM1-ng",
            "query:previous 1jxDPu3y",
            "query:propagationPolicy 6jk3prlO",
            "query:resourceVersion 5WAnf1kx",
            "query:resourceVersionMatch t8XhRHeC",
            "query:sendInitialEvents rLXlEK_k",
            "query:shardSelector Kgyki_3_",
            "query:sinceSeconds vE2NLdnP",
            "query:stderr/attach 26jJhFUR",
            "query:stderr/exec W_1TNlWc",
            "query:stdin/attach sEFnN3IS",
            "query:stdin/exec PSzNhyUC",
            "query:stdout/attach 005YMKE6",
            "query:stdout/exec -EZLRwV1",
            "query:stream l-48cgXv",
            "query:tailLines 9xQLWHMV",
            "query:timeoutSeconds yvYezaOC",
            "query:timestamps c17fW1w_",
            "query:tty/attach g7MlET_l",
            "query:tty/exec s0flW37O",
            "query:watch XNNPZGbK",
            "body:" + DELETE_OPTIONS + " 2Y1dVQaQ",
            "body:" + PATCH + " 78PwaGsr");

    private OpenApiParameters() {}

    private static ImmutableMap<String, String> hashes(String... lines) {
        ImmutableMap.Builder<String, String> all = ImmutableMap.builder();
        for (String line : lines) {
            int space = line.indexOf(' ');
            all.put(line.substring(0, space), line.substring(space + 1));
        }
        return all.build();
    }

    /**
     * The name under which a parameter is shared; null if it is described where it is used.
     *
     * @param parameter where it stands and its name, such as {@code query:limit}; of a body the definition
     * @param path the path that takes it
     * @param action what the operation does; empty for what all operations of the path take
     */
    static @Nullable String sharedName(String parameter, String path, String action) {
        if (IN_PLACE.contains(parameter)) {
            return null;
        }
        String hash = HASHES.get(parameter + "/" + (action.equals("patch") ? action : owner(path)));
        if (hash == null) {
            hash = HASHES.get(parameter);
        }
        String name = parameter.startsWith("body:") ? "body" : parameter.substring(parameter.indexOf(':') + 1);
        return hash == null ? null : name + "-" + hash;
    }

    /** The subresource that a path names, or the resource if that is a proxy. */
    private static String owner(String path) {
        List<String> parts = Splitter.on('/').splitToList(path);
        int proxy = parts.indexOf("proxy");
        return proxy > 2 ? parts.get(proxy - 2) : parts.get(parts.size() - 1);
    }

    /** A parameter in full. */
    static ObjectNode node(String parameter) {
        if (parameter.startsWith("body:")) {
            return body(parameter.substring("body:".length()));
        }
        String name = parameter.substring(parameter.indexOf(':') + 1);
        ObjectNode node = JsonNodeFactory.instance
                .objectNode()
                .put("uniqueItems", true)
                .put("type", OpenApiV3.parameterType(name))
                .put("name", name)
                .put("in", parameter.substring(0, parameter.indexOf(':')));
        if (parameter.startsWith("path:")) {
            node.put("required", true);
        }
        return node;
    }

    private static ObjectNode body(String definition) {
        ObjectNode node =
                JsonNodeFactory.instance.objectNode().put("name", "body").put("in", "body");
        if (!definition.endsWith(".DeleteOptions")) {
            node.put("required", true);
        }
        node.putObject("schema").put("$ref", "#/definitions/" + definition);
        return node;
    }
}
