package dev.amphora.apiserver.schema;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.ResourceInfo.Subresource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The discovery documents of a catalogue, aggregated and legacy. Pure: the same catalogue gives the same documents. */
public final class DiscoveryDocuments {
    /** The parameters of a media type that asks for aggregated discovery, and that its answer carries. */
    public static final String AGGREGATED_PARAMETERS = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    private final SchemaCatalogue catalogue;
    private final List<GroupInfo> elsewhere;

    /** The documents of a catalogue. */
    public DiscoveryDocuments(SchemaCatalogue catalogue) {
        this(catalogue, List.of());
    }

    /**
     * The documents of a catalogue.
     *
     * @param elsewhere groups that are named after those of the catalogue, but whose resources aren't known
     */
    public DiscoveryDocuments(SchemaCatalogue catalogue, List<GroupInfo> elsewhere) {
        this.catalogue = catalogue;
        this.elsewhere = List.copyOf(elsewhere);
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
        catalogue.groups().stream().filter(group -> group.name().isEmpty()).forEach(group -> group.versions()
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
        ArrayNode groups = document.putArray("groups");
        for (GroupInfo group : catalogue.groups()) {
            if (!group.name().isEmpty()) {
                groups.add(describe(group, object()));
            }
        }
        elsewhere.forEach(group -> groups.add(describe(group, object())));
        return document;
    }

    /** Legacy discovery of one group; empty if it isn't served. */
    public Optional<ObjectNode> group(String name) {
        return Stream.concat(catalogue.groups().stream(), elsewhere.stream())
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
        for (GroupInfo group : catalogue.groups()) {
            if (group.name().isEmpty() == core) {
                items.add(aggregated(group));
            }
        }
        if (!core) {
            elsewhere.forEach(group -> items.add(stale(group)));
        }
        return document;
    }

    private static ObjectNode stale(GroupInfo group) {
        ObjectNode item = object();
        item.putObject("metadata").put("name", group.name());
        ArrayNode versions = item.putArray("versions");
        group.versions()
                .forEach(version -> versions.addObject().put("version", version).put("freshness", "Stale"));
        return item;
    }

    private ObjectNode aggregated(GroupInfo group) {
        ObjectNode item = object();
        ObjectNode metadata = item.putObject("metadata");
        if (!group.name().isEmpty()) {
            metadata.put("name", group.name());
        }
        ArrayNode versions = item.putArray("versions");
        for (String version : group.versions()) {
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
