package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The order in which the reference writes the members that all objects have: kind and version first, metadata as it declares it. */
final class MemberOrder {
    private static final List<String> METADATA = ImmutableList.of(
            "name",
            "generateName",
            "namespace",
            "selfLink",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "labels",
            "annotations",
            "ownerReferences",
            "finalizers",
            "managedFields");

    private static final List<String> FIRST = ImmutableList.of("kind", "apiVersion", "metadata");

    private static final List<String> MAPS = ImmutableList.of("labels", "annotations");

    private MemberOrder() {}

    /** The same object, its members in order. Shares what is below them. */
    static ObjectNode of(ObjectNode object) {
        ObjectNode ordered = Json.object();
        move(object, ordered, "kind");
        move(object, ordered, "apiVersion");
        if (object.get("metadata") instanceof ObjectNode metadata) {
            ordered.set("metadata", ofMetadata(metadata));
        }
        object.fields().forEachRemaining(member -> ordered.putIfAbsent(member.getKey(), member.getValue()));
        return ordered;
    }

    /** The same for who only reads: the object itself if its members are in order. */
    static ObjectNode toRead(ObjectNode object) {
        return isKept(object) ? object : of(object);
    }

    private static boolean isKept(ObjectNode object) {
        int next = 0;
        boolean first = true;
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            int place = FIRST.indexOf(member.getKey());
            if (place < 0) {
                first = false;
            } else if (!first || place < next) {
                return false;
            } else {
                next = place + 1;
            }
        }
        return object.get("metadata") instanceof ObjectNode metadata && isMetadataKept(metadata);
    }

    private static boolean isMetadataKept(ObjectNode metadata) {
        int next = 0;
        for (Map.Entry<String, JsonNode> member : metadata.properties()) {
            String name = member.getKey();
            while (next < METADATA.size() && !METADATA.get(next).equals(name)) {
                next++;
            }
            if (next == METADATA.size() || MAPS.contains(name) && !isSorted(member.getValue())) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSorted(JsonNode map) {
        String last = "";
        if (map instanceof ObjectNode object && object.size() > 1) {
            for (Map.Entry<String, JsonNode> member : object.properties()) {
                if (member.getKey().compareTo(last) < 0) {
                    return false;
                }
                last = member.getKey();
            }
        }
        return true;
    }

    /** The metadata of an object, its members in order. */
    private static ObjectNode ofMetadata(ObjectNode metadata) {
        ObjectNode ordered = Json.object();
        METADATA.forEach(member -> move(metadata, ordered, member));
        MAPS.forEach(member -> {
            if (ordered.get(member) instanceof ObjectNode map) {
                ordered.set(member, sorted(map));
            }
        });
        metadata.fields().forEachRemaining(member -> ordered.putIfAbsent(member.getKey(), member.getValue()));
        return ordered;
    }

    private static ObjectNode sorted(ObjectNode map) {
        if (map.size() < 2) {
            return map;
        }
        List<String> names = new ArrayList<>(map.size());
        map.fieldNames().forEachRemaining(names::add);
        names.sort(null);
        ObjectNode result = Json.object();
        names.forEach(name -> result.set(name, map.get(name)));
        return result;
    }

    private static void move(ObjectNode from, ObjectNode to, String member) {
        JsonNode value = from.get(member);
        if (value != null) {
            to.set(member, value);
        }
    }
}
