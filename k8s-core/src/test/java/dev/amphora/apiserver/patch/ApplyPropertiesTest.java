package dev.amphora.apiserver.patch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds of {@code managedFields} after any sequence of applies and updates by several managers. */
class ApplyPropertiesTest {
    private static final TypeSchema MAP = SchemaCatalogue.builtIn().type("", "v1", "ConfigMap");
    private static final List<String> KEYS = List.of("a", "b", "c", "d");

    /**
     * One write of one manager.
     *
     * @param data what it wants, or what it replaces the data by
     */
    record Write(String manager, boolean apply, boolean force, Map<String, String> data) {}

    @Provide
    Arbitrary<List<Write>> sequences() {
        Arbitrary<Map<String, String>> data =
                Arbitraries.maps(Arbitraries.of(KEYS), Arbitraries.of("1", "2")).ofMaxSize(4);
        return Combinators.combine(
                        Arbitraries.of("m1", "m2", "m3"),
                        Arbitraries.of(true, true, false),
                        Arbitraries.of(true, false),
                        data)
                .as(Write::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(8);
    }

    @Property(tries = 500)
    void everySequenceKeepsTheOwnersInOrder(@ForAll("sequences") List<Write> writes) {
        ObjectNode live = null;
        Model model = new Model();
        int second = 0;
        for (Write write : writes) {
            ObjectNode before = live;
            boolean refused = false;
            try {
                live = written(live, write, second++);
            } catch (StatusException e) {
                assertThat(e.code()).isEqualTo(409);
                refused = true;
            }
            assertThat(refused).as("%s of %s", write, writes).isEqualTo(!model.write(write));
            if (refused) {
                assertThat(live).isEqualTo(before);
                continue;
            }
            assertThat(data(live)).as("%s of %s", write, writes).isEqualTo(model.data);
            assertThat(owned(live)).as("%s of %s", write, writes).isEqualTo(model.owners);
            ObjectNode again = live;
            if (write.apply && !write.data.isEmpty()) {
                again = written(live, new Write(write.manager, true, false, write.data), second++);
                assertThat(again).as("the same again changes nothing").isEqualTo(live);
            }
            assertSorted(live.path("metadata").path("managedFields"));
        }
    }

    /** The same on plain maps: who owns which keys, and what they hold. */
    private static final class Model {
        private final Map<String, String> data = new TreeMap<>();
        private final Map<String, TreeSet<String>> owners = new TreeMap<>();
        private boolean exists;

        /** Whether the write is done. */
        boolean write(Write write) {
            String name = write.manager + (write.apply ? " Apply" : " Update");
            return write.apply ? apply(name, write) : update(name, write);
        }

        private boolean update(String name, Write write) {
            boolean tracked = !exists || !owners.isEmpty();
            boolean wasEmpty = data.isEmpty();
            TreeSet<String> changed = new TreeSet<>();
            write.data.forEach((key, value) -> {
                if (!value.equals(data.get(key))) {
                    changed.add(key);
                }
            });
            TreeSet<String> gone = new TreeSet<>(data.keySet());
            gone.removeAll(write.data.keySet());
            data.clear();
            data.putAll(write.data);
            exists = true;
            if (!tracked) {
                return true;
            }
            take(changed, null);
            take(gone, null);
            TreeSet<String> own = new TreeSet<>(changed);
            if (wasEmpty && !data.isEmpty()) {
                take(new TreeSet<>(List.of(".")), null);
                own.add(".");
            } else if (!wasEmpty && data.isEmpty()) {
                take(new TreeSet<>(List.of(".")), null);
            }
            if (!own.isEmpty()) {
                owners.computeIfAbsent(name, key -> new TreeSet<>()).addAll(own);
            }
            return true;
        }

        private boolean apply(String name, Write write) {
            boolean first = exists && owners.isEmpty() && !data.isEmpty();
            if (first) {
                TreeSet<String> all = new TreeSet<>(data.keySet());
                all.add(".");
                owners.put("before-first-apply Update", all);
            }
            TreeSet<String> changed = new TreeSet<>();
            write.data.forEach((key, value) -> {
                if (!value.equals(data.get(key))) {
                    changed.add(key);
                }
            });
            if (data.isEmpty() && !write.data.isEmpty()) {
                changed.add(".");
            }
            boolean conflict = owners.entrySet().stream()
                    .anyMatch(owner -> !owner.getKey().equals(name)
                            && owner.getValue().stream().anyMatch(changed::contains));
            if (conflict && !write.force) {
                if (first) {
                    owners.clear();
                }
                return false;
            }
            TreeSet<String> last = owners.getOrDefault(name, new TreeSet<>());
            TreeSet<String> own = new TreeSet<>(write.data.keySet());
            owners.remove(name);
            data.putAll(write.data);
            TreeSet<String> gone = new TreeSet<>(last);
            gone.removeAll(own);
            gone.removeIf(key -> owners.values().stream().anyMatch(fields -> fields.contains(key)));
            gone.forEach(data::remove);
            take(changed, name);
            take(gone, name);
            if (!own.isEmpty()) {
                owners.put(name, own);
            }
            exists = true;
            return true;
        }

        private void take(TreeSet<String> keys, String except) {
            owners.forEach((owner, fields) -> {
                if (!owner.equals(except)) {
                    fields.removeAll(keys);
                }
            });
            owners.values().removeIf(TreeSet::isEmpty);
        }
    }

    private static ObjectNode written(ObjectNode live, Write write, int second) {
        FieldManager manager = new FieldManager(
                MAP,
                "v1",
                "",
                write.manager,
                "2026-01-01T00:00:%02dZ".formatted(second),
                FieldFilter.ALL,
                FieldVersions.NONE);
        ObjectNode before = live == null ? complete(object(Map.of())) : live;
        ObjectNode result;
        if (write.apply) {
            result = complete(manager.apply(before, object(write.data), write.force));
        } else {
            result = complete(object(write.data));
            manager.update(before, result);
        }
        result.withObject("/metadata").put("uid", "u");
        return result;
    }

    private static ObjectNode complete(ObjectNode object) {
        ObjectNode result = CompleteForm.of(object, MAP);
        if (result.path("data").isEmpty()) {
            result.remove("data");
        }
        return result;
    }

    private static ObjectNode object(Map<String, String> data) {
        ObjectNode object = Json.object();
        object.put("kind", "ConfigMap").put("apiVersion", "v1").putObject("metadata");
        if (!data.isEmpty()) {
            ObjectNode members = object.putObject("data");
            new TreeMap<>(data).forEach(members::put);
        }
        return object;
    }

    private static Map<String, String> data(ObjectNode object) {
        Map<String, String> data = new TreeMap<>();
        object.path("data")
                .properties()
                .forEach(member -> data.put(member.getKey(), member.getValue().asText()));
        return data;
    }

    private static Map<String, TreeSet<String>> owned(ObjectNode object) {
        Map<String, TreeSet<String>> owned = new TreeMap<>();
        for (JsonNode entry : object.path("metadata").path("managedFields")) {
            TreeSet<String> fields = new TreeSet<>();
            if (entry.path("fieldsV1").path("f:data").isEmpty()) {
                fields.add(".");
            }
            entry.path("fieldsV1")
                    .path("f:data")
                    .fieldNames()
                    .forEachRemaining(name -> fields.add(name.equals(".") ? name : name.substring(2)));
            owned.put(
                    entry.path("manager").asText() + " "
                            + entry.path("operation").asText(),
                    fields);
        }
        return owned;
    }

    private static void assertSorted(JsonNode entries) {
        String before = "";
        for (JsonNode entry : entries) {
            String place = "%s %s %s"
                    .formatted(
                            entry.path("operation").asText(),
                            entry.path("time").asText(""),
                            entry.path("manager").asText());
            assertThat(place).isGreaterThan(before);
            assertThat(entry.path("fieldsV1").isEmpty()).isFalse();
            before = place;
        }
    }
}
