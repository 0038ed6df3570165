package dev.amphora.apiserver.patch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Sequences of applies by several managers to maps, lists with keys, sets and values that are whole, against a model that knows paths,
 * values and owners only.
 *
 * <p>{@code -Dproperty.sequences=10000} says how many; by default a few.
 */
class ApplyListsPropertiesTest {
    private static final int SEQUENCES = Integer.getInteger("property.sequences", 300);
    private static final long SEED = Long.getLong("property.seed", 1);
    private static final TypeSchema POD = SchemaCatalogue.builtIn().type("", "v1", "Pod");
    /** Objects within that are one value. */
    private static final Set<String> WHOLE = Set.of("nodeSelector", "args");

    @Test
    void everySequenceKeepsTheOwnersInOrder() {
        for (int i = 0; i < SEQUENCES; i++) {
            sequence("seed " + SEED + ":" + i, new Random(SEED * 1_000_003 + i));
        }
    }

    private static void sequence(String about, Random random) {
        ObjectNode live = object(new TreeMap<>());
        Model model = new Model();
        StringBuilder story = new StringBuilder(about);
        for (int second = 1 + random.nextInt(8); second > 0; second--) {
            String manager = "m" + random.nextInt(3);
            boolean force = random.nextInt(3) == 0;
            ObjectNode wanted = object(wish(random));
            story.append("\n%s%s applies %s".formatted(manager, force ? " by force" : "", wanted));
            Map<String, String> paths = new TreeMap<>();
            flatten("", wanted, paths);
            Set<String> conflicts = model.apply(manager, paths, force);
            try {
                live = applied(live, wanted, manager, force, 60 - second);
                assertThat(conflicts).as("%s", story).isEmpty();
            } catch (StatusException e) {
                assertThat(e.code()).isEqualTo(409);
                Set<String> told = new TreeSet<>();
                e.status().getDetails().getCauses().forEach(cause -> {
                    assertThat(cause.getReason()).isEqualTo("FieldManagerConflict");
                    told.add(
                            cause.getMessage().replaceAll("conflict with \"(m\\d)\".*", "$1") + " " + cause.getField());
                });
                assertThat(told).as("%s", story).hasSameSizeAs(conflicts);
                told.forEach(each -> assertThat(conflicts)
                        .as("%s", story)
                        .anyMatch(known -> known.startsWith(each.substring(0, 2))));
                continue;
            }
            Map<String, String> kept = new TreeMap<>();
            flatten("", live, kept);
            assertThat(kept).as("%s", story).isEqualTo(model.live);
            assertThat(owners(live)).as("%s", story).isEqualTo(model.owners);
            assertThat(applied(live, wanted, manager, false, 60))
                    .as("the same again changes nothing after %s", story)
                    .isEqualTo(live);
        }
    }

    /** Values and owners by path. */
    private static final class Model {
        private final Map<String, String> live = new TreeMap<>();
        private final Map<String, Set<String>> owners = new TreeMap<>();

        /** What stands against it; nothing if it is done. */
        Set<String> apply(String manager, Map<String, String> wanted, boolean force) {
            Set<String> conflicts = new TreeSet<>();
            wanted.forEach((path, value) -> owners.forEach((owner, paths) -> {
                if (!owner.equals(manager) && paths.contains(path) && !value.equals(live.get(path))) {
                    conflicts.add(owner + " " + path);
                }
            }));
            if (!conflicts.isEmpty() && !force) {
                return conflicts;
            }
            conflicts.forEach(each -> owners.get(each.substring(0, 2)).remove(each.substring(3)));
            live.putAll(wanted);
            Set<String> gone = new TreeSet<>(owners.getOrDefault(manager, Set.of()));
            gone.removeAll(wanted.keySet());
            owners.put(manager, new TreeSet<>(wanted.keySet()));
            owners.values().forEach(gone::removeAll);
            live.keySet().removeAll(gone);
            owners.values().removeIf(Set::isEmpty);
            return Set.of();
        }
    }

    private static ObjectNode applied(ObjectNode live, ObjectNode wanted, String manager, boolean force, int second) {
        FieldManager fields = new FieldManager(
                POD,
                "v1",
                "",
                manager,
                "2026-01-01T00:00:%02dZ".formatted(second),
                FieldFilter.ALL,
                FieldVersions.NONE);
        ObjectNode result = CompleteForm.of(fields.apply(live, wanted, force), POD);
        result.withObject("/metadata").put("uid", "u");
        return result;
    }

