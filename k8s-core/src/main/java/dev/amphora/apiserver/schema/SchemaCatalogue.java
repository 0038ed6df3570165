package dev.amphora.apiserver.schema;

import com.google.common.base.Splitter;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Multimaps;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Every kind that is served: its names, verbs and subresources, and the schema of its objects. Immutable and thread-safe; a
 * catalogue with custom resources is a new one that shares the built-in part.
 */
public final class SchemaCatalogue {
    /** Kinds of requests that clients may send under the version of any group. */
    private static final ImmutableSet<String> META_KINDS = ImmutableSet.of(
            "DeleteOptions",
            "CreateOptions",
            "UpdateOptions",
            "PatchOptions",
            "GetOptions",
            "ListOptions",
            "WatchEvent");

    private final ImmutableList<GroupInfo> groups;
    private final ImmutableMap<ResourceKey, ResourceInfo> resources;
    private final ImmutableMap<ResourceKey, ResourceInfo> resourcesByKind;
    private final ImmutableMap<ResourceKey, TypeSchema> customTypes;
    private final BuiltInDefinitions builtIn;
    private final Supplier<ImmutableListMultimap<GroupVersion, ResourceInfo>> byVersion;

    private SchemaCatalogue(
            BuiltInDefinitions builtIn,
            List<GroupInfo> groups,
            Map<ResourceKey, ResourceInfo> resources,
            Map<ResourceKey, TypeSchema> customTypes) {
        this.builtIn = builtIn;
        this.groups = ImmutableList.copyOf(groups);
        this.resources = ImmutableMap.copyOf(resources);
        this.customTypes = ImmutableMap.copyOf(customTypes);
        Map<ResourceKey, ResourceInfo> byKind = new LinkedHashMap<>();
        for (ResourceInfo resource : resources.values()) {
            byKind.putIfAbsent(new ResourceKey(resource.group(), resource.version(), resource.kind()), resource);
        }
        resourcesByKind = ImmutableMap.copyOf(byKind);
        byVersion = Suppliers.memoize(
                () -> Multimaps.index(this.resources.values(), each -> new GroupVersion(each.group(), each.version())));
    }

    private record GroupVersion(String group, String version) {}

    /** The built-in kinds. The same instance each time. */
    public static SchemaCatalogue builtIn() {
        return Holder.BUILT_IN;
    }

    /** The groups in discovery order, the core group first. */
    public List<GroupInfo> groups() {
        return groups;
    }

    /** Every resource, in discovery order. */
    public List<ResourceInfo> resources() {
        return resources.values().asList();
    }

    /** The resources of one version of a group, in discovery order; empty if it isn't served. */
    public List<ResourceInfo> resources(String group, String version) {
        return byVersion.get().get(new GroupVersion(group, version));
    }

    /** The resource under a path. */
    public Optional<ResourceInfo> resource(String group, String version, String plural) {
        return Optional.ofNullable(resources.get(new ResourceKey(group, version, plural)));
    }

    /** The resource whose objects have a kind. */
    public Optional<ResourceInfo> resourceOfKind(String group, String version, String kind) {
        return Optional.ofNullable(resourcesByKind.get(new ResourceKey(group, version, kind)));
    }

    /** The resources of a kind in every version of its group, the preferred version first. */
    public List<ResourceInfo> resourcesOfKind(String group, String kind) {
        return resources.values().stream()
                .filter(r -> r.group().equals(group) && r.kind().equals(kind))
                .collect(ImmutableList.toImmutableList());
    }

    /** The schema of a kind: one that is a resource, a list, a subresource or a request's options. */
    public Optional<TypeSchema> findType(String group, String version, String kind) {
        TypeSchema custom = customTypes.get(new ResourceKey(group, version, kind));
        if (custom != null) {
            return Optional.of(custom);
        }
        Optional<String> name = builtIn.nameOf(group, version, kind);
        if (name.isEmpty() && META_KINDS.contains(kind)) {
            name = builtIn.nameOf("", "v1", kind);
        }
        return name.map(builtIn::definition);
    }

    /** The schema of a kind; an {@link IllegalArgumentException} if it isn't known. */
    public TypeSchema type(String group, String version, String kind) {
        return findType(group, version, kind)
                .orElseThrow(() -> new IllegalArgumentException(
                        "no kind " + kind + " in " + ResourceInfo.apiVersion(group, version)));
    }

    /** The schema of a resource's objects. */
    public TypeSchema type(ResourceInfo resource) {
        return type(resource.group(), resource.version(), resource.kind());
    }

    /** A built-in definition by its name, such as {@code io.k8s.api.core.v1.PodSpec}. */
    public Optional<TypeSchema> definition(String name) {
        return builtIn.contains(name) ? Optional.of(builtIn.definition(name)) : Optional.empty();
    }

    /** A reader for schemas that may refer to built-in definitions. */
    public SchemaReader reader() {
        return new SchemaReader(builtIn::definition);
    }

