package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Who owns which fields of an object: {@code metadata.managedFields}, read. */
final class FieldOwners {
    private static final int MOST_UPDATERS = 10;
    private static final String OLD_UPDATES = "ancient-changes";

    private final Map<Owner, Owned> owners = new LinkedHashMap<>();

    /**
     * One who owns fields. The entries of one who applies are the same whatever version it applied.
     *
     * @param apiVersion empty for those who apply
     */
    record Owner(String manager, boolean applies, String apiVersion, String subresource) {
        /** Sorts as the reference sorts owners: by name, then who applies first, then by version and subresource. */
        String identity() {
            ObjectNode identity = Json.object();
            identity.put("manager", manager).put("operation", applies ? "Apply" : "Update");
            if (!apiVersion.isEmpty()) {
                identity.put("apiVersion", apiVersion);
            }
            if (!subresource.isEmpty()) {
                identity.put("subresource", subresource);
            }
            return identity.toString();
        }

        /** As conflicts name it. */
        String shown() {
            return Json.quote(manager)
                    + (subresource.isEmpty() ? "" : " with subresource " + Json.quote(subresource))
                    + (applies ? "" : " using " + apiVersion);
        }
    }

    /**
     * What one owns.
     *
     * @param apiVersion in which version it wrote
     * @param time when, to the second; empty if it changed nothing so far
     */
    record Owned(FieldSet fields, String apiVersion, String time) {}

    Map<Owner, Owned> all() {
        return owners;
    }

    boolean isEmpty() {
        return owners.isEmpty();
    }

    /**
     * Reads the entries of an object.
     *
     * @return null if one of them is not understood
     */
    static @Nullable FieldOwners parse(@Nullable JsonNode entries) {
        FieldOwners result = new FieldOwners();
        if (entries == null || entries.isNull()) {
            return result;
        }
        for (JsonNode entry : entries) {
            String operation = entry.path("operation").asText();
            String type = entry.path("fieldsType").asText();
            if (!(operation.equals("Apply") || operation.equals("Update")) || !type.equals("FieldsV1")) {
                return null;
            }
            String version = entry.path("apiVersion").asText();
            if (version.isEmpty()) {
                return null;
            }
            boolean applies = operation.equals("Apply");
            Owner owner = new Owner(
                    entry.path("manager").asText(),
                    applies,
                    applies ? "" : version,
                    entry.path("subresource").asText(""));
            JsonNode fields = entry.path("fieldsV1");
            try {
                result.owners.put(
                        owner,
                        new Owned(
                                fields.isMissingNode() || fields.isNull() ? FieldSet.EMPTY : FieldSet.parse(fields),
                                version,
                                entry.path("time").asText("")));
            } catch (RuntimeException e) {
                return null;
            }
        }
        return result;
    }

    /** The entries, in their order; null if there are none. */
    @Nullable ArrayNode toJson() {
        if (owners.isEmpty()) {
            return null;
        }
        List<Map.Entry<Owner, Owned>> sorted = new ArrayList<>(owners.entrySet());
        sorted.sort(Comparator.<Map.Entry<Owner, Owned>, String>comparing(
                        each -> each.getKey().applies() ? "Apply" : "Update")
                .thenComparing(each -> each.getValue().time())
                .thenComparing(each -> each.getKey().manager())
                .thenComparing(each -> each.getValue().apiVersion())
                .thenComparing(each -> each.getKey().subresource()));
        ArrayNode entries = Json.object().putArray("managedFields");
        for (Map.Entry<Owner, Owned> each : sorted) {
            Owner owner = each.getKey();
            Owned owned = each.getValue();
            ObjectNode entry = entries.addObject();
            if (!owner.manager().isEmpty()) {
                entry.put("manager", owner.manager());
            }
            entry.put("operation", owner.applies() ? "Apply" : "Update");
            entry.put("apiVersion", owned.apiVersion());
            if (!owned.time().isEmpty()) {
                entry.put("time", owned.time());
            }
            entry.put("fieldsType", "FieldsV1");
            entry.set("fieldsV1", owned.fields().toJson());
            if (!owner.subresource().isEmpty()) {
                entry.put("subresource", owner.subresource());
            }
        }
        return entries;
    }

    void dropEmpty() {
        owners.values().removeIf(owned -> owned.fields().isEmpty());
    }

    /** Puts the oldest of too many entries of updates together. */
    void cap() {
        if (owners.size() <= MOST_UPDATERS) {
            return;
        }
        List<Owner> updaters = new ArrayList<>();
        owners.keySet().stream().filter(owner -> !owner.applies()).forEach(updaters::add);
        int count = updaters.size();
        if (count <= MOST_UPDATERS) {
            return;
        }
        updaters.sort(
                Comparator.<Owner, String>comparing(owner -> timeOf(owner)).thenComparing(Owner::identity));
        Map<String, Owner> firstOfVersion = new TreeMap<>();
        for (int i = 0; i < updaters.size() && count > MOST_UPDATERS; i++) {
            Owner updater = updaters.get(i);
            Owned owned = owners.get(updater);
            if (owned == null) {
                continue;
            }
            Owner first = firstOfVersion.putIfAbsent(owned.apiVersion(), updater);
            if (first == null) {
                continue;
            }
            Owner bucket = new Owner(OLD_UPDATES, false, owned.apiVersion(), "");
            Owned held = owners.get(bucket);
            if (held == null) {
                held = owners.remove(first);
            }
            FieldSet fields = held == null ? owned.fields() : owned.fields().union(held.fields());
            owners.put(bucket, new Owned(fields, owned.apiVersion(), owned.time()));
            owners.remove(updater);
            count--;
        }
    }

    private String timeOf(Owner owner) {
        Owned owned = owners.get(owner);
        return owned == null ? "" : owned.time();
    }

    /** Puts everybody's fields through a function; those whom it gives null are dropped. */
    void replaceFields(Function<Owned, @Nullable FieldSet> change) {
        for (Owner owner : List.copyOf(owners.keySet())) {
            Owned owned = Objects.requireNonNull(owners.get(owner));
            FieldSet fields = change.apply(owned);
            if (fields == null) {
                owners.remove(owner);
            } else if (fields != owned.fields()) {
                owners.put(owner, new Owned(fields, owned.apiVersion(), owned.time()));
            }
        }
    }

    /** What all together own, by the version in which they wrote. */
    Map<String, FieldSet> byVersion() {
        Map<String, FieldSet> result = new TreeMap<>();
        owners.values().forEach(owned -> result.merge(owned.apiVersion(), owned.fields(), FieldSet::union));
        return result;
    }
}
