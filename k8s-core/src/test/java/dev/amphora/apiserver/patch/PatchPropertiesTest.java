package dev.amphora.apiserver.patch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random JSON and merge patches do what small models on plain maps and lists do. */
class PatchPropertiesTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final List<String> NAMES = List.of("a", "b", "c");
    private static final List<String> STEPS = List.of("a", "b", "c", "0", "1", "-", "-1");

    @Property(tries = 500)
    void mergePatchesReplaceMemberByMember(@ForAll long seed) {
        Source source = new Source(new Random(seed));
        Map<String, Object> document = source.map(3);
        Map<String, Object> patch = source.map(3);
        Patched patched = MergePatch.of(tree(patch), false).apply((ObjectNode) tree(document));
        assertThat(plain(patched.tree())).isEqualTo(merged(document, patch));
        assertThat(Json.read(patched.shown().get().getBytes(UTF_8))).isEqualTo(patched.tree());
    }

    @Property(tries = 1000)
    void jsonPatchesDoOneOperationAfterTheOther(@ForAll long seed) {
        Source source = new Source(new Random(seed));
        Map<String, Object> document = source.map(3);
        List<Map<String, Object>> operations = source.operations();
        JsonNode before = tree(document);
        Object expected;
        try {
            expected = new Model(copy(document)).run(operations);
        } catch (IllegalStateException e) {
            expected = null;
        }
        Object actual;
        try {
            Patched patched = JsonPatch.of(tree(operations), false).apply(before);
            assertThat(Json.read(patched.shown().get().getBytes(UTF_8))).isEqualTo(patched.tree());
            actual = plain(patched.tree());
        } catch (StatusException e) {
            assertThat(e.code()).isEqualTo(422);
            actual = null;
        }
        assertThat(actual).as("%s of %s", operations, document).isEqualTo(expected);
        assertThat(before).isEqualTo(tree(document));
    }

    /** Random documents and operations. */
    private record Source(Random random) {
        Object value(int depth) {
            int kind = random.nextInt(depth > 0 ? 8 : 6);
            return switch (kind) {
                case 0 -> null;
                case 1 -> "x";
                case 2 -> "y";
                case 3 -> 1;
                case 4 -> 2;
                case 5 -> true;
                case 6 -> map(depth - 1);
                default -> {
                    List<Object> list = new ArrayList<>();
                    for (int i = random.nextInt(4); i > 0; i--) {
                        list.add(value(depth - 1));
                    }
                    yield list;
                }
            };
        }

        Map<String, Object> map(int depth) {
            Map<String, Object> map = new LinkedHashMap<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                map.put(NAMES.get(random.nextInt(NAMES.size())), value(depth));
            }
            return map;
        }

        private String path() {
            StringBuilder path = new StringBuilder();
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                path.append('/').append(STEPS.get(random.nextInt(STEPS.size())));
            }
            return path.toString();
        }

        List<Map<String, Object>> operations() {
            List<Map<String, Object>> operations = new ArrayList<>();
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                Map<String, Object> operation = new LinkedHashMap<>();
                String name = List.of("add", "remove", "replace", "move", "copy", "test")
                        .get(random.nextInt(6));
                operation.put("op", name);
                operation.put("path", path());
                if (name.equals("move") || name.equals("copy")) {
                    operation.put("from", path());
                } else if (!name.equals("remove")) {
                    operation.put("value", value(2));
                }
                operations.add(operation);
            }
            return operations;
        }
    }

    private static JsonNode tree(Object value) {
        return MAPPER.valueToTree(value);
    }

    private static Object plain(JsonNode tree) {
        return MAPPER.convertValue(tree, Object.class);
    }

    private static Object copy(Object value) {
        return plain(tree(value));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> merged(Map<String, Object> document, Map<String, Object> patch) {
        Map<String, Object> result = new LinkedHashMap<>(document);
        patch.forEach((name, value) -> {
            Object current = result.get(name);
            if (value == null) {
                result.remove(name);
            } else if (current instanceof Map && value instanceof Map) {
                result.put(name, merged((Map<String, Object>) current, (Map<String, Object>) value));
            } else {
                result.put(name, current instanceof Map ? value : withoutNulls(value));
            }
        });
        return result;
    }

    private static Object withoutNulls(Object value) {
        if (value instanceof List<?> list) {
            List<Object> result = new ArrayList<>();
            list.forEach(item -> result.add(withoutNulls(item)));
            return result;
        }
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> result = new LinkedHashMap<>();
            map.forEach((name, member) -> {
                if (member != null) {
                    result.put(name, withoutNulls(member));
                }
            });
            return result;
        }
        return value;
    }

    /** A JSON patch on maps and lists; an {@link IllegalStateException} is a failed operation. */
    private record Model(Object root) {
        Object run(List<Map<String, Object>> operations) {
            for (Map<String, Object> operation : operations) {
                List<String> path = steps(operation.get("path"));
                Object value = copy(operation.get("value"));
                switch ((String) operation.get("op")) {
                    case "add" -> add(path, value);
                    case "remove" -> remove(path);
                    case "replace" -> {
                        get(path);
                        replace(path, value);
                    }
                    case "move" -> {
                        List<String> from = steps(operation.get("from"));
                        Object moved = get(from);
                        remove(from);
                        add(path, moved);
                    }
                    case "copy" -> add(path, copy(get(steps(operation.get("from")))));
                    default -> {
                        Object found = get(path);
                        if (found == null ? value != null : !found.equals(value)) {
                            throw new IllegalStateException("differs");
                        }
                    }
                }
            }
            return root;
        }

        private static List<String> steps(Object path) {
            return List.of(((String) path).substring(1).split("/", -1));
        }

        private Object holder(List<String> path) {
            Object at = root;
            for (String step : path.subList(0, path.size() - 1)) {
                at = member(at, step);
            }
            if (!(at instanceof Map) && !(at instanceof List)) {
                throw new IllegalStateException("nothing can be there");
            }
            return at;
        }

        private static Object member(Object holder, String step) {
            if (holder instanceof Map<?, ?> map) {
                return map.get(step);
            }
            if (holder instanceof List<?> list) {
                return list.get(index(step, list.size()));
            }
            throw new IllegalStateException("nothing can be there");
        }

        private static int index(String step, int size) {
            int index = step.matches("-?\\d+") ? Integer.parseInt(step) : size;
            index = index < 0 ? index + size : index;
            if (index < 0 || index >= size) {
                throw new IllegalStateException("no such element");
            }
            return index;
        }

        private static String last(List<String> path) {
            return path.get(path.size() - 1);
        }

        private Object get(List<String> path) {
            return member(holder(path), last(path));
        }

        @SuppressWarnings("unchecked")
        private void add(List<String> path, Object value) {
            Object holder = holder(path);
            if (holder instanceof Map) {
                ((Map<String, Object>) holder).put(last(path), value);
            } else {
                List<Object> list = (List<Object>) holder;
                list.add(last(path).equals("-") ? list.size() : index(last(path), list.size() + 1), value);
            }
        }

        @SuppressWarnings("unchecked")
        private void replace(List<String> path, Object value) {
            Object holder = holder(path);
            if (holder instanceof Map) {
                ((Map<String, Object>) holder).put(last(path), value);
            } else {
                List<Object> list = (List<Object>) holder;
                list.set(index(last(path), list.size()), value);
            }
        }

        private void remove(List<String> path) {
            Object holder = holder(path);
            if (holder instanceof Map<?, ?> map) {
                if (!map.containsKey(last(path))) {
                    throw new IllegalStateException("nothing is there");
                }
                map.remove(last(path));
            } else {
                List<?> list = (List<?>) holder;
                list.remove(index(last(path), list.size()));
            }
        }
    }
}