    /**
     * This catalogue and one more resource. Groups that are not built in come after those that are,
     * by name; versions by preference. A resource with the same path is replaced.
     *
     * @param resource the names under which it is served
     * @param type the schema of its objects
     */
    public SchemaCatalogue with(ResourceInfo resource, TypeSchema type) {
        Map<ResourceKey, TypeSchema> newTypes = new LinkedHashMap<>(customTypes);
        newTypes.put(new ResourceKey(resource.group(), resource.version(), resource.kind()), type);
        Map<ResourceKey, ResourceInfo> newResources = new LinkedHashMap<>(resources);
        newResources.put(new ResourceKey(resource.group(), resource.version(), resource.plural()), resource);
        return new SchemaCatalogue(builtIn, groupsOf(newResources), newResources, newTypes);
    }

    /** A resource and the schema of its objects. */
    public record Entry(ResourceInfo resource, TypeSchema type) {}

    /** This catalogue and more resources, as {@link #with(ResourceInfo, TypeSchema)} adds one. */
    public SchemaCatalogue with(List<Entry> entries) {
        if (entries.isEmpty()) {
            return this;
        }
        Map<ResourceKey, TypeSchema> newTypes = new LinkedHashMap<>(customTypes);
        Map<ResourceKey, ResourceInfo> newResources = new LinkedHashMap<>(resources);
        for (Entry entry : entries) {
            ResourceInfo resource = entry.resource();
            newTypes.put(new ResourceKey(resource.group(), resource.version(), resource.kind()), entry.type());
            newResources.put(new ResourceKey(resource.group(), resource.version(), resource.plural()), resource);
        }
        return new SchemaCatalogue(builtIn, groupsOf(newResources), newResources, newTypes);
    }

    /** This catalogue without one resource; groups and versions left empty go too. */
    public SchemaCatalogue without(String group, String version, String plural) {
        Map<ResourceKey, ResourceInfo> newResources = new LinkedHashMap<>(resources);
        ResourceInfo gone = newResources.remove(new ResourceKey(group, version, plural));
        if (gone == null) {
            return this;
        }
        Map<ResourceKey, TypeSchema> newTypes = new LinkedHashMap<>(customTypes);
        newTypes.remove(new ResourceKey(group, version, gone.kind()));
        return new SchemaCatalogue(builtIn, groupsOf(newResources), newResources, newTypes);
    }

    /**
     * This catalogue without a version of a group; nothing changes if it isn't served.
     *
     * @param groupVersion such as {@code apps/v1}; {@code v1} of the core group
     */
    public SchemaCatalogue withoutVersion(String groupVersion) {
        SchemaCatalogue result = this;
        for (ResourceInfo resource : resources()) {
            if (resource.apiVersion().equals(groupVersion)) {
                result = result.without(resource.group(), resource.version(), resource.plural());
            }
        }
        return result;
    }

    BuiltInDefinitions definitions() {
        return builtIn;
    }

    /** The schema of a custom kind; null for built-in ones. */
    @Nullable TypeSchema customType(ResourceInfo resource) {
        return customTypes.get(new ResourceKey(resource.group(), resource.version(), resource.kind()));
    }

    /** The groups that have resources: built-in ones in their order, then the others by name. */
    private static List<GroupInfo> groupsOf(Map<ResourceKey, ResourceInfo> resources) {
        Map<String, Set<String>> present = new TreeMap<>();
        for (ResourceInfo r : resources.values()) {
            present.computeIfAbsent(r.group(), g -> new TreeSet<>(VersionOrder.PREFERRED_FIRST))
                    .add(r.version());
        }
        List<GroupInfo> result = new ArrayList<>();
        for (GroupInfo group : builtIn().groups()) {
            Set<String> versions = present.remove(group.name());
            if (versions != null) {
                result.add(new GroupInfo(group.name(), ImmutableList.copyOf(versions)));
            }
        }
        present.forEach((group, versions) -> result.add(new GroupInfo(group, ImmutableList.copyOf(versions))));
        return result;
    }

    private static SchemaCatalogue read(BuiltInDefinitions definitions) {
        Map<String, List<String>> versions = new LinkedHashMap<>();
        Map<ResourceKey, ResourceInfo> resources = new LinkedHashMap<>();
        for (String text : Splitter.on(';').split(definitions.resources())) {
            ResourceInfo resource = ResourceText.parse(text);
            resources.put(new ResourceKey(resource.group(), resource.version(), resource.plural()), resource);
            List<String> known = versions.computeIfAbsent(resource.group(), g -> new ArrayList<>());
            if (!known.contains(resource.version())) {
                known.add(resource.version());
            }
        }
        List<GroupInfo> groups = new ArrayList<>();
        versions.forEach((group, all) -> groups.add(new GroupInfo(group, all)));
        return new SchemaCatalogue(definitions, groups, resources, Map.of());
    }

    private record ResourceKey(String group, String version, String name) {}

    private static final class Holder {
        static final SchemaCatalogue BUILT_IN = read(BuiltInDefinitions.instance());
    }
}
