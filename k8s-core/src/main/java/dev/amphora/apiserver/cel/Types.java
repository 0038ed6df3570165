package dev.amphora.apiserver.cel;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The types of what expressions see, by the names that messages give them. */
final class Types {
    static final CelType AUTHORIZER = OpaqueType.create("kubernetes.authorization.Authorizer");
    static final CelType PATH_CHECK = OpaqueType.create("kubernetes.authorization.PathCheck");
    static final CelType GROUP_CHECK = OpaqueType.create("kubernetes.authorization.GroupCheck");
    static final CelType RESOURCE_CHECK = OpaqueType.create("kubernetes.authorization.ResourceCheck");
    static final CelType DECISION = OpaqueType.create("kubernetes.authorization.Decision");
    static final CelType URL = OpaqueType.create("kubernetes.URL");
    static final CelType QUANTITY = OpaqueType.create("kubernetes.Quantity");
    static final CelType SEMVER = OpaqueType.create("kubernetes.Semver");
    static final CelType FORMAT = OpaqueType.create("kubernetes.NamedFormat");
    static final CelType IP = OpaqueType.create("net.IP");
    static final CelType CIDR = OpaqueType.create("net.CIDR");

    private static final CelType STRINGS = ListType.create(SimpleType.STRING);
    private static final CelType LABELS = MapType.create(SimpleType.STRING, SimpleType.STRING);

    private static final StructType KIND = text("kubernetes.GroupVersionKind", "group", "version", "kind");
    private static final StructType RESOURCE = text("kubernetes.GroupVersionResource", "group", "version", "resource");
    private static final StructType USER = struct(
            "kubernetes.UserInfo",
            ImmutableMap.of(
                    "username",
                    SimpleType.STRING,
                    "uid",
                    SimpleType.STRING,
                    "groups",
                    STRINGS,
                    "extra",
                    MapType.create(SimpleType.STRING, STRINGS)));

    /** What is asked of the server. */
    static final StructType REQUEST = struct(
            "kubernetes.AdmissionRequest",
            ImmutableMap.<String, CelType>builder()
                    .put("kind", KIND)
                    .put("resource", RESOURCE)
                    .put("subResource", SimpleType.STRING)
                    .put("requestKind", KIND)
                    .put("requestResource", RESOURCE)
                    .put("requestSubResource", SimpleType.STRING)
                    .put("name", SimpleType.STRING)
                    .put("namespace", SimpleType.STRING)
                    .put("operation", SimpleType.STRING)
                    .put("userInfo", USER)
                    .put("dryRun", SimpleType.BOOL)
                    .put("options", SimpleType.DYN)
                    .buildOrThrow());

    private static final StructType NAMESPACE_METADATA = struct(
            "kubernetes.NamespaceMetadata",
            ImmutableMap.<String, CelType>builder()
                    .put("name", SimpleType.STRING)
                    .put("generateName", SimpleType.STRING)
                    .put("namespace", SimpleType.STRING)
                    .put("labels", LABELS)
                    .put("annotations", LABELS)
                    .put("UID", SimpleType.STRING)
                    .put("creationTimestamp", SimpleType.TIMESTAMP)
                    .put("deletionGracePeriodSeconds", SimpleType.INT)
                    .put("deletionTimestamp", SimpleType.TIMESTAMP)
                    .put("generation", SimpleType.INT)
                    .put("resourceVersion", SimpleType.STRING)
                    .put("finalizers", STRINGS)
                    .buildOrThrow());

    /** A device that a claim might get. */
    static final StructType DEVICE = struct(
            "kubernetes.DRADevice",
            ImmutableMap.of(
                    "driver",
                    SimpleType.STRING,
                    "attributes",
                    MapType.create(SimpleType.STRING, MapType.create(SimpleType.STRING, SimpleType.DYN)),
                    "capacity",
                    MapType.create(SimpleType.STRING, MapType.create(SimpleType.STRING, QUANTITY)),
                    "allowMultipleAllocations",
                    SimpleType.BOOL));

    /** One operation of a JSON patch. */
    static final StructType JSON_PATCH = struct(
            "JSONPatch",
            ImmutableMap.of(
                    "op", SimpleType.STRING,
                    "path", SimpleType.STRING,
                    "from", SimpleType.STRING,
                    "value", SimpleType.DYN));

    private static final StructType NAMESPACE_SPEC =
            struct("kubernetes.NamespaceSpec", ImmutableMap.of("finalizers", STRINGS));
    private static final StructType NAMESPACE_STATUS = text("kubernetes.NamespaceStatus", "phase");

    /** The namespace that a request is about. */
    static final StructType NAMESPACE = struct(
            "kubernetes.Namespace",
            ImmutableMap.of("metadata", NAMESPACE_METADATA, "spec", NAMESPACE_SPEC, "status", NAMESPACE_STATUS));

    /** All structures that have a name. */
    static final ImmutableList<StructType> ALL = ImmutableList.of(
            KIND,
            RESOURCE,
            USER,
            REQUEST,
            NAMESPACE_METADATA,
            NAMESPACE_SPEC,
            NAMESPACE_STATUS,
            NAMESPACE,
            DEVICE,
            JSON_PATCH);

    /** The name of the type of objects that a policy applies; those of their parts follow after dots. */
    static final String OBJECT = "Object";

    private Types() {}

    /** Whether a type is that of something that a mutation makes. */
    static boolean isMade(String name) {
        return name.equals(OBJECT) || name.startsWith(OBJECT + ".") || name.equals(JSON_PATCH.name());
    }

    static StructType struct(String name, Map<String, CelType> fields) {
        ImmutableMap<String, CelType> all = ImmutableMap.copyOf(fields);
        return StructType.create(name, all.keySet(), field -> Optional.ofNullable(all.get(field)));
    }

    private static StructType text(String name, String... fields) {
        ImmutableMap.Builder<String, CelType> all = ImmutableMap.builder();
        for (String field : fields) {
            all.put(field, SimpleType.STRING);
        }
        return struct(name, all.buildOrThrow());
    }

    /** A provider of these types, and of objects with any fields. */
    static CelTypeProvider provider(Iterable<StructType> types, ImmutableSet<String> objectFields) {
        ImmutableMap.Builder<String, CelType> all = ImmutableMap.builder();
        types.forEach(type -> all.put(type.name(), type));
        ImmutableMap<String, CelType> known = all.buildOrThrow();
        return new CelTypeProvider() {
            @Override
            public ImmutableCollection<CelType> types() {
                return ImmutableList.copyOf(known.values());
            }

            @Override
            public Optional<CelType> findType(String name) {
                if (!objectFields.isEmpty() && (name.equals(OBJECT) || name.startsWith(OBJECT + "."))) {
                    return Optional.of(StructType.create(name, objectFields, field -> Optional.of(SimpleType.DYN)));
                }
                return Optional.ofNullable(known.get(name));
            }
        };
    }

    /** A type as messages name it. */
    static String shown(CelType type) {
        if (type instanceof ListType list) {
            return "list(" + shown(list.elemType()) + ")";
        }
        if (type instanceof MapType map) {
            return "map(%s, %s)".formatted(shown(map.keyType()), shown(map.valueType()));
        }
        return switch (type.kind()) {
            case NULL_TYPE -> "null_type";
            case TIMESTAMP -> "timestamp";
            case DURATION -> "duration";
            case STRUCT, OPAQUE ->
                type.parameters().isEmpty()
                        ? type.name()
                        : type.name()
                                + type.parameters().stream()
                                        .map(Types::shown)
                                        .collect(Collectors.joining(", ", "(", ")"));
            default -> type.name();
        };
    }
}
