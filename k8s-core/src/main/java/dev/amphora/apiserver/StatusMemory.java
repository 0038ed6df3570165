package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Trees;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What patches have made of the statuses of pods, for the latest: a scheduler that preempts, or a kubelet that starts what a controller has
 * made, writes the same into many pods that were the same before. Of what is worked out for one of them nothing depends on which it is, but
 * for the node that it is nominated to. Thread-safe.
 */
final class StatusMemory {
    private static final int SETS = 32;
    /** How many are remembered of those that look alike: what pods have been through in different seconds makes them different. */
    private static final int WAYS = 8;

    private static final int DEPTH = 3;
    /** A member of a status that may differ where it is set anew. */
    private static final String NOMINATED = "nominatedNodeName";

    private final AtomicReferenceArray<@Nullable Made> latest = new AtomicReferenceArray<>(SETS * WAYS);

    /**
     * What was asked for, and of what.
     *
     * @param second when, as objects carry it
     * @param patch of the status; read-only
     * @param status as it was
     * @param entries who owned what of the object, null if nobody did
     * @param nominates whether the patch names a node where there was none
     */
    private record Question(
            String userAgent,
            RequestOptions options,
            String second,
            ObjectNode patch,
            ObjectNode status,
            @Nullable JsonNode entries,
            boolean nominates) {
        boolean isLike(Question other) {
            return nominates == other.nominates
                    && second.equals(other.second)
                    && userAgent.equals(other.userAgent)
                    && options.equals(other.options)
                    && same(entries, other.entries)
                    && Trees.sameBut(patch, other.patch, nominates ? NOMINATED : "")
                    && Trees.same(status, other.status);
        }

        int place() {
            int hash = Trees.hash(status, DEPTH);
            for (Map.Entry<String, JsonNode> member : patch.properties()) {
                hash = 31 * hash + member.getKey().hashCode();
                if (!member.getKey().equals(NOMINATED)) {
                    hash += Trees.hash(member.getValue(), DEPTH);
                }
            }
            return ((hash ^ hash >>> 7 ^ hash >>> 14) & SETS - 1) * WAYS;
        }
    }

    private static boolean same(@Nullable JsonNode one, @Nullable JsonNode other) {
        return one == null || other == null ? one == other : Trees.same(one, other);
    }

    /**
     * What came of it.
     *
     * @param begun the status before admission
     * @param entries who owns what then, null if nobody does
     * @param finished the status as it is stored
     */
    private record Made(Question question, ObjectNode begun, @Nullable JsonNode entries, ObjectNode finished) {}

    private @Nullable Made known(Question question) {
        int place = question.place();
        for (int way = place; way < place + WAYS; way++) {
            Made made = latest.get(way);
            if (made == null || made.question.isLike(question)) {
                return made;
            }
        }
        return null;
    }

    /** If two threads do so at once some may be forgotten. */
    private void remember(Made made) {
        int place = made.question.place();
        for (int way = place + WAYS - 1; way > place; way--) {
            latest.set(way, latest.get(way - 1));
        }
        latest.set(place, made);
    }

    /** One patch of one object, and what is known of such ones. */
    final class Case {
        private final Question question;
        private final @Nullable Made known;
        private final JsonNode node;
        private @Nullable ObjectNode begun;

        private Case(Question question) {
            this.question = question;
            this.node = question.patch.path(NOMINATED);
            this.known = known(question);
        }

        /**
         * The object before admission, with the entries of its managers; null if that isn't known.
         *
         * @param live as it was
         * @param metadata that of the object, its own but for the entries
         */
        @Nullable ObjectNode begun(ObjectNode live, ObjectNode metadata) {
            if (known == null) {
                return null;
            }
            ObjectNode next = Trees.shallow(live);
            next.set("metadata", metadata);
            Metadata.setManagedFields(next, known.entries);
            next.set("status", named(known.begun.deepCopy()));
            return next;
        }

        /** Whether it is known, so that the entries of managers are those of the object that {@link #begun} gave. */
        boolean isKnown() {
            return known != null;
        }

        /**
         * The object as it is to be stored; null if that isn't known, or admission has made it another one.
         *
         * @param admitted the one that {@link #begun} gave, as the plugins left it
         * @param old as it was
         */
        @Nullable ObjectNode finished(ObjectNode admitted, ObjectNode old) {
            if (known == null
                    || !(admitted.get("metadata") instanceof ObjectNode metadata)
                    || !(admitted.get("status") instanceof ObjectNode status)
                    || !Trees.sameBut(metadata, (ObjectNode) old.get("metadata"), "managedFields")
                    || !isAsBegun(status, known.begun)) {
                return null;
            }
            ObjectNode object = Trees.shallow(old);
            object.set("metadata", Trees.shallow((ObjectNode) old.get("metadata")));
            // these come last wherever they are written
            Metadata.setManagedFields(object, null);
            Metadata.setManagedFields(object, known.entries);
            object.set("status", question.nominates ? named(Trees.shallow(known.finished)) : known.finished);
            return object;
        }

        private boolean isAsBegun(ObjectNode status, ObjectNode wanted) {
            return question.nominates
                    ? node.equals(status.get(NOMINATED)) && Trees.sameBut(status, wanted, NOMINATED)
                    : Trees.same(status, wanted);
        }

        private ObjectNode named(ObjectNode status) {
            if (question.nominates) {
                status.set(NOMINATED, node);
            }
            return status;
        }

        /** Takes the status that was made of it before admission. */
        void begin(ObjectNode status) {
            begun = status.deepCopy();
        }

        /**
         * Remembers the object that was stored, unless admission has changed it.
         *
         * @param status as admission left it
         */
        void finish(JsonNode status, ObjectNode object) {
            ObjectNode before = begun;
            if (before != null
                    && Trees.same(before, status)
                    && object.get("status") instanceof ObjectNode finished
                    && (!question.nominates || finished.has(NOMINATED))) {
                remember(new Made(question, before, object.path("metadata").get("managedFields"), finished));
            }
        }
    }

    /**
     * What is known of a patch of an object.
     *
     * @param patch the status of the patch; read-only
     * @param live the object; read-only
     */
    Case of(Call call, ObjectNode patch, ObjectNode live, String now) {
        ObjectNode status = (ObjectNode) live.get("status");
        JsonNode node = patch.get(NOMINATED);
        boolean nominates =
                node != null && node.isTextual() && !node.textValue().isEmpty() && !status.has(NOMINATED);
        return new Case(new Question(
                call.request().userAgent(),
                call.options(),
                now,
                patch,
                status,
                live.path("metadata").get("managedFields"),
                nominates));
    }
}
