package dev.amphora.apiserver.patch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Random strategic merge patches with their directives do to a pod template what a small model does to plain maps.
 *
 * <p>{@code -Dproperty.patches=10000} says how many; by default a few.
 */
@SuppressWarnings("unchecked")
class StrategicMergePropertiesTest {
    private static final int PATCHES = Integer.getInteger("property.patches", 1_000);
    private static final long SEED = Long.getLong("property.seed", 1);
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final TypeSchema TYPE = SchemaCatalogue.builtIn().type("", "v1", "Pod");

    /** The lists that merge, and the member that tells their elements apart; the empty text for lists of scalars. */
    private static final Map<String, String> KEYS = Map.of(
            "containers", "name", "env", "name", "volumes", "name", "volumeMounts", "mountPath", "finalizers", "");

    @Test
    void patchesDoWhatTheModelDoes() throws Exception {
        for (int i = 0; i < PATCHES; i++) {
            Source source = new Source(new Random(SEED * 1_000_003 + i));
            Map<String, Object> pod = source.pod(false);
            Map<String, Object> patch = source.pod(true);
            String about = "seed %s:%s\n%s\npatched by\n%s"
                    .formatted(SEED, i, MAPPER.writeValueAsString(pod), MAPPER.writeValueAsString(patch));
            ObjectNode document = MAPPER.valueToTree(pod);
            ObjectNode before = document.deepCopy();

            Map<String, Object> patched = MAPPER.convertValue(
                    StrategicMergePatch.of(MAPPER.valueToTree(patch))
                            .apply(document, TYPE)
                            .tree(),
                    Map.class);

            assertThat(document).as(about).isEqualTo(before);
            assertThat(unordered(patched)).as(about).isEqualTo(unordered(merged(copy(pod), copy(patch))));
            assertOrders(patched, patch, about);
        }
    }

    /** Merges a patch as its description says; the order of what is merged by key is left open. */
    private static Map<String, Object> merged(Map<String, Object> target, Map<String, Object> patch) {
        Object directive = patch.remove("$patch");
        if ("replace".equals(directive)) {
            return patch;
        }
        if ("delete".equals(directive)) {
            return new LinkedHashMap<>();
        }
        if (patch.remove("$retainKeys") instanceof List<?> kept) {
            target.keySet().removeIf(name -> !kept.contains(name));
        }
        for (String name : new ArrayList<>(patch.keySet())) {
            if (name.startsWith("$deleteFromPrimitiveList/")
                    && target.get(name.substring(name.indexOf('/') + 1)) instanceof List<?> list) {
                list.removeAll((List<?>) patch.get(name));
            }
        }
        patch.keySet().removeIf(name -> name.startsWith("$"));
        patch.forEach((name, value) -> {
            Object current = target.get(name);
            if (value == null) {
                target.remove(name);
            } else if (current instanceof Map && value instanceof Map) {
                target.put(name, merged((Map<String, Object>) current, (Map<String, Object>) value));
            } else if (current instanceof List && KEYS.containsKey(name)) {
                target.put(name, mergedList((List<Object>) current, (List<Object>) value, KEYS.get(name)));
            } else {
                Object plain = withoutDirectives(value);
                if (plain != null) {
                    target.put(name, plain);
                }
            }
        });
        return target;
    }

    private static List<Object> mergedList(List<Object> current, List<Object> patch, String key) {
        if (key.isEmpty()) {
            List<Object> union = new ArrayList<>(current);
            patch.stream().filter(value -> !current.contains(value)).forEach(union::add);
            return union;
        }
        List<Map<String, Object>> items = new ArrayList<>();
        boolean replace = false;
        Map<Object, Map<String, Object>> result = new LinkedHashMap<>();
        current.forEach(item -> result.put(((Map<String, Object>) item).get(key), (Map<String, Object>) item));
        for (Object each : patch) {
            Map<String, Object> item = (Map<String, Object>) each;
            if ("delete".equals(item.get("$patch"))) {
                result.remove(item.get(key));
            } else if ("replace".equals(item.get("$patch"))) {
                replace = true;
            } else {
                items.add(item);
            }
        }
        if (replace) {
            return new ArrayList<>(items);
        }
        for (Map<String, Object> item : items) {
            Map<String, Object> known = result.get(item.get(key));
            result.put(item.get(key), known == null ? item : merged(known, item));
        }
        return new ArrayList<>(result.values());
    }

