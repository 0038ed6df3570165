package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The writes of a step, as recordings of controllers tell them. */
final class ControllerWrites {
    private static final Pattern TIMES = Pattern.compile("(.*) \\(x(\\d+)\\)");
    private static final Pattern ORDINAL = Pattern.compile("-\\d+$");
    private static final String REVISION = "deployment.kubernetes.io/revision";

    private final Set<String> kinds;
    private final boolean showsRootCa;
    private final boolean ordinalsInTurn;
    private final ControllerNames names;
    private final ControllerSight sight;

    /**
     * @param kinds those that are told
     * @param showsRootCa whether the certificates that every namespace is given are among them
     * @param ordinalsInTurn whether the pods of stateful sets are written one after the other
     */
    ControllerWrites(
            Set<String> kinds,
            boolean showsRootCa,
            boolean ordinalsInTurn,
            ControllerNames names,
            ControllerSight sight) {
        this.kinds = kinds;
        this.showsRootCa = showsRootCa;
        this.ordinalsInTurn = ordinalsInTurn;
        this.names = names;
        this.sight = sight;
    }

    /**
     * What was written otherwise than recorded: other lines, or the lines of one object in another order. What happens to different
     * objects has no order among itself, except for the pods of a stateful set that has them in turn.
     */
    List<String> differences(List<ControllerBed.Change> changes, JsonNode then) {
        boolean ordered = then.has("writes");
        JsonNode recorded = ordered ? then.path("writes") : then.path("writesUnordered");
        if (recorded.isMissingNode()) {
            return List.of();
        }
        List<String> wanted = new ArrayList<>();
        for (JsonNode line : recorded) {
            Matcher times = TIMES.matcher(line.asText());
            int count = times(line.asText());
            for (int i = 0; i < count; i++) {
                wanted.add(times.matches() ? times.group(1) : line.asText());
            }
        }
        List<String> found = new ArrayList<>();
        changes.forEach(change -> lines(change, found));
        sight.delay(found);
        List<String> differences = new ArrayList<>();
        Map<String, Integer> balance = new LinkedHashMap<>();
        wanted.forEach(line -> balance.merge(line, 1, Integer::sum));
        found.forEach(line -> balance.merge(line, -1, Integer::sum));
        balance.forEach((line, left) -> {
            if (left != 0) {
                String often = Math.abs(left) == 1 ? "" : " (x" + Math.abs(left) + ")";
                differences.add((left > 0 ? "write missing: " : "write unexpected: ") + line + often);
            }
        });
        if (differences.isEmpty() && ordered) {
            Map<String, List<String>> before = byObject(wanted);
            byObject(found).forEach((object, lines) -> {
                if (!lines.equals(before.get(object))) {
                    differences.add("writes in another order: " + lines + ", recorded " + before.get(object));
                }
            });
        }
        return differences;
    }

    /** How many writes a line tells of. */
    static int times(String line) {
        Matcher times = TIMES.matcher(line);
        return times.matches() ? Integer.parseInt(times.group(2)) : 1;
    }

    private Map<String, List<String>> byObject(List<String> lines) {
        Map<String, List<String>> byObject = new TreeMap<>();
        for (String line : lines) {
            String[] words = line.split(" ", 4);
            if (words[2].contains("${gen}")) {
                continue;
            }
            boolean inTurn = ordinalsInTurn
                    && words[1].equals("Pod")
                    && !lines.toString().contains(" StatefulSet ");
            String object = words[1] + " " + (inTurn ? ORDINAL.matcher(words[2]).replaceFirst("") : words[2]);
            byObject.computeIfAbsent(object, name -> new ArrayList<>()).add(line);
        }
        return byObject;
    }

