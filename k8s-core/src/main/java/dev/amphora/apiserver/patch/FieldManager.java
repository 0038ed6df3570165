package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.patch.FieldOwners.Owned;
import dev.amphora.apiserver.patch.FieldOwners.Owner;
import dev.amphora.apiserver.patch.TypedTree.Comparison;
import dev.amphora.apiserver.schema.TypeSchema;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.StatusCauseBuilder;
import io.fabric8.kubernetes.api.model.StatusDetailsBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps {@code metadata.managedFields} for writes to one resource, and applies what a manager wants. Objects are given in the version of
 * the request and in complete form, and carry the entries in their metadata.
 *
 * @param type the type of the objects
 * @param apiVersion the version of the request
 * @param subresource through which it writes, empty for the object itself
 * @param manager who writes
 * @param time now, as objects carry it
 * @param ignored paths that a write through this subresource cannot change
 */
public record FieldManager(
        TypeSchema type, String apiVersion, String subresource, String manager, String time, FieldPaths ignored) {
    private static final String CLIENT = "kubectl";
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
    private static final String FIELDS = "managedFields";
    private static final FieldSet METADATA = metadata();

    private static FieldSet metadata() {
        FieldSet set = new FieldSet();
        set.insert(List.of("f:apiVersion"));
        set.insert(List.of("f:kind"));
        set.insert(List.of("f:metadata"));
        for (String name : List.of(
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion")) {
            set.insert(List.of("f:metadata", "f:" + name));
        }
        return set;
    }

    /** Paths of fields, such as {@code spec} or {@code metadata.labels}. */
    public record FieldPaths(List<String> paths) {
        /** No paths. */
        public static final FieldPaths NONE = new FieldPaths(List.of());

        /** Paths that cannot change. */
        public FieldPaths {
            paths = List.copyOf(paths);
        }

        private FieldSet set() {
            FieldSet set = new FieldSet();
            for (String path : paths) {
                List<String> steps = new ArrayList<>();
                for (String name : path.split("\\.", -1)) {
                    steps.add(FieldSet.field(name));
                }
                set.insert(steps);
            }
            return set;
        }
    }

    private Owner updater() {
        return new Owner(manager, false, apiVersion, subresource);
    }

    /**
     * Notes what an update changes.
     *
     * @param live the object as it is; one without a uid for a create
     * @param now the object as it is to be; its entries are the caller's, and become the right ones
     */
    public void update(ObjectNode live, ObjectNode now) {
        FieldOwners owners = given(live, now);
        setEntries(now, null);
        if (owners.isEmpty() && live.path("metadata").hasNonNull("uid")) {
            return;
        }
        track(owners, live, now, updater());
        owners.cap();
        setEntries(now, owners);
    }

    private void track(FieldOwners owners, ObjectNode live, ObjectNode now, Owner owner) {
        Comparison difference = TypedTree.compare(withoutEntries(live), withoutEntries(now), type);
        FieldSet ignore = ignored.set();
        Comparison seen = difference.without(ignore);
        owners.takeAway(seen.modified().union(seen.added()));
        owners.takeAway(seen.removed());
        FieldSet own =
                difference.modified().union(difference.added()).without(ignore).difference(METADATA);
        if (!own.isEmpty()) {
            Owned before = owners.all().get(owner);
            FieldSet all = before == null ? own : before.fields().union(own);
            owners.all().put(owner, new Owned(all, apiVersion, time));
        }
        owners.dropEmpty();
    }

    /** The entries an update starts from: the caller's if they make sense, else those that are stored. */
    private FieldOwners given(ObjectNode live, ObjectNode now) {
        FieldOwners stored = stored(live);
        if (!subresource.isEmpty()) {
            return stored;
        }
        JsonNode entries = now.path("metadata").get(FIELDS);
        if (entries == null || entries.isNull()) {
            return stored;
        }
        if (entries.isEmpty() || (entries.size() == 1 && isBlank(entries.get(0)))) {
            return new FieldOwners();
        }
        FieldOwners owners = FieldOwners.parse(entries);
        return owners == null || owners.isEmpty() ? stored : owners;
    }

    private static boolean isBlank(JsonNode entry) {
        for (JsonNode value : entry) {
            if (!value.isNull() && !(value.isTextual() && value.asText().isEmpty())) {
                return false;
            }
        }
        return true;
    }

    private static FieldOwners stored(ObjectNode live) {
        FieldOwners owners = FieldOwners.parse(live.path("metadata").get(FIELDS));
        return owners == null ? new FieldOwners() : owners;
    }

    /**
     * Applies what a manager wants.
     *
     * @param live the object as it is, or an empty one without a uid if there is none
     * @param wanted what the manager wants of it
     * @param force whether to take over what others own
     * @return the object as it is to be, with its entries
     * @throws StatusException 409 if others own some of it with other values, 500 if it doesn't fit the type
     */
    public ObjectNode apply(ObjectNode live, ObjectNode wanted, boolean force) {
        List<String> problems = TypeProblems.of(wanted, type);
        if (!problems.isEmpty()) {
            throw StatusException.of(
                    500,
                    "",
                    "failed to create typed patch object (%s): %s".formatted(named(wanted), shown(problems)),
                    null);
        }
        FieldOwners owners = stored(live);
        if (owners.isEmpty() && live.path("metadata").hasNonNull("uid")) {
            ObjectNode nothing = Json.object();
            nothing.set("apiVersion", live.get("apiVersion"));
            nothing.set("kind", live.get("kind"));
            track(owners, nothing, live, new Owner("before-first-apply", false, apiVersion, subresource));
        }
        Owner owner = new Owner(manager, true, "", subresource);
        ObjectNode before = withoutEntries(live);
        Owned last = owners.all().get(owner);
        JsonNode merged = TypedTree.merge(before, wanted, type);
        FieldSet own = TypedTree.fields(wanted, type).without(ignored.set());
        owners.all().put(owner, new Owned(own, apiVersion, last == null ? "" : last.time()));
        if (last != null) {
            merged = prune(merged, owners, last.fields());
        }
        Comparison difference = TypedTree.compare(before, merged, type).without(ignored.set());
        FieldSet changed = difference.modified().union(difference.added());
        Map<String, FieldSet> conflicts = owners.conflicts(changed.difference(clientSide(live)), owner);
        if (!force && !conflicts.isEmpty()) {
            throw conflict(conflicts);
        }
        Owned kept = owners.all().remove(owner);
        owners.takeAway(changed);
        owners.takeAway(difference.removed());
        FieldSet stripped = own.difference(METADATA);
        boolean same = Json.same(before, merged);
        if (kept != null) {
            owners.all().put(owner, new Owned(stripped, apiVersion, same ? kept.time() : time));
        }
        owners.dropEmpty();
        ObjectNode result = same ? before.deepCopy() : (ObjectNode) merged.deepCopy();
        setEntries(result, owners);
        keepLastApplied(live, wanted, result);
        return result;
    }

    /** What a client applied by itself before, which it may take over. */
    private FieldSet clientSide(ObjectNode live) {
        String text = lastApplied(live);
        if (!manager.equals(CLIENT) || text.isEmpty()) {
            return FieldSet.EMPTY;
        }
        try {
            JsonNode last = Json.read(text.getBytes(StandardCharsets.UTF_8));
            return last.path("apiVersion").asText().equals(apiVersion) ? TypedTree.fields(last, type) : FieldSet.EMPTY;
        } catch (RuntimeException e) {
            return FieldSet.EMPTY;
        }
    }

    /** Keeps the note of what a client applied by itself in step, as long as there is one. */
    private void keepLastApplied(ObjectNode live, ObjectNode wanted, ObjectNode result) {
        if (!manager.equals(CLIENT)
                || !subresource.isEmpty()
                || lastApplied(live).isEmpty()) {
            return;
        }
        ObjectNode noted = wanted.deepCopy();
        if (noted.path("metadata").path("annotations") instanceof ObjectNode annotations) {
            annotations.remove(LAST_APPLIED);
        }
        result.withObject("/metadata").withObject("/annotations").put(LAST_APPLIED, sorted(noted) + "\n");
    }

    private static String lastApplied(ObjectNode object) {
        return object.path("metadata").path("annotations").path(LAST_APPLIED).asText("");
    }

    private static JsonNode sorted(JsonNode value) {
        if (value.isObject()) {
            ObjectNode result = Json.object();
            TreeMap<String, JsonNode> members = new TreeMap<>();
            value.properties().forEach(each -> members.put(each.getKey(), each.getValue()));
            members.forEach((name, member) -> result.set(name, sorted(member)));
            return result;
        }
        if (value.isArray()) {
            ArrayNode result = ((ArrayNode) value).arrayNode();
            value.forEach(item -> result.add(sorted(item)));
            return result;
        }
        return value;
    }

    /** Takes away what the manager wanted last time and nobody wants now. */
    private JsonNode prune(JsonNode merged, FieldOwners owners, FieldSet last) {
        if (last.isEmpty()) {
            return merged;
        }
        FieldSet lastNamed = last.withNamedFields(type);
        JsonNode pruned = TypedTree.remove(merged, lastNamed, type);
        FieldSet owned = FieldSet.EMPTY;
        for (Owned each : owners.all().values()) {
            owned = owned.union(each.fields());
        }
        FieldSet all = TypedTree.fields(merged, type).withNamedFields(type);
        FieldSet kept = TypedTree.fields(pruned, type).withNamedFields(type).union(owned.withNamedFields(type));
        pruned = TypedTree.remove(merged, all.difference(kept), type);
        FieldSet left = TypedTree.fields(pruned, type).withNamedFields(type);
        return TypedTree.remove(merged, all.difference(left).intersection(lastNamed), type);
    }

    private static StatusException conflict(Map<String, FieldSet> conflicts) {
        List<StatusCause> causes = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        conflicts.forEach((owner, fields) -> {
            text.append("\nconflicts with ").append(owner).append(':');
            for (String path : fields.paths()) {
                text.append("\n- ").append(path);
                causes.add(new StatusCauseBuilder()
                        .withReason("FieldManagerConflict")
                        .withMessage("conflict with " + owner)
                        .withField(path)
                        .build());
            }
        });
        String message = causes.size() == 1
                ? "Apply failed with 1 conflict: %s: %s"
                        .formatted(causes.get(0).getMessage(), causes.get(0).getField())
                : "Apply failed with %d conflicts: %s".formatted(causes.size(), text.substring(1));
        return StatusException.of(
                409,
                "Conflict",
                message,
                new StatusDetailsBuilder().withCauses(causes).build());
    }

    private static String shown(List<String> problems) {
        return problems.size() == 1 ? problems.get(0) : "errors:\n  " + String.join("\n  ", problems);
    }

    private static String named(ObjectNode object) {
        String version = object.path("apiVersion").asText();
        return "%s/%s; %s, Kind=%s"
                .formatted(
                        object.path("metadata").path("namespace").asText(""),
                        object.path("metadata").path("name").asText(""),
                        version.contains("/") ? version : "/" + version,
                        object.path("kind").asText());
    }

    private static ObjectNode withoutEntries(ObjectNode object) {
        if (!object.path("metadata").has(FIELDS)) {
            return object;
        }
        ObjectNode copy = Json.object();
        copy.setAll(object);
        ObjectNode metadata = Json.object();
        metadata.setAll((ObjectNode) object.get("metadata"));
        metadata.remove(FIELDS);
        copy.set("metadata", metadata);
        return copy;
    }

    private static void setEntries(ObjectNode object, @Nullable FieldOwners owners) {
        ArrayNode entries = owners == null ? null : owners.toJson();
        if (entries != null) {
            object.withObject("/metadata").set(FIELDS, entries);
        } else if (object.get("metadata") instanceof ObjectNode metadata) {
            metadata.remove(FIELDS);
        }
    }

    /** Whether the entries of two objects differ in their times only. */
    public static boolean sameOwners(ObjectNode one, ObjectNode other) {
        return withoutTimes(one).equals(withoutTimes(other));
    }

    private static JsonNode withoutTimes(ObjectNode object) {
        JsonNode entries = object.path("metadata").path(FIELDS).deepCopy();
        entries.forEach(entry -> ((ObjectNode) entry).remove("time"));
        return entries;
    }
}