    /** What is left of a value that met nothing: nulls and whatever is only there to direct go. */
    private static Object withoutDirectives(Object value) {
        if (value instanceof Map<?, ?> map) {
            if (map.containsKey("$patch")) {
                return null;
            }
            Map<String, Object> result = new LinkedHashMap<>();
            map.forEach((name, member) -> {
                Object plain = member == null ? null : withoutDirectives(member);
                if (plain != null) {
                    result.put((String) name, plain);
                }
            });
            return result;
        }
        if (value instanceof List<?> list) {
            List<Object> result = new ArrayList<>();
            list.forEach(item -> {
                Object plain = withoutDirectives(item);
                if (plain != null) {
                    result.add(plain);
                }
            });
            return result;
        }
        return value;
    }

    /** Lists that merge become maps and sets. What decoding drops, in elements that are new, is dropped: nulls and directives. */
    private static Object unordered(Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            return value;
        }
        Map<Object, Object> result = new TreeMap<>();
        map.forEach((name, member) -> {
            String key = KEYS.get(name);
            if (member == null || ((String) name).startsWith("$")) {
                return;
            }
            if (member instanceof List<?> list && key != null) {
                if (key.isEmpty()) {
                    result.put(name, new TreeSet<>(list));
                } else {
                    Map<Object, Object> items = new TreeMap<>();
                    list.stream()
                            .filter(item -> !((Map<?, ?>) item).containsKey("$patch"))
                            .forEach(item -> items.put(((Map<?, ?>) item).get(key), unordered(item)));
                    result.put(name, items);
                }
            } else {
                result.put(name, unordered(member));
            }
        });
        return result;
    }

    /** Elements that an order names stand in that order. */
    private static void assertOrders(Map<String, Object> patched, Map<String, Object> patch, String about) {
        patch.forEach((directive, value) -> {
            if (directive.startsWith("$setElementOrder/")) {
                String list = directive.substring(directive.indexOf('/') + 1);
                String key = KEYS.get(list);
                List<Object> order = keys((List<Object>) value, key);
                List<Object> actual = keys((List<Object>) patched.getOrDefault(list, List.of()), key);
                actual.retainAll(order);
                List<Object> expected = new ArrayList<>(order);
                expected.retainAll(actual);
                assertThat(actual).as(about).isEqualTo(expected);
            } else if (value instanceof Map && patched.get(directive) instanceof Map) {
                assertOrders((Map<String, Object>) patched.get(directive), (Map<String, Object>) value, about);
            }
        });
    }

    private static List<Object> keys(List<Object> items, String key) {
        List<Object> keys = new ArrayList<>();
        items.forEach(item -> keys.add(key.isEmpty() ? item : ((Map<?, ?>) item).get(key)));
        return keys;
    }

    private static Map<String, Object> copy(Map<String, Object> map) {
        return MAPPER.convertValue(MAPPER.valueToTree(map), Map.class);
    }

    /** Random pods, and patches for them. */
    record Source(Random random) {
        Map<String, Object> pod(boolean patch) {
            Map<String, Object> pod = new LinkedHashMap<>();
            pod.put("metadata", metadata(patch));
            Map<String, Object> spec = new LinkedHashMap<>();
            maybe(spec, "nodeName", patch, () -> text());
            maybe(spec, "nodeSelector", patch, () -> map(patch, "x", "y"));
            list(spec, "containers", patch, this::container);
            list(spec, "volumes", patch, this::volume);
            pod.put("spec", spec);
            return pod;
        }

        private Map<String, Object> metadata(boolean patch) {
            Map<String, Object> metadata = new LinkedHashMap<>();
            maybe(metadata, "labels", patch, () -> map(patch, "a", "b", "c"));
            List<Object> finalizers = some("f1", "f2", "f3", "f4");
            if (!finalizers.isEmpty()) {
                metadata.put("finalizers", finalizers);
            }
            if (patch && random.nextInt(3) == 0) {
                List<Object> deleted = some("f1", "f2", "f3");
                deleted.removeAll(finalizers);
                metadata.put("$deleteFromPrimitiveList/finalizers", deleted);
            }
            if (patch && !finalizers.isEmpty() && random.nextInt(2) == 0) {
                List<Object> order = new ArrayList<>(finalizers);
                metadata.put("$setElementOrder/finalizers", order);
            }
            return metadata;
        }

        private Map<String, Object> container(boolean patch) {
            Map<String, Object> container = new LinkedHashMap<>();
            maybe(container, "image", patch, () -> text());
            maybe(container, "args", patch, () -> new ArrayList<>(some("1", "2", "3")));
            list(container, "env", patch, nested -> {
                Map<String, Object> variable = new LinkedHashMap<>();
                maybe(variable, "value", nested, () -> text());
                return variable;
            });
            list(container, "volumeMounts", patch, nested -> {
                Map<String, Object> mount = new LinkedHashMap<>();
                maybe(mount, "subPath", nested, () -> text());
                return mount;
            });
            return container;
        }

        private Map<String, Object> volume(boolean patch) {
            Map<String, Object> volume = new LinkedHashMap<>();
            String source = random.nextBoolean() ? "emptyDir" : "hostPath";
            volume.put(source, map(false, "medium", "path"));
            if (patch && random.nextInt(2) == 0) {
                volume.put("$retainKeys", new ArrayList<>(List.of("name", source)));
            }
            return volume;
        }

        private interface Maker {
            Map<String, Object> make(boolean patch);
        }

        /** A list that merges, its directives with it. */
        private void list(Map<String, Object> holder, String name, boolean patch, Maker maker) {
            if (random.nextInt(4) == 0) {
                return;
            }
            String key = KEYS.get(name);
            List<Object> items = new ArrayList<>();
            List<Object> order = new ArrayList<>();
            for (Object value : some("a", "b", "c", "d")) {
                Map<String, Object> item = maker.make(patch);
                item.put(key, value);
                if (patch && random.nextInt(5) == 0) {
                    item.clear();
                    item.put("$patch", "delete");
                    item.put(key, value);
                } else {
                    order.add(new LinkedHashMap<>(Map.of(key, value)));
                }
                items.add(item);
            }
            if (patch && random.nextInt(10) == 0) {
                items.add(0, new LinkedHashMap<>(Map.of("$patch", "replace")));
            } else if (patch && !items.isEmpty() && random.nextInt(2) == 0) {
                holder.put("$setElementOrder/" + name, order);
            }
            if (!items.isEmpty()) {
                holder.put(name, items);
            }
        }

        private Map<String, Object> map(boolean patch, String... names) {
            Map<String, Object> map = new LinkedHashMap<>();
            for (Object name : some(names)) {
                map.put((String) name, patch && random.nextInt(4) == 0 ? null : text());
            }
            if (patch && random.nextInt(8) == 0) {
                map.put("$patch", random.nextBoolean() ? "replace" : "delete");
                map.values().removeIf(value -> value == null);
            }
            return map;
        }

        private void maybe(
                Map<String, Object> holder, String name, boolean patch, java.util.function.Supplier<Object> value) {
            if (random.nextInt(2) == 0) {
                holder.put(name, patch && random.nextInt(6) == 0 ? null : value.get());
            }
        }

        private String text() {
            return "v" + random.nextInt(3);
        }

        private List<Object> some(String... values) {
            List<Object> result = new ArrayList<>();
            for (String value : values) {
                if (random.nextBoolean()) {
                    result.add(random.nextInt(result.size() + 1), value);
                }
            }
            return result;
        }
    }
}
