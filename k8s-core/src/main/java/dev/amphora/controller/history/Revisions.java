package dev.amphora.controller.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.client.OwnerReferences;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/** Makes, names, orders and compares ControllerRevisions. */
public final class Revisions {
    /** The label of a pod that tells its revision. */
    public static final String LABEL = "controller-revision-hash";

    private static final String SAFE = "bcdfghjklmnpqrstvwxz2456789";
    private static final Comparator<ControllerRevision> ORDER = Comparator.<ControllerRevision>comparingLong(
                    Revisions::number)
            .thenComparing(revision ->
                    Objects.requireNonNullElse(revision.getMetadata().getCreationTimestamp(), ""))
            .thenComparing(revision -> revision.getMetadata().getName());

    private Revisions() {}

    /** What a revision holds of a template: a patch that puts it back. */
    public static JsonNode data(PodTemplateSpec template) {
        ObjectNode body = Json.toTree(template);
        body.put("$patch", "replace");
        if (!body.has("metadata")) {
            body.putObject("metadata");
        }
        ObjectNode data = Json.object();
        data.putObject("spec").set("template", body);
        return sorted(Json.read(Json.write(data)));
    }

    private static JsonNode sorted(JsonNode node) {
        if (node.isObject()) {
            Map<String, JsonNode> fields = new TreeMap<>();
            node.fields().forEachRemaining(field -> fields.put(field.getKey(), sorted(field.getValue())));
            ObjectNode object = Json.object();
            fields.forEach(object::set);
            return object;
        }
        if (node.isArray()) {
            var array = Json.object().arrayNode();
            node.forEach(element -> array.add(sorted(element)));
            return array;
        }
        return node;
    }

    /** The hash that names data: FNV-1 over its text and the number of collisions. */
    public static String hash(JsonNode data, int collisions) {
        String text = new String(Json.write(data), StandardCharsets.UTF_8)
                .replace("<", "\\u003c")
                .replace(">", "\\u003e")
                .replace("&", "\\u0026")
                .replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029");
        int hash = 0x811C9DC5;
        for (byte each : (text + collisions).getBytes(StandardCharsets.UTF_8)) {
            hash *= 0x01000193;
            hash ^= each & 0xFF;
        }
        return safe(hash & 0xFFFFFFFFL);
    }

    /** A number in letters and digits that spell no words. */
    public static String safe(long number) {
        StringBuilder safe = new StringBuilder();
        for (char digit : String.valueOf(number).toCharArray()) {
            safe.append(SAFE.charAt(digit % SAFE.length()));
        }
        return safe.toString();
    }

    /**
     * A new revision of an owner.
     *
     * @param hashLabel the label that tells the hash
     */
    public static ControllerRevision of(
            HasMetadata owner, PodTemplateSpec template, JsonNode data, String hash, String hashLabel, long number) {
        String name = owner.getMetadata().getName();
        Map<String, String> labels = new LinkedHashMap<>();
        if (template.getMetadata() != null && template.getMetadata().getLabels() != null) {
            labels.putAll(template.getMetadata().getLabels());
        }
        labels.put(hashLabel, hash);
        return new ControllerRevisionBuilder()
                .withNewMetadata()
                .withName((name.length() > 223 ? name.substring(0, 223) : name) + "-" + hash)
                .withNamespace(owner.getMetadata().getNamespace())
                .withLabels(labels)
                .withAnnotations(owner.getMetadata().getAnnotations())
                .withOwnerReferences(OwnerReferences.controlledBy(owner))
                .endMetadata()
                .withData(data)
                .withRevision(number)
                .build();
    }

    /** Oldest first. */
    public static List<ControllerRevision> sorted(List<ControllerRevision> revisions) {
        List<ControllerRevision> sorted = new ArrayList<>(revisions);
        sorted.sort(ORDER);
        return sorted;
    }

    /** The revision's number, 0 if it has none. */
    public static long number(ControllerRevision revision) {
        return revision.getRevision() == null ? 0 : revision.getRevision();
    }

    /** One more than the highest. */
    public static long next(List<ControllerRevision> sorted) {
        return sorted.isEmpty() ? 1 : number(sorted.get(sorted.size() - 1)) + 1;
    }

    /** Whether a revision holds this data. */
    public static boolean holds(ControllerRevision revision, JsonNode data) {
        return dataOf(revision).equals(data);
    }

    /** The data as a tree whose fields are in order. */
    public static JsonNode dataOf(ControllerRevision revision) {
        Object data = revision.getData();
        return data == null
                ? Json.object()
                : sorted(Json.read(Json.write(Json.mapper().valueToTree(data))));
    }

    /** The template that a revision holds. */
    public static PodTemplateSpec template(ControllerRevision revision) {
        ObjectNode template =
                (ObjectNode) dataOf(revision).path("spec").path("template").deepCopy();
        template.remove("$patch");
        return Json.fromTree(template, PodTemplateSpec.class);
    }

    /**
     * The revisions that go because there are too many: the oldest of those not in use.
     *
     * @param live the names of those in use
     */
    public static List<ControllerRevision> surplus(List<ControllerRevision> sorted, Set<String> live, int limit) {
        List<ControllerRevision> idle = new ArrayList<>(sorted);
        for (Iterator<ControllerRevision> each = idle.iterator(); each.hasNext(); ) {
            if (live.contains(each.next().getMetadata().getName())) {
                each.remove();
            }
        }
        return idle.size() <= limit ? List.of() : idle.subList(0, idle.size() - limit);
    }
}
