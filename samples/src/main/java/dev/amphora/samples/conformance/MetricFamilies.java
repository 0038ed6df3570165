package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Metrics: every recorded family that the server shows has the recorded type and stability and no label that wasn't recorded. A family
 * appears only after its first sample.
 */
final class MetricFamilies {
    private static final Pattern COMMENT = Pattern.compile("# (HELP|TYPE) (\\S+) (.*)");
    private static final Pattern STABILITY = Pattern.compile("\\[(ALPHA|BETA|STABLE|INTERNAL)\\].*");
    private static final Pattern SAMPLE = Pattern.compile("[a-zA-Z_:0-9]+(\\{(.*)\\})?\\s.*");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z_0-9]+)=\"");
    private static final Set<String> OF_BUCKETS = Set.of("le", "quantile");

    private final Map<String, JsonNode> types = new HashMap<>();
    private final Map<String, JsonNode> stabilities = new HashMap<>();
    private final Map<String, Set<String>> labels = new HashMap<>();

    private MetricFamilies(String text) {
        String current = "";
        for (String line : text.split("\n", -1)) {
            Matcher comment = COMMENT.matcher(line);
            if (comment.matches()) {
                current = comment.group(2);
                if (comment.group(1).equals("TYPE")) {
                    types.put(current, TextNode.valueOf(comment.group(3)));
                } else {
                    Matcher stability = STABILITY.matcher(comment.group(3));
                    stabilities.put(
                            current,
                            stability.matches() ? TextNode.valueOf(stability.group(1)) : NullNode.getInstance());
                }
            } else if (!line.startsWith("#")) {
                sample(current, line);
            }
        }
    }

    private void sample(String family, String line) {
        Matcher sample = SAMPLE.matcher(line);
        if (sample.matches() && sample.group(2) != null) {
            Matcher label = LABEL.matcher(sample.group(2));
            while (label.find()) {
                if (!OF_BUCKETS.contains(label.group(1))) {
                    labels.computeIfAbsent(family, name -> new TreeSet<>()).add(label.group(1));
                }
            }
        }
    }

    static void replay(String text, JsonNode recorded, Results results) {
        MetricFamilies families = new MetricFamilies(text);
        for (Map.Entry<String, JsonNode> family : Trees.members(recorded)) {
            String name = "metrics " + family.getKey();
            if (families.types.containsKey(family.getKey())) {
                results.replayed(name, families.differences(family.getKey(), family.getValue()));
            } else {
                results.skipped(name, "the server shows no such family (yet)");
            }
        }
    }

    private List<String> differences(String family, JsonNode recorded) {
        ObjectNode got = Trees.object();
        got.set("type", types.get(family));
        got.set("stability", stabilities.getOrDefault(family, NullNode.getInstance()));
        ObjectNode want = Trees.pick(recorded, List.of("type", "stability"));
        List<String> out = new ArrayList<>(Comparison.of(want, got, new Bindings(), family));
        Set<String> known = new HashSet<>(Trees.texts(recorded.path("labels")));
        for (String label : labels.getOrDefault(family, Set.of())) {
            if (!known.contains(label)) {
                out.add("label " + label + ": not expected");
            }
        }
        return out;
    }
}
