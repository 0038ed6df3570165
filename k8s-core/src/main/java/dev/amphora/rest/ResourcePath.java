package dev.amphora.rest;

import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A path below {@code /api} or {@code /apis}, taken apart.
 *
 * @param group empty for core
 * @param version empty if the path ends before it
 * @param namespace empty for cluster-scoped resources and for all namespaces
 * @param inNamespace whether the path names a namespace, be it an empty one
 * @param resource empty if the path ends before it
 * @param name empty for collections
 * @param subresource empty for the object itself
 * @param rest what follows the subresource, with its slash; empty if nothing does
 * @param watch whether it is one of the old watch paths
 */
record ResourcePath(
        String group,
        String version,
        String namespace,
        boolean inNamespace,
        String resource,
        String name,
        String subresource,
        String rest,
        boolean watch) {
    /** Stands for what no resource can be called, in a path with an empty part. */
    private static final String NO_RESOURCE = "/";

    private static final Set<String> NAMESPACE_SUBRESOURCES = ImmutableSet.of("status", "finalize");

    /**
     * Takes a path apart.
     *
     * @param path without escapes
     * @return null if the path lies elsewhere
     */
    static @Nullable ResourcePath parse(String path) {
        String[] parts = path.substring(1).split("/", -1);
        if (parts[0].equals("api")) {
            return parse(parts, "", 1);
        }
        if (parts[0].equals("apis")) {
            return parts.length > 1 && !parts[1].isEmpty() ? parse(parts, parts[1], 2) : at("", "");
        }
        return null;
    }

    private static ResourcePath at(String group, String version) {
        return new ResourcePath(group, version, "", false, "", "", "", "", false);
    }

    private static ResourcePath parse(String[] all, String group, int from) {
        List<String> parts = new ArrayList<>();
        for (int i = from; i < all.length; i++) {
            if (!(all[i].isEmpty() && i == all.length - 1)) {
                parts.add(all[i]);
            }
        }
        if (parts.size() < 2) {
            return at(group, parts.isEmpty() ? "" : parts.get(0));
        }
        String version = parts.get(0);
        int next = 1;
        boolean watch = parts.get(next).equals("watch");
        if (watch) {
            next++;
        }
        boolean inNamespace = false;
        String namespace = "";
        if (parts.size() > next + 2
                && parts.get(next).equals("namespaces")
                && !(parts.size() == next + 3 && NAMESPACE_SUBRESOURCES.contains(parts.get(next + 2)))) {
            inNamespace = true;
            namespace = parts.get(next + 1);
            next += 2;
        }
        if (parts.subList(next, parts.size()).contains("")) {
            return new ResourcePath(group, version, namespace, inNamespace, NO_RESOURCE, "", "", "", watch);
        }
        return new ResourcePath(
                group,
                version,
                namespace,
                inNamespace,
                part(parts, next),
                part(parts, next + 1),
                part(parts, next + 2),
                parts.size() > next + 3 ? "/" + String.join("/", parts.subList(next + 3, parts.size())) : "",
                watch);
    }

    private static String part(List<String> parts, int index) {
        return index < parts.size() ? parts.get(index) : "";
    }
}
