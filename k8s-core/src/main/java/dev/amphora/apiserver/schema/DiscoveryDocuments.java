package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.apiserver.schema.ResourceInfo.Subresource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** The discovery documents of a catalogue, aggregated and legacy. Pure: the same catalogue gives the same documents. */
public final class DiscoveryDocuments {
    /** The parameters of a media type that asks for aggregated discovery, and that its answer carries. */
    public static final String AGGREGATED_PARAMETERS = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    /** How important the versions of custom resources are; those of built-in ones matter less. */
    private static final int LOCAL_VERSION = 100;

    private final SchemaCatalogue catalogue;
    private final List<GroupInfo> groups;
    private final Map<String, RemoteVersion> remote;

    /** The documents of a catalogue. */
    public DiscoveryDocuments(SchemaCatalogue catalogue) {
        this(catalogue, List.of(), group -> 0);
    }

    /**
     * The documents of a catalogue and of other servers.
     *
     * @param elsewhere what others serve, the most important first; it takes the place of what the catalogue holds
     * @param priorities how important a group of the catalogue is
     */
    public DiscoveryDocuments(
            SchemaCatalogue catalogue, List<RemoteVersion> elsewhere, ToIntFunction<String> priorities) {
        this.catalogue = catalogue;
        this.remote = elsewhere.stream()
                .collect(ImmutableMap.toImmutableMap(
                        each -> ResourceInfo.apiVersion(each.group(), each.version()), each -> each, (a, b) -> a));
        this.groups = elsewhere.isEmpty() ? catalogue.groups() : merged(catalogue, elsewhere, priorities);
    }

    private static List<GroupInfo> merged(
            SchemaCatalogue catalogue, List<RemoteVersion> elsewhere, ToIntFunction<String> priorities) {
        List<GroupInfo> all = new ArrayList<>(catalogue.groups());
        Map<String, Integer> foreign = new HashMap<>();
        for (RemoteVersion each : elsewhere) {
            int known = -1;
            int place = 0;
            for (int i = 0; i < all.size(); i++) {
                String name = all.get(i).name();
                known = name.equals(each.group()) ? i : known;
                int priority = foreign.containsKey(name) ? foreign.get(name) : priorities.applyAsInt(name);
                place = priority >= each.groupPriority() ? i + 1 : place;
            }
            if (known < 0) {
                foreign.put(each.group(), each.groupPriority());
                all.add(place, new GroupInfo(each.group(), List.of(each.version())));
                continue;
            }
            GroupInfo group = all.get(known);
            if (!group.versions().contains(each.version())) {
                List<String> versions = new ArrayList<>(group.versions());
                boolean first = !foreign.containsKey(group.name()) && each.versionPriority() > LOCAL_VERSION;
                versions.add(first ? 0 : versions.size(), each.version());
                all.set(known, new GroupInfo(group.name(), versions));
            }
        }
        return all;
    }

    /** Aggregated discovery at {@code /api}: the core group. */
    public ObjectNode aggregatedCore() {
        return aggregated(true);
    }

    /** Aggregated discovery at {@code /apis}: every other group. */
    public ObjectNode aggregatedGroups() {
        return aggregated(false);
    }

    /**
     * Legacy discovery at {@code /api}.
     *
     * @param serverAddress host and port under which clients reach the server
     */
    public ObjectNode coreVersions(String serverAddress) {
        ObjectNode document = object().put("kind", "APIVersions");
        ArrayNode versions = document.putArray("versions");
        groups.stream().filter(group -> group.name().isEmpty()).forEach(group -> group.versions()
                .forEach(versions::add));
        document.putArray("serverAddressByClientCIDRs")
                .addObject()
                .put("clientCIDR", "0.0.0.0/0")
                .put("serverAddress", serverAddress);
        return document;
    }

    /** Legacy discovery at {@code /apis}. */
    public ObjectNode groupList() {
        ObjectNode document = object().put("kind", "APIGroupList").put("apiVersion", "v1");
        ArrayNode list = document.putArray("groups");
        for (GroupInfo group : groups) {
            if (!group.name().isEmpty()) {
                list.add(describe(group, object()));
            }
        }
        return document;
    }

    /** Legacy discovery of one group; empty if it isn't served. */
    public Optional<ObjectNode> group(String name) {
        return groups.stream()
                .filter(group -> group.name().equals(name) && !name.isEmpty())
                .findFirst()
                .map(group -> describe(group, object().put("kind", "APIGroup").put("apiVersion", "v1")));
    }

