package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.JsonSyntax;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A JSON patch (RFC 6902): operations done one after the other, all or none.
 *
 * <p>It is as lenient as the reference: {@code replace} adds a member that is missing, {@code add} without a value adds null,
 * {@code copy} of a missing member copies null, indexes may count from the end and be spelt {@code 01} or {@code +1}, and what
 * stands before a path's first slash is ignored.
 */
public final class JsonPatch {
    /** How many operations one patch may have. */
    public static final int MAX_OPERATIONS = 10_000;

    /** How many bytes the {@code copy} operations of one patch may add. */
    static final int MAX_COPIED_BYTES = 3 * 1024 * 1024;

    private static final String FAILED = "the server rejected our request due to an error in our request";

    private final List<ObjectNode> operations;
    private final List<String> strictErrors;

    private JsonPatch(List<ObjectNode> operations, List<String> strictErrors) {
        this.operations = operations;
        this.strictErrors = strictErrors;
    }

    /**
     * Reads a patch.
     *
     * @param lenient whether nobody wants to know of members without a meaning
     * @throws StatusException 400 if the body is not a list of operations, 413 if there are more than {@link #MAX_OPERATIONS}
     */
    public static JsonPatch parse(byte[] body, boolean lenient) {
        return of(PatchBody.read(body, lenient ? "" : "error decoding patch: "), lenient);
    }

    /** A patch that is a tree already; not changed by this class. */
    public static JsonPatch of(JsonNode tree, boolean lenient) {
        if (!tree.isArray() && !tree.isNull()) {
            throw noPatch(tree, lenient, "[]handlers.jsonPatchOp", "jsonpatch.Patch");
        }
        List<ObjectNode> operations = new ArrayList<>();
        List<String> strictErrors = new ArrayList<>();
        if (!lenient) {
            JsonSyntax.repeated(tree).forEach(each -> strictErrors.add("json patch " + each));
        }
        for (JsonNode each : tree) {
            operations.add(operation(each, operations.size(), strictErrors, lenient));
        }
        if (operations.size() > MAX_OPERATIONS) {
            throw StatusException.of(
                    413,
                    "RequestEntityTooLarge",
                    "Request entity too large: The allowed maximum operations in a JSON patch is %d, got %d"
                            .formatted(MAX_OPERATIONS, operations.size()),
                    null);
        }
        return new JsonPatch(List.copyOf(operations), List.copyOf(strictErrors));
    }

    private static StatusException noPatch(JsonNode tree, boolean lenient, String strictType, String lenientType) {
        return StatusException.badRequest("%sjson: cannot unmarshal %s into Go value of type %s"
                .formatted(
                        lenient ? "" : "error decoding patch: ",
                        PatchBody.typeOf(tree),
                        lenient ? lenientType : strictType));
    }

    private static ObjectNode operation(JsonNode tree, int index, List<String> strictErrors, boolean lenient) {
        if (tree.isNull()) {
            return Json.object();
        }
        if (!(tree instanceof ObjectNode operation)) {
            throw noPatch(tree, lenient, "handlers.jsonPatchOp", "jsonpatch.Operation");
        }
        if (lenient) {
            return operation;
        }
        for (Map.Entry<String, JsonNode> member : operation.properties()) {
            switch (member.getKey()) {
                case "op", "path", "from" -> {
                    if (!member.getValue().isTextual() && !member.getValue().isNull()) {
                        throw StatusException.badRequest(
                                "error decoding patch: json: cannot unmarshal %s into Go struct field jsonPatchOp.%s of type string"
                                        .formatted(PatchBody.typeOf(member.getValue()), member.getKey()));
                    }
                }
                case "value" -> {}
                default -> strictErrors.add("json patch unknown field \"[%d].%s\"".formatted(index, member.getKey()));
            }
        }
        return operation;
    }

    /** A text for each member that has no meaning or was given twice; to be warned of, or to be refused by strict validation. */
    public List<String> strictErrors() {
        return strictErrors;
    }

    /**
     * The document after all operations. The argument is left as it is.
     *
     * @throws StatusException 422 if an operation fails
     */
    public Patched apply(JsonNode document) {
        Application application = new Application(document.deepCopy());
        try {
            operations.forEach(application::run);
        } catch (JsonPatchProblem e) {
            throw failed();
        }
        JsonNode root = application.root;
        return new Patched(root, () -> application.written.text(root));
    }

    /**
     * The document after all operations. The argument is left as it is.
     *
     * @throws JsonPatchProblem if an operation fails
     */
    public JsonNode explain(JsonNode document) {
        Application application = new Application(document.deepCopy());
        operations.forEach(application::run);
        return application.root;
    }

    private static StatusException failed() {
        return StatusException.of(422, "Invalid", FAILED, new StatusDetails());
    }

    /** One run over one document. */
    private static final class Application {
        private final WrittenTree written = new WrittenTree();
        private JsonNode root;
        private long copied;

        Application(JsonNode root) {
            this.root = root;
            written.open(root);
        }

