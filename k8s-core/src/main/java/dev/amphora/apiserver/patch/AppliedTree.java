package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.apiserver.schema.FieldSchema;
import dev.amphora.apiserver.schema.TypeSchema;
import dev.amphora.apiserver.schema.TypeSchema.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A tree merged into another by the rules of server-side apply, without anybody owning it. */
public final class AppliedTree {
    private AppliedTree() {}

    /** What does not fit the type, each with its path. */
    public static List<String> problems(JsonNode wanted, TypeSchema type) {
        return TypeProblems.of(wanted, type);
    }

    /** The paths of maps and lists that could be changed as a whole only. */
    public static List<String> atomics(JsonNode wanted, TypeSchema type) {
        List<String> found = new ArrayList<>();
        atomics(wanted, type, "", found);
        return found;
    }

    private static void atomics(JsonNode value, @Nullable TypeSchema type, String path, List<String> found) {
        if (type == null || !value.isContainerNode()) {
            return;
        }
        if (TypedTree.isAtomicContainer(type)) {
            found.add(path);
        }
        for (Map.Entry<String, JsonNode> member : value.properties()) {
            TypeSchema below = type.kind() == Kind.MAP
                    ? type.element()
                    : type.field(member.getKey()).map(FieldSchema::type).orElse(null);
            atomics(member.getValue(), below, path + "." + member.getKey(), found);
        }
        for (int i = 0; value.isArray() && i < value.size(); i++) {
            atomics(value.get(i), type.kind() == Kind.LIST ? type.element() : null, path + "[" + i + "]", found);
        }
    }

    /** What is there with what is wanted merged in; neither is changed. */
    public static JsonNode merge(JsonNode live, JsonNode wanted, TypeSchema type) {
        return TypedTree.merge(live, wanted, type).deepCopy();
    }
}