    /** Legacy discovery of one version of a group; empty if it isn't served. */
    public Optional<ObjectNode> resourceList(String group, String version) {
        List<ResourceInfo> resources = catalogue.resources(group, version);
        if (resources.isEmpty()) {
            return Optional.empty();
        }
        ObjectNode document = object().put("kind", "APIResourceList");
        if (!group.isEmpty()) {
            document.put("apiVersion", "v1");
        }
        document.put("groupVersion", ResourceInfo.apiVersion(group, version));
        ArrayNode list = document.putArray("resources");
        for (ResourceInfo resource : resources) {
            list.add(legacy(resource));
            for (Subresource subresource : resource.subresources()) {
                list.add(legacy(resource, subresource));
            }
        }
        return Optional.of(document);
    }

    private static ObjectNode describe(GroupInfo group, ObjectNode into) {
        into.put("name", group.name());
        ArrayNode versions = into.putArray("versions");
        group.versions().forEach(version -> versions.add(groupVersion(group, version)));
        into.set("preferredVersion", groupVersion(group, group.versions().get(0)));
        return into;
    }

    private static ObjectNode groupVersion(GroupInfo group, String version) {
        return object().put("groupVersion", ResourceInfo.apiVersion(group.name(), version))
                .put("version", version);
    }

    private static ObjectNode legacy(ResourceInfo resource) {
        ObjectNode node = object().put("name", resource.plural())
                .put("singularName", resource.singular())
                .put("namespaced", resource.namespaced())
                .put("kind", resource.kind());
        strings(node, "verbs", resource.verbs());
        if (!resource.shortNames().isEmpty()) {
            strings(node, "shortNames", resource.shortNames());
        }
        if (!resource.categories().isEmpty()) {
            strings(node, "categories", resource.categories());
        }
        resource.storageVersionHash().ifPresent(hash -> node.put("storageVersionHash", hash));
        return node;
    }

    private static ObjectNode legacy(ResourceInfo resource, Subresource subresource) {
        ObjectNode node = object().put("name", resource.plural() + "/" + subresource.name())
                .put("singularName", "")
                .put("namespaced", resource.namespaced());
        if (isForeign(resource, subresource)) {
            node.put("group", subresource.group()).put("version", subresource.version());
        }
        node.put("kind", subresource.kind());
        strings(node, "verbs", subresource.verbs());
        return node;
    }

    private ObjectNode aggregated(boolean core) {
        ObjectNode document = object().put("kind", "APIGroupDiscoveryList").put("apiVersion", "apidiscovery.k8s.io/v2");
        document.putObject("metadata");
        ArrayNode items = document.putArray("items");
        for (GroupInfo group : groups) {
            if (group.name().isEmpty() == core) {
                items.add(aggregated(group));
            }
        }
        return document;
    }

    private ObjectNode aggregated(GroupInfo group) {
        ObjectNode item = object();
        ObjectNode metadata = item.putObject("metadata");
        if (!group.name().isEmpty()) {
            metadata.put("name", group.name());
        }
        ArrayNode versions = item.putArray("versions");
        for (String version : group.versions()) {
            RemoteVersion elsewhere = remote.get(ResourceInfo.apiVersion(group.name(), version));
            if (elsewhere != null) {
                versions.add(RemoteDiscovery.version(elsewhere));
                continue;
            }
            ObjectNode node = versions.addObject().put("version", version);
            ArrayNode resources = node.putArray("resources");
            catalogue.resources(group.name(), version).forEach(resource -> resources.add(aggregated(resource)));
            node.put("freshness", "Current");
        }
        return item;
    }

    private ObjectNode aggregated(ResourceInfo resource) {
        boolean custom = catalogue.customType(resource) != null;
        ObjectNode node = object().put("resource", resource.plural());
        kind(node, custom ? resource.group() : "", custom ? resource.version() : "", resource.kind());
        node.put("scope", resource.namespaced() ? "Namespaced" : "Cluster")
                .put("singularResource", resource.singular());
        strings(node, "verbs", resource.verbs());
        if (!resource.shortNames().isEmpty()) {
            strings(node, "shortNames", resource.shortNames());
        }
        if (!resource.categories().isEmpty()) {
            strings(node, "categories", resource.categories());
        }
        if (!resource.subresources().isEmpty()) {
            ArrayNode subresources = node.putArray("subresources");
            for (Subresource subresource : resource.subresources()) {
                ObjectNode item = subresources.addObject().put("subresource", subresource.name());
                boolean foreign = custom || isForeign(resource, subresource);
                kind(
                        item,
                        foreign ? subresource.group() : "",
                        foreign ? subresource.version() : "",
                        subresource.kind());
                strings(item, "verbs", subresource.verbs());
            }
        }
        return node;
    }

    private static void kind(ObjectNode node, String group, String version, String kind) {
        node.putObject("responseKind")
                .put("group", group)
                .put("version", version)
                .put("kind", kind);
    }

    private static boolean isForeign(ResourceInfo resource, Subresource subresource) {
        return !subresource.group().equals(resource.group())
                || !subresource.version().equals(resource.version());
    }

    private static void strings(ObjectNode node, String name, List<String> values) {
        ArrayNode array = node.putArray(name);
        values.forEach(array::add);
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