        void run(ObjectNode operation) {
            JsonNode value = Optional.ofNullable(operation.get("value")).orElse(NullNode.getInstance());
            String path = operation.path("path").textValue();
            String op = operation.path("op").asText();
            switch (op) {
                case "add" -> {
                    Place place = place(path, "add operation does not apply: doc is missing path: \"%s\"");
                    inside("add", path, () -> place.add(value.deepCopy()));
                }
                case "remove" -> {
                    Place place = place(path, "remove operation does not apply: doc is missing path: \"%s\"");
                    inside("remove", path, place::remove);
                }
                case "replace" -> replace(path, value.deepCopy());
                case "move" -> {
                    String source = operation.path("from").textValue();
                    Place from = place(source, "move operation does not apply: doc is missing from path: %s");
                    JsonNode[] moved = new JsonNode[1];
                    inside("move", path, () -> {
                        moved[0] = from.get();
                        from.remove();
                    });
                    Place place = place(path, "move operation does not apply: doc is missing destination path: %s");
                    inside("move", path, () -> place.add(moved[0]));
                }
                case "copy" -> {
                    String from = operation.path("from").textValue();
                    JsonNode source = place(from, "copy operation does not apply: doc is missing from path: %s")
                            .get();
                    count(source);
                    Place place = place(path, "copy operation does not apply: doc is missing destination path: %s");
                    inside("copy", path, () -> place.add(written.copy(source)));
                }
                case "test" -> test(path, value, operation.has("value"));
                default -> throw JsonPatchProblem.of("Unexpected kind: " + op);
            }
        }

        private static void inside(String op, @Nullable String path, Runnable step) {
            try {
                step.run();
            } catch (JsonPatchProblem e) {
                throw JsonPatchProblem.of("error in %s for path: '%s': %s".formatted(op, path, e.detail()));
            }
        }

        private void replace(@Nullable String path, JsonNode value) {
            if (path != null && path.isEmpty()) {
                if (!value.isContainerNode()) {
                    throw JsonPatchProblem.of("replace operation hit an unexpected kind");
                }
                root = value;
                written.open(root);
                return;
            }
            Place place = place(path, "replace operation does not apply: doc is missing path: %s");
            try {
                place.get();
            } catch (JsonPatchProblem e) {
                throw JsonPatchProblem.of(
                        "replace operation does not apply: doc is missing key: %s: missing value".formatted(path));
            }
            place.set(value);
        }

        private void test(@Nullable String path, JsonNode expected, boolean given) {
            JsonNode actual = path != null && path.isEmpty()
                    ? root
                    : place(path, "test operation does not apply: is missing path: %s")
                            .get();
            if (!actual.equals(Application::compareWritten, expected) || (!given && !actual.isNull())) {
                throw JsonPatchProblem.ofTest("testing value %s failed".formatted(path));
            }
            written.openAll(actual);
        }

        /** Numbers are the same if they are written alike. */
        private static int compareWritten(JsonNode one, JsonNode other) {
            return one.isNumber() && other.isNumber()
                    ? JsonSyntax.literal(one).compareTo(JsonSyntax.literal(other))
                    : one.equals(other) ? 0 : 1;
        }

        private void count(JsonNode source) {
            copied += Json.write(source).length;
            if (copied > MAX_COPIED_BYTES) {
                throw JsonPatchProblem.of("Unable to complete the copy, the accumulated size increase is too large");
            }
        }

        /** Where a path leads: an existing object or list, and a key in it. */
        private Place place(@Nullable String path, String missing) {
            String[] parts = path == null ? new String[0] : path.split("/", -1);
            if (parts.length < 2) {
                throw missing(path, missing);
            }
            JsonNode container = root;
            for (int i = 1; i < parts.length - 1; i++) {
                try {
                    container = new Place(container, decode(parts[i])).get();
                } catch (JsonPatchProblem e) {
                    throw missing(path, missing);
                }
                written.open(container);
            }
            if (!container.isContainerNode()) {
                throw missing(path, missing);
            }
            return new Place(container, decode(parts[parts.length - 1]));
        }

        private static JsonPatchProblem missing(@Nullable String path, String message) {
            return JsonPatchProblem.of(message.formatted(path) + ": missing value");
        }

        private static String decode(String part) {
            return part.replace("~1", "/").replace("~0", "~");
        }
    }

    /** A member of an object or an element of a list, there or not. */
    private record Place(JsonNode container, String key) {
        JsonNode get() {
            if (container instanceof ObjectNode object) {
                JsonNode value = object.get(key);
                return value == null ? NullNode.getInstance() : value;
            }
            if (container instanceof ArrayNode list) {
                return list.get(index(list.size()));
            }
            throw JsonPatchProblem.of("missing value");
        }

        void set(JsonNode value) {
            if (container instanceof ObjectNode object) {
                object.set(key, value);
            } else if (container instanceof ArrayNode list) {
                list.set(index(list.size()), value);
            }
        }

        void add(JsonNode value) {
            if (container instanceof ObjectNode object) {
                object.set(key, value);
            } else if (container instanceof ArrayNode list) {
                list.insert(key.equals("-") ? list.size() : index(list.size() + 1), value);
            }
        }

        void remove() {
            if (container instanceof ObjectNode object) {
                if (object.remove(key) == null) {
                    throw JsonPatchProblem.of("Unable to remove nonexistent key: %s: missing value".formatted(key));
                }
            } else if (container instanceof ArrayNode list) {
                list.remove(index(list.size()));
            }
        }

        /** The index that the key names in a list of a length; negative keys count from the end. */
        private int index(int length) {
            try {
                int index = Integer.parseInt(key);
                int absolute = index < 0 ? index + length : index;
                if (absolute >= 0 && absolute < length) {
                    return absolute;
                }
            } catch (NumberFormatException e) {
                throw JsonPatchProblem.of("strconv.Atoi: parsing %s: invalid syntax".formatted(FieldError.quoted(key)));
            }
            throw JsonPatchProblem.of("Unable to access invalid index: %s: invalid index referenced".formatted(key));
        }
    }
}
