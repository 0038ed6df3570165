package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Compares what a command line did with what it was recorded to do. */
final class OutputComparison {
    private static final Pattern NODE = Pattern.compile("\\bnode-[123]\\b");
    private static final Pattern ZONE = Pattern.compile("^( *Zone: +)z[12]$");
    private static final Pattern MANAGED_FIELDS = Pattern.compile("( *)managedFields:");
    private static final String WARNING = "Warning: ";
    private static final String DESCRIPTION = "${description}";
    private static final int SHOWN = 150;
    private static final Set<String> IN_ANY_ORDER = Set.of(
            "secret",
            "secrets",
            "configmap",
            "configmaps",
            "cm",
            "endpointslice",
            "endpointslices",
            "namespace",
            "namespaces",
            "ns",
            "limitrange",
            "limitranges",
            "limits");

    private OutputComparison() {}

    /**
     * How a command line ended.
     *
     * @param exit its exit code; "stopped" if it was ended
     */
    record Outcome(String exit, List<String> stdout, List<String> stderr) {}

    /** What differs: of exit, stdout and stderr, each with its first difference; nothing if the alternative recording fits. */
    static List<String> differences(JsonNode step, Outcome got) {
        List<String> differences = differing(step, got, step);
        JsonNode alternative = step.path("alternative");
        return !differences.isEmpty()
                        && alternative.isObject()
                        && differing(alternative, got, step).isEmpty()
                ? List.of()
                : differences;
    }

    private static List<String> differing(JsonNode recorded, Outcome got, JsonNode step) {
        List<String> out = new ArrayList<>();
        JsonNode exit = recorded.has("exit") ? recorded.get("exit") : step.path("exit");
        if (!exit.asText().equals(got.exit)) {
            out.add("exit %s -> %s".formatted(exit.asText(), got.exit));
        }
        boolean unordered = step.path("unordered").asBoolean() || printsInAnyOrder(Trees.texts(step.path("args")));
        compare("stdout", recorded, step, got.stdout, unordered, out);
        compare("stderr", recorded, step, got.stderr, unordered, out);
        return out;
    }

    /**
     * Whether the lines of a command come in an order that changes from run to run: kubectl prints the data of described Secrets so, and
     * of ConfigMaps where it is an older one, the resources of LimitRanges, also those of a namespace, and the logs of several containers;
     * the controller keeps the endpoints of a slice as a set.
     */
    private static boolean printsInAnyOrder(List<String> args) {
        boolean several = args.contains("-l") || args.contains("--all-containers");
        return (args.get(0).equals("logs") && several)
                || args.contains("describe")
                        && args.stream()
                                .map(arg -> arg.contains("/") ? arg.substring(0, arg.indexOf('/')) : arg)
                                .anyMatch(IN_ANY_ORDER::contains);
    }

    private static void compare(
            String what, JsonNode recorded, JsonNode step, List<String> got, boolean unordered, List<String> out) {
        List<String> want = Trees.texts(recorded.has(what) ? recorded.get(what) : step.path(what));
        boolean watched = Trees.texts(step.path("args")).contains("-w");
        if (!equal(watched ? eachOnce(want) : want, watched ? eachOnce(got) : got, unordered)) {
            out.add(firstDifference(what, want, got));
        }
    }