    /** What a manager may want, by paths. */
    private static Map<String, Object> wish(Random random) {
        Map<String, Object> wish = new TreeMap<>();
        for (String key : some(random, "a", "b", "c")) {
            wish.put("metadata/labels/" + key, "v" + random.nextInt(2));
        }
        List<String> finalizers = some(random, "f/1", "f/2", "f/3");
        if (!finalizers.isEmpty()) {
            wish.put("metadata/finalizers", finalizers);
        }
        if (random.nextInt(3) == 0) {
            wish.put("spec/nodeName", "n" + random.nextInt(2));
        }
        for (String key : some(random, "x", "y")) {
            wish.put("spec/nodeSelector/" + key, "v" + random.nextInt(2));
        }
        return wish;
    }

    private static List<String> some(Random random, String... values) {
        List<String> result = new ArrayList<>();
        for (String value : values) {
            if (random.nextInt(3) == 0) {
                result.add(value);
            }
        }
        return result;
    }

    private static ObjectNode object(Map<String, Object> wish) {
        Random random = new Random(wish.hashCode());
        ObjectNode object = Json.object().put("kind", "Pod").put("apiVersion", "v1");
        object.putObject("metadata").put("name", "p");
        if (wish.isEmpty()) {
            return object;
        }
        wish.forEach((path, value) -> {
            String[] steps = path.split("/");
            ObjectNode at = object;
            for (int i = 0; i < steps.length - 1; i++) {
                at = at.withObjectProperty(steps[i]);
            }
            if (value instanceof List<?> list) {
                ArrayNode array = at.putArray(steps[steps.length - 1]);
                list.forEach(item -> array.add((String) item));
            } else {
                at.put(steps[steps.length - 1], (String) value);
            }
        });
        List<String> containers = some(random, "c", "d", "e");
        if (!containers.isEmpty()) {
            ArrayNode list = object.withObjectProperty("spec").putArray("containers");
            containers.forEach(name -> container(list.addObject(), name, random));
        }
        return object;
    }

    private static void container(ObjectNode container, String name, Random random) {
        container.put("name", name);
        if (random.nextBoolean()) {
            container.put("image", "i" + random.nextInt(2));
        }
        List<String> arguments = some(random, "1", "2");
        if (!arguments.isEmpty()) {
            ArrayNode list = container.putArray("args");
            arguments.forEach(list::add);
        }
        List<String> variables = some(random, "E", "F");
        if (!variables.isEmpty()) {
            ArrayNode list = container.putArray("env");
            variables.forEach(variable -> list.addObject().put("name", variable).put("value", "v" + random.nextInt(2)));
        }
    }

    /** The paths of an object, as owners name them, with what is there. */
    private static void flatten(String path, JsonNode value, Map<String, String> paths) {
        for (Map.Entry<String, JsonNode> member : value.properties()) {
            String name = member.getKey();
            JsonNode inner = member.getValue();
            String at = path + "/f:" + name;
            boolean identity =
                    path.isEmpty() && (name.equals("kind") || name.equals("apiVersion") || name.equals("status"))
                            || path.equals("/f:metadata")
                                    && List.of("name", "uid", "managedFields", "creationTimestamp")
                                            .contains(name);
            if (identity || inner.isNull()) {
                continue;
            }
            if (WHOLE.contains(name)) {
                paths.put(at, inner.toString());
            } else if (inner.isObject()) {
                flatten(at, inner, paths);
            } else if (name.equals("finalizers")) {
                inner.forEach(item -> paths.put(at + "/v:" + item, item.toString()));
            } else if (inner.isArray()) {
                for (JsonNode item : inner) {
                    String element = at + "/k:{\"name\":" + item.path("name") + "}";
                    paths.put(element + "/.", "");
                    flatten(element, item, paths);
                }
            } else {
                paths.put(at, inner.toString());
            }
        }
    }

    private static Map<String, Set<String>> owners(ObjectNode object) {
        Map<String, Set<String>> owners = new TreeMap<>();
        String before = "";
        for (JsonNode entry : object.path("metadata").path("managedFields")) {
            assertThat(entry.path("operation").asText()).isEqualTo("Apply");
            String place =
                    entry.path("time").asText("") + " " + entry.path("manager").asText();
            assertThat(place).isGreaterThan(before);
            before = place;
            Set<String> paths = new TreeSet<>();
            fields("", entry.path("fieldsV1"), paths);
            owners.put(entry.path("manager").asText(), paths);
        }
        return owners;
    }

    private static void fields(String path, JsonNode fields, Set<String> paths) {
        for (Map.Entry<String, JsonNode> member : fields.properties()) {
            String at = path + "/" + member.getKey();
            if (member.getValue().isEmpty()) {
                paths.add(at);
            } else {
                fields(at, member.getValue(), paths);
            }
        }
    }
}