    private void lines(ControllerBed.Change change, List<String> lines) {
        String name = Trees.at(change.newest(), "metadata", "name").asText();
        boolean isTold =
                kinds.contains(change.kind()) && (!name.equals(ControllerProjection.ROOT_CA) || isShown(change));
        if (!isTold || !isOfScenario(change.newest())) {
            return;
        }
        String object = change.kind() + " " + names.canonical(name);
        ObjectNode before = change.before();
        ObjectNode after = change.after();
        if (after == null) {
            lines.add("remove " + object);
            return;
        }
        if (before == null) {
            boolean sized = change.kind().equals("ReplicaSet") || change.kind().equals("ReplicationController");
            lines.add("create " + object
                    + (sized
                            ? " replicas=" + Trees.at(after, "spec", "replicas").asInt()
                            : ""));
            conditions(object, Trees.object(), after, lines);
            return;
        }
        if (has(after, "deletionTimestamp") && !has(before, "deletionTimestamp")) {
            lines.add("delete " + object);
        }
        JsonNode size = Trees.at(after, "spec", "replicas");
        if (!size.isMissingNode() && !size.equals(Trees.at(before, "spec", "replicas"))) {
            lines.add("scale " + object + " "
                    + Trees.at(before, "spec", "replicas").asText() + "->" + size.asText());
        }
        String owners = owners(after);
        if (!owners.equals(owners(before))) {
            lines.add("owners " + object + " " + owners(before) + "->" + owners);
        }
        String finalizers = finalizers(after);
        if (!finalizers.equals(finalizers(before))) {
            lines.add("finalizers " + object + " " + finalizers(before) + "->" + finalizers);
        }
        conditions(object, before, after, lines);
        String revision = revision(after);
        if (!revision.equals(revision(before))) {
            lines.add("revision " + object + " " + revision(before) + "->" + revision);
        }
    }

    /** The certificates that a new namespace is given are no write to tell of. */
    private boolean isShown(ControllerBed.Change rootCa) {
        String namespace = Trees.at(rootCa.newest(), "metadata", "namespace").asText();
        return showsRootCa && (rootCa.before() != null || namespace.equals(ControllerBed.NAMESPACE));
    }

    private static boolean isOfScenario(ObjectNode object) {
        String namespace = Trees.at(object, "metadata", "namespace").asText();
        String name = Trees.at(object, "metadata", "name").asText();
        return (namespace.isEmpty() ? name : namespace).startsWith(ControllerBed.NAMESPACE);
    }

    private static boolean has(JsonNode object, String member) {
        return object.path("metadata").hasNonNull(member);
    }

    private String owners(JsonNode object) {
        List<String> owners = new ArrayList<>();
        for (JsonNode owner : Trees.at(object, "metadata", "ownerReferences")) {
            owners.add(owner.path("kind").asText() + "/"
                    + names.canonical(owner.path("name").asText()));
        }
        return owners.toString();
    }

    private static String finalizers(JsonNode object) {
        return Trees.texts(Trees.at(object, "metadata", "finalizers")).toString();
    }

    private static String revision(JsonNode object) {
        return Trees.at(object, "metadata", "annotations", REVISION).asText("None");
    }

    private static void conditions(String object, JsonNode before, JsonNode after, List<String> lines) {
        if (object.startsWith("Pod ") || object.startsWith("Node ")) {
            return;
        }
        Map<String, String> old = conditions(before);
        Map<String, String> now = conditions(after);
        Set<String> types = new LinkedHashSet<>(now.keySet());
        types.addAll(old.keySet());
        for (String type : types) {
            String value = now.get(type);
            if (value == null) {
                lines.add("condition " + object + " " + type + " removed");
            } else if (!value.equals(old.get(type))) {
                lines.add("condition " + object + " " + type + "=" + value);
            }
        }
    }

    private static Map<String, String> conditions(JsonNode object) {
        Map<String, String> conditions = new LinkedHashMap<>();
        for (JsonNode condition : Trees.at(object, "status", "conditions")) {
            conditions.put(
                    condition.path("type").asText(),
                    condition.path("status").asText() + " "
                            + condition.path("reason").asText());
        }
        return conditions;
    }
}
