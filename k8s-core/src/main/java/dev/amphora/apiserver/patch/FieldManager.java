package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.patch.FieldOwners.Owned;
import dev.amphora.apiserver.patch.FieldOwners.Owner;
import dev.amphora.apiserver.patch.FieldVersions.Versioned;
import dev.amphora.apiserver.patch.TypedTree.Comparison;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps {@code metadata.managedFields} for writes to one resource, and applies what a manager wants. Objects are given in the version of
 * the request and in complete form, and carry the entries in their metadata.
 *
 * @param type the type of the objects, metadata included
 * @param apiVersion the version of the request
 * @param subresource through which it writes, empty for the object itself
 * @param manager who writes
 * @param time now, as objects carry it
 * @param filter what a write through this subresource can change
 * @param versions the other versions of the kind
 */
public record FieldManager(
        TypeSchema type,
        String apiVersion,
        String subresource,
        String manager,
        String time,
        FieldFilter filter,
        FieldVersions versions) {
    private static final String CLIENT = "kubectl";
    private static final String NAMELESS = "unknown";
    private static final String FIELDS = "managedFields";
    private static final String TIME = "time";
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

    private Owner updater(String name) {
        return new Owner(name.isEmpty() ? NAMELESS : name, false, apiVersion, subresource);
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
        if (owners.isEmpty() && exists(live)) {
            return;
        }
        track(owners, withoutEntries(live), now, updater(manager));
        owners.cap();
        setEntries(now, owners);
    }

    private static boolean exists(ObjectNode object) {
        return object.path("metadata").hasNonNull("uid");
    }

    private void track(FieldOwners owners, ObjectNode live, ObjectNode now, Owner owner) {
        reconcile(owners, live);
        Comparison difference = TypedTree.compare(live, now, type);
        if (difference.isSame()) {
            owners.dropEmpty();
            return;
        }
        Differences differences = new Differences(live, now, difference);
        owners.replaceFields(owned -> {
            Comparison seen = differences.in(owned.apiVersion());
            return seen == null
                    ? null
                    : owned.fields().difference(seen.changed()).difference(seen.removed());
        });
        FieldSet own = filter.of(difference.changed()).difference(METADATA);
        if (!own.isEmpty()) {
            Owned before = owners.all().get(owner);
            FieldSet all = before == null ? own : before.fields().union(own);
            owners.all().put(owner, new Owned(all, apiVersion, time));
        }
        owners.dropEmpty();
    }

    /** What differs, as those see it who wrote in one version or another. */
    private final class Differences {
        private final ObjectNode old;
        private final ObjectNode now;
        private final Comparison difference;
        private final Map<String, @Nullable Comparison> known = new HashMap<>();

        Differences(ObjectNode old, ObjectNode now, Comparison difference) {
            this.old = old;
            this.now = now;
            this.difference = difference;
        }

        /** Null if the version is not served. */
        @Nullable Comparison in(String version) {
            if (version.equals(apiVersion)) {
                return known.computeIfAbsent(version, own -> difference.filtered(filter::of));
            }
            if (!known.containsKey(version)) {
                Versioned before = at(old, version);
                Versioned after = at(now, version);
                known.put(
                        version,
                        before == null || after == null
                                ? null
                                : TypedTree.compare(before.object(), after.object(), before.type())
                                        .filtered(filter::of));
            }
            return known.get(version);
        }
    }

    private @Nullable Versioned at(ObjectNode object, String version) {
        boolean own = version.equals(apiVersion)
                && object.path("apiVersion").asText(apiVersion).equals(apiVersion);
        return own ? new Versioned(object, type) : versions.convert(object, version);
    }

    /** Custom kinds can change: containers that are one value now are owned as one. */
    private void reconcile(FieldOwners owners, ObjectNode live) {
        if (!type.name().isEmpty()) {
            return;
        }
        owners.replaceFields(owned -> {
            Versioned object = at(live, owned.apiVersion());
            return object == null ? owned.fields() : owned.fields().reconciled(object.type());
        });
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
        ObjectNode before = withoutEntries(live);
        if (owners.isEmpty() && exists(live)) {
            track(owners, nothing(live), before, updater("before-first-apply"));
        }
        Attempt attempt = new Attempt(owners, before, wanted);
        if (!force && !attempt.conflicts.isEmpty()) {
            Conflicts left = manager.equals(CLIENT)
                    ? attempt.conflicts.without(LastApplied.owned(before, type))
                    : attempt.conflicts;
            if (!left.isEmpty()) {
                throw left.refusal();
            }
        }
        ObjectNode result = attempt.result();
        setEntries(result, owners);
        if (manager.equals(CLIENT)) {
            LastApplied.keepInStep(result, wanted);
        }
        return result;
    }

    /** An object of the kind with nothing in it. */
    private ObjectNode nothing(ObjectNode like) {
        ObjectNode empty = Json.object();
        empty.set("kind", like.get("kind"));
        empty.set("apiVersion", like.get("apiVersion"));
        if (!type.name().isEmpty()) {
            empty.putObject("metadata");
        }
        return CompleteForm.of(empty, type);
    }

    /** One apply: the merged object without what the manager no longer wants, and whom that meets. */
    private final class Attempt {
        private final FieldOwners owners;
        private final ObjectNode before;
        private final ObjectNode merged;
        private final Owner owner = new Owner(manager, true, "", subresource);
        private final FieldSet own;
        private final String lastTime;
        private final boolean same;
        private final Differences differences;
        private final Conflicts conflicts = new Conflicts();

        Attempt(FieldOwners owners, ObjectNode before, ObjectNode wanted) {
            this.owners = owners;
            this.before = before;
            reconcile(owners, before);
            Owned last = owners.all().get(owner);
            lastTime = last == null ? "" : last.time();
            own = filter.of(TypedTree.fields(wanted, type));
            owners.all().put(owner, new Owned(own, apiVersion, lastTime));
            ObjectNode all = (ObjectNode) TypedTree.merge(before, wanted, type);
            merged = last == null ? all : prune(all, owners, last);
            Comparison difference = TypedTree.compare(before, merged, type);
            same = TypedTree.equal(before, merged);
            differences = new Differences(before, merged, difference);
            owners.all().forEach((other, owned) -> {
                Comparison seen = other.equals(owner) ? null : differences.in(owned.apiVersion());
                if (seen != null) {
                    conflicts.add(other, owned.fields().intersection(seen.changed()));
                }
            });
        }

        /** Gives the manager what it wants, at the cost of the others. */
        ObjectNode result() {
            owners.all().remove(owner);
            owners.replaceFields(owned -> {
                Comparison seen = differences.in(owned.apiVersion());
                return seen == null
                        ? null
                        : owned.fields().difference(seen.changed()).difference(seen.removed());
            });
            owners.all().put(owner, new Owned(own.difference(METADATA), apiVersion, same ? lastTime : time));
            owners.dropEmpty();
            return same ? before.deepCopy() : merged.deepCopy();
        }
    }

    /** Takes away what the manager wanted last time and nobody wants now. */
    private ObjectNode prune(ObjectNode merged, FieldOwners owners, Owned last) {
        Versioned all = last.fields().isEmpty() ? null : at(merged, last.apiVersion());
        if (all == null) {
            return merged;
        }
        FieldSet lastNamed = last.fields().withNamedFields(all.type());
        ObjectNode pruned = (ObjectNode) TypedTree.remove(all.object(), lastNamed, all.type());
        Map<String, FieldSet> owned = owners.byVersion();
        List<String> order = new ArrayList<>(owned.keySet());
        if (order.remove(last.apiVersion())) {
            order.add(0, last.apiVersion());
        }
        ObjectNode whole = all.object();
        for (String version : order) {
            Versioned wholeThere = at(whole, version);
            Versioned prunedThere = at(pruned, version);
            FieldSet wanted = owned.get(version);
            if (wholeThere != null && prunedThere != null && wanted != null) {
                TypeSchema there = wholeThere.type();
                FieldSet kept = named(prunedThere.object(), there).union(wanted.withNamedFields(there));
                whole = wholeThere.object();
                pruned =
                        (ObjectNode) TypedTree.remove(whole, named(whole, there).difference(kept), there);
            }
        }
        Versioned left = at(pruned, last.apiVersion());
        if (left == null) {
            return merged;
        }
        FieldSet gone = named(all.object(), all.type()).difference(named(left.object(), left.type()));
        ObjectNode result = (ObjectNode) TypedTree.remove(all.object(), gone.intersection(lastNamed), all.type());
        Versioned back = at(result, apiVersion);
        return back == null ? merged : back.object();
    }

    private static FieldSet named(ObjectNode object, TypeSchema type) {
        return TypedTree.fields(object, type).withNamedFields(type);
    }

    private static String shown(List<String> problems) {
        return problems.size() == 1 ? problems.get(0) : "errors:\n  " + String.join("\n  ", problems);
    }

    /** An object as messages name it: {@code ns/name; apps/v1, Kind=Deployment}. */
    public static String named(ObjectNode object) {
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
        JsonNode these = one.path("metadata").path(FIELDS);
        JsonNode those = other.path("metadata").path(FIELDS);
        if (!these.isArray() || !those.isArray() || these.size() != those.size()) {
            return these.equals(those);
        }
        for (int i = 0; i < these.size(); i++) {
            if (!sameButTime((ObjectNode) these.get(i), (ObjectNode) those.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean sameButTime(ObjectNode entry, ObjectNode other) {
        int members = entry.size() - (entry.has(TIME) ? 1 : 0);
        if (members != other.size() - (other.has(TIME) ? 1 : 0)) {
            return false;
        }
        for (Map.Entry<String, JsonNode> member : entry.properties()) {
            if (!member.getKey().equals(TIME) && !member.getValue().equals(other.get(member.getKey()))) {
                return false;
            }
        }
        return true;
    }
}
