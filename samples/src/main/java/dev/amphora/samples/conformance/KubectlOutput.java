package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What kubectl prints, with placeholders for what differs from run to run. */
final class KubectlOutput {
    private static final String DURATION = "(?:\\d+y)?(?:\\d+d)?(?:\\d+h)?(?:\\d+m)?(?:\\d+(?:\\.\\d+)?s)?";
    private static final Pattern AGE =
            Pattern.compile("(?:" + DURATION + "|<invalid>|<unknown>|\\d+(?:\\.\\d+)?ms)(?: ago)?");
    private static final Pattern AGE_OF_SERIES = Pattern.compile(DURATION + " \\(x\\d+ over " + DURATION + "\\)");
    private static final Set<String> COLUMNS_OF_AGES =
            Set.of("AGE", "LAST SEEN", "LAST SCHEDULE", "DURATION", "Age", "FIRST SEEN");
    private static final Pattern CELL = Pattern.compile("\\S+(?: \\S+)*");
    private static final Pattern AGE_WITHOUT_HEADER =
            Pattern.compile("(?:(?<=  )|^)(?:\\d+[ydhms])+(?: \\(x\\d+ over (?:\\d+[ydhms])+\\))?(?=  |$)");
    private static final Pattern PEM = Pattern.compile(
            "-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----"
                    + "(?:(?:\\s|\\\\n)*-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----)*",
            Pattern.DOTALL);
    private static final Pattern NODE = Pattern.compile("\\bnode-[123]\\b");
    private static final Pattern ZONE = Pattern.compile("(topology.kubernetes.io/zone[\":= \\\\]+)z[12]\\b");

    /** A rule: what is found is replaced, unless it is a text that the scenario gave itself. */
    private record Rule(Pattern found, String by, boolean unlessGiven) {
        static Rule of(String regex, String by) {
            return new Rule(Pattern.compile(regex, Pattern.MULTILINE), by, false);
        }

        static Rule unlessGiven(String regex, String by) {
            return new Rule(Pattern.compile(regex, Pattern.MULTILINE), by, true);
        }
    }

