package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Trees;
import dev.amphora.kernel.Kernel;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads and writes the metadata that the server owns. */
final class Metadata {
    /** The finalizer by which dependents go first. */
    static final String FOREGROUND = "foregroundDeletion";

    /** The finalizer by which dependents are let go. */
    static final String ORPHAN = "orphan";

    private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
    private static final int SUFFIX = 5;
    private static final int LONGEST_BASE = 63 - SUFFIX;

    /** The second that was asked for last, which mostly is the next one asked for. */
    private static volatile @Nullable Second latest;

    private Metadata() {}

    /** An object's metadata; made if it is missing. */
    static ObjectNode of(ObjectNode object) {
        return object.get("metadata") instanceof ObjectNode metadata ? metadata : object.putObject("metadata");
    }

    static String text(ObjectNode object, String field) {
        return object.path("metadata").path(field).asText("");
    }

    static boolean isDeleting(ObjectNode object) {
        return object.path("metadata").hasNonNull("deletionTimestamp");
    }

    static List<String> finalizers(ObjectNode object) {
        List<String> finalizers = new ArrayList<>();
        object.path("metadata").path("finalizers").forEach(each -> finalizers.add(each.asText()));
        return finalizers;
    }

    static void setFinalizers(ObjectNode object, List<String> finalizers) {
        ObjectNode metadata = of(object);
        if (finalizers.isEmpty()) {
            metadata.remove("finalizers");
        } else {
            ArrayNode array = metadata.putArray("finalizers");
            finalizers.forEach(array::add);
        }
    }

    /** Takes away what the creator of an object can't say. */
    static void wipe(ObjectNode object) {
        of(object)
                .remove(List.of(
                        "selfLink", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"));
    }

    /** Gives a new object its identity. */
    static void fill(ObjectNode object, Kernel kernel, boolean hasGeneration) {
        ObjectNode metadata = of(object);
        metadata.put("uid", kernel.newUid());
        metadata.put("creationTimestamp", time(kernel.instant()));
        if (hasGeneration) {
            metadata.put("generation", 1);
        }
    }

    /** Makes a name from {@code generateName}, if there is one and no name. */
    static void generateName(ObjectNode object, Kernel kernel) {
        ObjectNode metadata = of(object);
        String base = metadata.path("generateName").asText("");
        if (!base.isEmpty() && metadata.path("name").asText("").isEmpty()) {
            metadata.put("name", generated(base, kernel));
        }
    }

    /** A name with a random end. */
    static String generated(String base, Kernel kernel) {
        StringBuilder name = new StringBuilder(base.length() > LONGEST_BASE ? base.substring(0, LONGEST_BASE) : base);
        for (int i = 0; i < SUFFIX; i++) {
            name.append(ALPHABET.charAt(kernel.random().nextInt(ALPHABET.length())));
        }
        return name.toString();
    }

    /** Puts back what an update may not change; what stays different is for validation to refuse. */
    static void keep(ObjectNode object, ObjectNode old) {
        ObjectNode metadata = of(object);
        ObjectNode before = of(old);
        metadata.remove("selfLink");
        if (metadata.path("uid").asText("").isEmpty()) {
            copy(metadata, before, "uid");
        }
        copy(metadata, before, "creationTimestamp");
        if (before.hasNonNull("deletionTimestamp")) {
            copy(metadata, before, "deletionTimestamp");
        }
        if (before.has("deletionGracePeriodSeconds") && !metadata.has("deletionGracePeriodSeconds")) {
            copy(metadata, before, "deletionGracePeriodSeconds");
        }
    }

    static void keepGeneration(ObjectNode object, ObjectNode old) {
        copy(of(object), of(old), "generation");
    }

    static void setManagedFields(ObjectNode object, @Nullable JsonNode entries) {
        if (entries == null || entries.isNull()) {
            of(object).remove("managedFields");
        } else {
            of(object).set("managedFields", entries);
        }
    }

    /** Marks an object as being deleted. */
    static void markDeleting(ObjectNode object, Instant when, long graceSeconds) {
        ObjectNode metadata = of(object);
        ObjectNode before = Trees.shallow(metadata);
        // each member in its place, so that nobody has to sort them
        metadata.removeAll();
        before.properties().forEach(member -> {
            metadata.set(member.getKey(), member.getValue());
            if (member.getKey().equals("creationTimestamp")) {
                metadata.putNull("deletionTimestamp").putNull("deletionGracePeriodSeconds");
            }
        });
        metadata.put("deletionTimestamp", time(when));
        metadata.put("deletionGracePeriodSeconds", graceSeconds);
        bumpGeneration(object);
    }

    static void bumpGeneration(ObjectNode object) {
        ObjectNode metadata = of(object);
        long generation = metadata.path("generation").asLong();
        if (generation > 0) {
            metadata.put("generation", generation + 1);
        }
    }

    /** A time as objects carry it: to the second. */
    static String time(Instant instant) {
        Second known = latest;
        if (known == null || known.epochSecond != instant.getEpochSecond()) {
            known = new Second(
                    instant.getEpochSecond(),
                    instant.truncatedTo(ChronoUnit.SECONDS).toString());
            latest = known;
        }
        return known.text;
    }

    private record Second(long epochSecond, String text) {}

    private static void copy(ObjectNode to, ObjectNode from, String field) {
        JsonNode value = from.get(field);
        if (value == null) {
            to.remove(field);
        } else {
            to.set(field, value);
        }
    }
}