    static boolean equal(List<String> wanted, List<String> printed, boolean unordered) {
        List<String> want = triedOnce(wanted);
        List<String> got = triedOnce(printed);
        if (want.size() != got.size()) {
            return false;
        }
        if (want.stream().anyMatch(line -> line.contains("managedFields:"))) {
            want = withSortedManagers(want);
            got = withSortedManagers(got);
        }
        boolean anyNode = want.stream().anyMatch(line -> line.contains("${node}"));
        if (anyNode) {
            want = want.stream().map(OutputComparison::withoutZone).toList();
            got = got.stream().map(OutputComparison::withoutZone).toList();
        }
        if (unordered) {
            want = want.stream().sorted().toList();
            got = got.stream()
                    .map(line -> anyNode ? withoutNodes(line) : line)
                    .sorted()
                    .toList();
        }
        for (int i = 0; i < want.size(); i++) {
            if (!equalLines(want.get(i), got.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Where the scheduler chose the node, the node's zone is chance too. */
    private static String withoutZone(String line) {
        return ZONE.matcher(line).replaceFirst("$1zone");
    }

    /** A line that a watch repeats tells of a write that the line doesn't show: whether two statuses became one is chance. */
    private static List<String> eachOnce(List<String> lines) {
        List<String> out = new ArrayList<>();
        for (String line : lines) {
            if (out.isEmpty() || !line.equals(out.get(out.size() - 1))) {
                out.add(line);
            }
        }
        return out;
    }

    /** A pod that can't be scheduled is tried again whenever something changes: how often doesn't matter. */
    private static List<String> triedOnce(List<String> lines) {
        List<String> out = new ArrayList<>();
        String before = "";
        for (String line : lines) {
            if (!line.equals(before) || !line.contains(" nodes are available: ")) {
                out.add(line);
            }
            before = line;
        }
        return out;
    }

    private static String withoutNodes(String line) {
        return NODE.matcher(line).replaceAll(Matcher.quoteReplacement("${node}"));
    }

    private static boolean equalLines(String want, String got) {
        if (want.equals(got)) {
            return true;
        }
        if (want.strip().equals(DESCRIPTION) && !got.isBlank() && want.charAt(0) == got.charAt(0)) {
            return true;
        }
        if (want.startsWith(WARNING) && want.contains("; ")) {
            // the client lists the reasons in any order
            return got.startsWith(WARNING) && reasons(want).equals(reasons(got));
        }
        return want.contains("${node}") && want.equals(withoutNodes(got));
    }

    private static List<String> reasons(String warning) {
        return Pattern.compile("; ")
                .splitAsStream(warning.substring(WARNING.length()))
                .sorted()
                .toList();
    }

    /** YAML with the entries of managedFields sorted: their order depends on the second in which each manager wrote. */
    private static List<String> withSortedManagers(List<String> lines) {
        List<String> out = new ArrayList<>();
        int at = 0;
        while (at < lines.size()) {
            String line = lines.get(at++);
            out.add(line);
            Matcher list = MANAGED_FIELDS.matcher(line);
            if (!list.matches()) {
                continue;
            }
            String indent = list.group(1);
            List<List<String>> entries = new ArrayList<>();
            while (at < lines.size()) {
                String next = lines.get(at);
                if (next.startsWith(indent + "- ")) {
                    entries.add(new ArrayList<>());
                } else if (entries.isEmpty() || !next.startsWith(indent + "  ")) {
                    break;
                }
                entries.get(entries.size() - 1).add(next);
                at++;
            }
            entries.sort(Comparator.comparing(entry -> String.join("\n", entry)));
            entries.forEach(out::addAll);
        }
        return out;
    }

    private static String firstDifference(String what, List<String> want, List<String> got) {
        for (int i = 0; i < Math.max(want.size(), got.size()); i++) {
            String wanted = i < want.size() ? want.get(i) : "<end>";
            String printed = i < got.size() ? got.get(i) : "<end>";
            if (!equalLines(wanted, printed)) {
                return "%s:%d expected %s got %s".formatted(what, i + 1, part(wanted, printed), part(printed, wanted));
            }
        }
        return what;
    }

    /** The part of a line in which it differs from another. */
    private static String part(String line, String other) {
        int from = 0;
        while (from < Math.min(line.length(), other.length()) && line.charAt(from) == other.charAt(from)) {
            from++;
        }
        int begin = Math.max(0, from - SHOWN / 3);
        return "\""
                + line.substring(begin, Math.min(line.length(), begin + SHOWN)).strip() + "\"";
    }
}