    /** In the order in which they are applied; {@code \1} is what the first group found. */
    private static final List<Rule> RULES = List.of(
            Rule.of("\\beyJ[\\w-]+\\.[\\w-]+\\.[\\w-]+", "${jwt}"),
            Rule.of("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "${uid}"),
            Rule.unlessGiven(
                    "\\b20(?:2[6-9]|[3-9]\\d)-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:Z|[+-]\\d\\d:\\d\\d)",
                    "${time}"),
            Rule.of(
                    "\\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d [A-Z][a-z][a-z] 20\\d\\d \\d\\d:\\d\\d:\\d\\d \\+0000",
                    "${time}"),
            Rule.of("\\b20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?: \\+0000 UTC)?", "${time}"),
            Rule.of("^([EIWF])\\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d+ +\\d+ ", "\\1${klog} "),
            Rule.of("(\"?[rR]esource_?[vV]ersion\"?: ?\"?)\\d+", "\\1${rv}"),
            Rule.of("^( *Resource Version: +)\\d+", "\\1${rv}"),
            Rule.of("(kube-api-access-)[a-z0-9]{5}\\b", "\\1${suffix}"),
            Rule.of("(resourceVersion[=:] ?)\\d{2,}", "\\1${rv}"),
            Rule.of("(\\\\*\"resourceVersion\\\\*\": ?\\\\*\")\\d+", "\\1${rv}"),
            Rule.of("10\\.244\\.\\d+\\.\\d+", "${podip}"),
            Rule.unlessGiven("\\b(?!10\\.0\\.0\\.1\\b)10\\.0\\.\\d+\\.\\d+\\b", "${clusterip}"),
            Rule.unlessGiven("(?<![\\w.-])3[0-2]\\d{3}(?![\\w.])", "${nodeport}"),
            Rule.of("(\\bPort\"?: ?)\\d+\\b(?!/)", "\\1${kubelet-port}"),
            Rule.of("(\"serverAddress\": ?\")[^\"]*", "\\1${server-address}"),
            Rule.of("^(ca\\.crt: +)\\d+ bytes", "\\1${n} bytes"),
            Rule.of("(scripted://)[0-9a-f]{64}", "\\1${id}"),
            Rule.of("(?<=\\.)[0-9a-f]{16}\\b", "${suffix}"),
            Rule.of("/tmp/((?:LIVE|MERGED))-\\d+", "${tmp}/\\1"),
            Rule.of("/tmp/(kubectl-edit-|[a-z]+-edit-)\\w+\\.yaml", "${tmp}/\\1${n}.yaml"),
            Rule.of("/tmp/kubectl-edit-?\\d*", "${tmp}/kubectl-edit"),
            Rule.of("\\((?:\\d\\S*) ago\\)", "(${age} ago)"),
            Rule.of("^( *(?:Duration|Age|Elapsed): +)\\S+$", "\\1${age}"),
            Rule.of("-debug((?:ger)?)-[a-z0-9]{5}\\b", "-debug\\1-${suffix}"),
            Rule.of("\\bdebugger-[a-z0-9]{5}\\b", "debugger-${suffix}"),
            Rule.of("\\bBad_[a-z0-9]{5}\\b", "Bad_${suffix}"),
            Rule.of("(uid: |UID: )\"?\\d+\"?\\z", "\\1${uid}"));

    private static final List<Rule> RULES_BEFORE = List.of(
            Rule.of(
                    "(pods \\\\?\"[a-z0-9.-]+-)[bcdfghjklmnpqrstvwxz2456789]{5}(?=\\\\?\" is forbidden)",
                    "\\1${suffix}"),
            Rule.of("\\(lasts [0-9hms]+\\)", "(lasts ${age})"),
            Rule.of("(Expected resource version to be \\d+, was )\\d+", "\\1${rv}"));

    private final ClusterView view;
    private final String namespace;
    private final String server;
    private final String directory;
    private final boolean nodesKept;
    private final String given;
    private final String manifests;

    /**
     * @param scenario what the command lines and manifests of a scenario give stays as it is
     * @param server the URL of the API server
     * @param directory where kubectl works
     */
    KubectlOutput(ClusterView view, JsonNode scenario, String server, String directory) {
        this.view = view;
        this.namespace = scenario.path("namespace").asText();
        this.server = server;
        this.directory = directory;
        this.nodesKept = scenario.path("nodesKept").asBoolean();
        ArrayNode steps = Trees.array();
        for (JsonNode step : scenario.path("steps")) {
            ArrayNode each = steps.addArray().add(AnswerCheck.orNull(step.get("args")));
            each.add(String.join(" ", Trees.texts(step.path("args"))));
            for (String name : List.of("stdin", "env", "settle")) {
                each.add(AnswerCheck.orNull(step.get(name)));
            }
        }
        this.given = Trees.write(Trees.array().add(scenario.path("manifests")).add(steps));
        this.manifests = String.join(" ", Trees.texts(scenario.path("manifests")))
                .strip()
                .replaceAll("\\s+", " ");
    }

    /** The lines to be compared. */
    List<String> lines(String printed, List<String> args) {
        List<String> lines = agesInColumns(List.of(printed.split("\n", -1)));
        if (isTableWithoutHeader(args)) {
            lines = lines.stream()
                    .map(line -> AGE_WITHOUT_HEADER.matcher(line).replaceAll(Matcher.quoteReplacement("${age}")))
                    .toList();
        }
        String text = generatedNames(String.join("\n", lines));
        text = apply(RULES_BEFORE, text);
        text = text.replace(server, "${server}")
                .replace(server.substring(server.indexOf("//") + 2), "${server-host}")
                .replace(directory, "${dir}");
        text = PEM.matcher(text).replaceAll(Matcher.quoteReplacement("${pem}"));
        text = apply(RULES, text);
        if (!nodesKept) {
            text = given.contains("zone=z1") ? text : replace(ZONE, text, found -> found.group(1) + "${zone}");
            text = replace(NODE, text, found -> given.contains(found.group()) ? found.group() : "${node}");
        }
        List<String> squeezed = squeezed(text, args);
        return !args.isEmpty() && args.get(0).equals("explain")
                ? new Explanation(squeezed, manifests).withoutDescriptions()
                : squeezed;
    }

    private static List<String> squeezed(String text, List<String> args) {
        List<String> lines = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            int indent = line.length() - line.stripLeading().length();
            String rest = line.substring(indent).replaceAll(" {2,}", "  ").stripTrailing();
            lines.add(line.isBlank() ? "" : line.substring(0, indent) + rest);
        }
        if (args.size() > 1 && args.subList(0, 2).equals(List.of("plugin", "list"))) {
            lines.removeIf(line -> line.contains("Unable to read directory"));
        }
        while (!lines.isEmpty() && lines.get(lines.size() - 1).isEmpty()) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }

