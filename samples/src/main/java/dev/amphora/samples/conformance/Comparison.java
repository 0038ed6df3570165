package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.samples.conformance.Placeholder.Template;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares what came with what was recorded. Objects must have the same members and arrays the same elements in the same order; a
 * placeholder takes any value of its kind and means that value from then on.
 */
final class Comparison {
    private final Bindings bindings;
    private final Set<String> ignored;
    private final boolean partial;
    private final List<String> differences = new ArrayList<>();

    /**
     * @param bindings what placeholders mean; grows
     * @param ignored paths that are not compared, such as {@code body.metadata.uid}
     * @param partial whether members that were not recorded are allowed
     */
    private Comparison(Bindings bindings, Set<String> ignored, boolean partial) {
        this.bindings = bindings;
        this.ignored = ignored;
        this.partial = partial;
    }

    /** Every difference, as text that begins with the path. */
    static List<String> of(JsonNode want, JsonNode got, Bindings bindings, String at) {
        return of(want, got, bindings, at, Set.of(), false);
    }

    /** Every difference but at the ignored paths; {@code partial} allows members that were not recorded. */
    static List<String> of(
            JsonNode want, JsonNode got, Bindings bindings, String at, Set<String> ignored, boolean partial) {
        Comparison comparison = new Comparison(bindings, ignored, partial);
        comparison.compare(want, got, at);
        return comparison.differences;
    }

    static List<String> of(String want, @Nullable String got, Bindings bindings, String at) {
        return of(TextNode.valueOf(want), TextNode.valueOf(got == null ? "" : got), bindings, at);
    }

    private void compare(JsonNode want, JsonNode got, String at) {
        if (ignored.contains(at)) {
            return;
        }
        if (want.isTextual()) {
            compareText(want.textValue(), got, at);
        } else if (want.isObject()) {
            compareObjects(want, got, at);
        } else if (want.isArray()) {
            compareArrays(want, got, at);
        } else if (!sameScalar(want, got)) {
            differ(at, "want %s, got %s".formatted(Trees.brief(want), Trees.brief(got)));
        }
    }

    private void compareObjects(JsonNode want, JsonNode got, String at) {
        if (!got.isObject()) {
            differ(at, "want an object, got %s".formatted(Trees.brief(got)));
            return;
        }
        Set<String> seen = new HashSet<>();
        for (Map.Entry<String, JsonNode> member : Trees.members(want)) {
            String name = nameIn(got, member.getKey(), want, at);
            String path = at + "." + name;
            seen.add(name);
            if (got.has(name)) {
                compare(member.getValue(), got.get(name), path);
            } else if (!ignored.contains(path)) {
                differ(path, "missing, want %s".formatted(Trees.brief(member.getValue())));
            }
        }
        if (partial) {
            return;
        }
        for (Map.Entry<String, JsonNode> member : Trees.members(got)) {
            String path = at + "." + member.getKey();
            if (!seen.contains(member.getKey()) && !ignored.contains(path)) {
                differ(path, "not expected, got %s".formatted(Trees.brief(member.getValue())));
            }
        }
    }

    /** The name in {@code got} of the member that the recording calls {@code key}: names can contain placeholders too. */
    private String nameIn(JsonNode got, String key, JsonNode want, String at) {
        String name = bindings.fill(key);
        if (got.has(name) || !Placeholder.in(name)) {
            return name;
        }
        Template template = Template.of(name);
        List<String> hits = new ArrayList<>();
        got.fieldNames().forEachRemaining(each -> {
            if (!want.has(each) && template.match(each) != null) {
                hits.add(each);
            }
        });
        if (hits.size() != 1) {
            return name;
        }
        compareText(key, TextNode.valueOf(hits.get(0)), at + "." + key + ": (name)");
        return hits.get(0);
    }

    private void compareArrays(JsonNode want, JsonNode got, String at) {
        if (!got.isArray()) {
            differ(at, "want an array, got %s".formatted(Trees.brief(got)));
        } else if (want.size() != got.size()) {
            differ(
                    at,
                    "want %d elements, got %d: %s / %s"
                            .formatted(want.size(), got.size(), Trees.brief(want), Trees.brief(got)));
        } else {
            for (int i = 0; i < want.size(); i++) {
                compare(want.get(i), got.get(i), at + "[" + i + "]");
            }
        }
    }

    private void compareText(String want, JsonNode got, String at) {
        Placeholder place = Placeholder.whole(want);
        if (place != null && place.standsForAnything()) {
            return;
        }
        if (place != null && got.isValueNode() && !got.isNull()) {
            String why = place.fits(got.asText()) ? bindings.bind(place, got) : "want %s, got %s".formatted(want, got);
            if (why != null) {
                differ(at, why);
            }
            return;
        }
        if (!got.isTextual()) {
            differ(at, "want \"%s\", got %s".formatted(want, Trees.brief(got)));
            return;
        }
        String text = got.textValue();
        if (!want.equals(text)) {
            compareMasked(Masks.apply(want), Masks.apply(text), at);
        }
    }

    private void compareMasked(String want, String got, String at) {
        if (!Placeholder.in(want)) {
            if (!want.equals(got)) {
                differ(at, "want \"%s\", got \"%s\"".formatted(want, got));
            }
            return;
        }
        Template template = Template.of(want);
        List<String> values = template.match(got);
        if (values == null) {
            differ(at, "want \"%s\", got \"%s\"".formatted(want, got));
            return;
        }
        for (int i = 0; i < values.size(); i++) {
            String why = bindings.bind(template.places().get(i), TextNode.valueOf(values.get(i)));
            if (why != null) {
                differ(at, why);
            }
        }
    }

    /** Numbers are equal by value, however they are written. */
    private static boolean sameScalar(JsonNode want, JsonNode got) {
        if (want.isNumber() && got.isNumber()) {
            boolean integers = want.isIntegralNumber() && got.isIntegralNumber();
            return integers
                    ? want.bigIntegerValue().equals(got.bigIntegerValue())
                    : want.doubleValue() == got.doubleValue();
        }
        return want.equals(got);
    }

    private void differ(String at, String how) {
        differences.add(at + ": " + how);
    }
}