    private static boolean isTableWithoutHeader(List<String> args) {
        if (args.isEmpty() || !Set.of("get", "events").contains(args.get(0))) {
            return false;
        }
        boolean otherFormat = args.stream()
                .anyMatch(arg -> arg.equals("-o")
                        || arg.equals("--output")
                        || List.of("-o=", "--output=", "-ojson", "-oyaml", "--template").stream()
                                .anyMatch(arg::startsWith));
        return (args.contains("wide") || !otherFormat)
                && args.stream().anyMatch(Set.of("-w", "--watch", "--watch-only", "--no-headers")::contains);
    }

    /** Ages in tables: the cells below a header named so. */
    private static List<String> agesInColumns(List<String> lines) {
        List<String> out = new ArrayList<>();
        List<Integer> columns = List.of();
        for (String line : lines) {
            List<MatchResult> cells = CELL.matcher(line).results().toList();
            if (line.isBlank()) {
                columns = List.of();
            } else if (isHeader(cells)) {
                columns = cells.stream()
                        .filter(cell -> COLUMNS_OF_AGES.contains(cell.group()))
                        .map(MatchResult::start)
                        .toList();
                out.add(line);
                continue;
            }
            StringBuilder changed = new StringBuilder(line);
            for (int i = cells.size() - 1; i >= 0; i--) {
                MatchResult cell = cells.get(i);
                if (columns.contains(cell.start()) && isAge(cell.group())) {
                    changed.replace(cell.start(), cell.end(), "${age}");
                }
            }
            out.add(changed.toString());
        }
        return out;
    }

    private static boolean isAge(String cell) {
        return AGE.matcher(cell).matches() || AGE_OF_SERIES.matcher(cell).matches();
    }

    private static boolean isHeader(List<MatchResult> cells) {
        List<String> names = cells.stream().map(MatchResult::group).toList();
        if (names.size() < 2 || names.stream().noneMatch(COLUMNS_OF_AGES::contains)) {
            return false;
        }
        String first = names.get(0);
        boolean upper = first.equals(first.toUpperCase(Locale.ROOT)) && !first.equals(first.toLowerCase(Locale.ROOT));
        return upper || names.contains("Reason") || names.contains("Namespace");
    }

    private String generatedNames(String text) {
        String out = text;
        Map<String, String> names = view.generatedNames(namespace);
        for (String name : names.keySet().stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList()) {
            if (out.contains(name)) {
                Pattern whole = Pattern.compile("(?<![a-z0-9.-])" + Pattern.quote(name) + "(?![a-z0-9-])");
                out = whole.matcher(out).replaceAll(Matcher.quoteReplacement(names.getOrDefault(name, name)));
            }
        }
        for (String hash : view.restartHashes()) {
            out = out.replace(hash, "${hash}");
        }
        return out;
    }

    private String apply(List<Rule> rules, String text) {
        String out = text;
        for (Rule rule : rules) {
            out = replace(rule.found, out, found -> {
                if (rule.unlessGiven && given.contains(found.group())) {
                    return found.group();
                }
                return found.groupCount() == 0 ? rule.by : rule.by.replace("\\1", found.group(1));
            });
        }
        return out;
    }

    private static String replace(Pattern pattern, String text, Function<MatchResult, String> by) {
        return pattern.matcher(text).replaceAll(found -> Matcher.quoteReplacement(by.apply(found)));
    }
}
