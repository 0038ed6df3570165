package dev.amphora.scheduler.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.io.Resources;
import dev.amphora.api.Json;
import dev.amphora.scheduler.Explanation;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.PreemptionPlan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** An explanation to be read: the best nodes first, then those that are refused with the plugins that refuse them. */
public final class ExplanationReport {
    private final Explanation explanation;
    private final List<Integer> byTotal;

    private ExplanationReport(Explanation explanation) {
        this.explanation = explanation;
        List<Long> total = explanation.total();
        byTotal = IntStream.range(0, explanation.feasible().size())
                .boxed()
                .sorted(Comparator.comparingLong((Integer i) -> i < total.size() ? -total.get(i) : 0))
                .toList();
    }

    /** A report. */
    public static ExplanationReport of(Explanation explanation) {
        return new ExplanationReport(explanation);
    }

    /** Whether a node can run the pod now. */
    public boolean fits() {
        return explanation.error() == null && !explanation.feasible().isEmpty();
    }

    /** What it comes to, in one line. */
    public String summary() {
        int all = explanation.nodes().size();
        if (!explanation.heldBack().isEmpty()) {
            Status first = explanation.heldBack().get(0);
            return "Pod %s is held back by %s: %s".formatted(explanation.pod(), first.plugin(), first.message());
        }
        if (explanation.error() != null) {
            return "Pod %s can't be judged: %s"
                    .formatted(explanation.pod(), explanation.error().message());
        }
        if (explanation.message() != null) {
            return "Pod %s: %s".formatted(explanation.pod(), explanation.message());
        }
        String chosen;
        if (explanation.nominated() != null) {
            chosen = explanation.nominated() + " is taken, where room was made for it";
        } else if (explanation.top().size() == 1) {
            chosen = explanation.top().get(0) + " is the best";
        } else {
            List<String> top = explanation.top();
            chosen = "%d are equally good: %s%s"
                    .formatted(
                            top.size(),
                            String.join(", ", top.subList(0, Math.min(5, top.size()))),
                            top.size() > 5 ? ", ..." : "");
        }
        return "Pod %s: %d of %d nodes can run it; %s"
                .formatted(explanation.pod(), explanation.feasible().size(), all, chosen);
    }

    /**
     * A table for the terminal: a line for each node, a column for each plugin that scores.
     *
     * @param wide whether to give plugins their full names, and each score as {@code raw/normalized/weighted}; otherwise the weighted score
     */
    public String table(boolean wide) {
        TextTable table = new TextTable();
        List<Explanation.Scores> scores = explanation.scores();
        List<String> columns = wide
                ? scores.stream().map(Explanation.Scores::plugin).toList()
                : Abbreviations.of(
                        scores.stream().map(Explanation.Scores::plugin).toList());
        if (!explanation.feasible().isEmpty()) {
            table.cell("NODE").number("TOTAL");
            columns.forEach(table::number);
            for (int i : byTotal) {
                table.line().cell(explanation.feasible().get(i));
                table.number(
                        i < explanation.total().size()
                                ? Long.toString(explanation.total().get(i))
                                : "");
                for (Explanation.Scores each : scores) {
                    long weighted = each.normalized().get(i) * each.weight();
                    table.number(
                            wide
                                    ? each.raw().get(i) + "/"
                                            + each.normalized().get(i) + "/" + weighted
                                    : Long.toString(weighted));
                }
            }
        }
        StringBuilder text = new StringBuilder(TextTable.printable(summary())).append('\n');
        if (!table.isEmpty()) {
            text.append('\n').append(table);
        }
        TextTable refused = new TextTable();
        Set<String> feasible = Set.copyOf(explanation.feasible());
        for (String node : explanation.nodes()) {
            Status refusal = feasible.contains(node) ? null : refusal(node);
            if (refusal != null) {
                if (refused.isEmpty()) {
                    refused.cell("NODE").cell("REFUSED BY").cell("WHY");
                }
                refused.line()
                        .cell(node)
                        .cell(refusal.plugin() == null ? "" : refusal.plugin())
                        .cell(refusal.message());
            }
        }
        if (!refused.isEmpty()) {
            text.append('\n').append(refused);
        }
        if (explanation.preemption() != null) {
            appendPreemption(text, explanation.preemption());
        }
        if (!wide && !scores.isEmpty()) {
            text.append('\n');
            for (int i = 0; i < scores.size(); i++) {
                text.append("%s = %s x %d\n"
                        .formatted(
                                columns.get(i),
                                scores.get(i).plugin(),
                                scores.get(i).weight()));
            }
        }
        if (explanation.feasible().size() > explanation.nodesToFind()) {
            text.append("\nThe scheduler looks no further once it has found %d nodes.\n"
                    .formatted(explanation.nodesToFind()));
        }
        return text.toString();
    }

    private Status refusal(String node) {
        Status refusal = explanation.refusal(node);
        return refusal == null ? explanation.preFilter().status() : refusal;
    }

    private static void appendPreemption(StringBuilder text, PreemptionPlan plan) {
        if (plan.notEligible() != null) {
            text.append("\nPreemption: ").append(plan.notEligible()).append('\n');
            return;
        }
        if (plan.options().isEmpty()) {
            return;
        }
        TextTable table = new TextTable();
        table.cell("PREEMPTION ON").cell("VICTIMS").number("BUDGETS BROKEN").cell("");
        for (PreemptionPlan.Option option : plan.options()) {
            table.line()
                    .cell(option.nodeName())
                    .cell(String.join(
                            " ", option.victims().stream().map(PodInfo::key).toList()))
                    .number(Integer.toString(option.violations()))
                    .cell(plan.best().contains(option.nodeName()) ? "best" : "");
        }
        text.append('\n').append(table);
    }

    /** All of it as JSON. */
    public ObjectNode json() {
        ObjectNode tree = Json.object();
        tree.put("pod", explanation.pod());
        tree.put("summary", summary());
        tree.put("message", explanation.message());
        tree.put(
                "error",
                explanation.error() == null ? null : explanation.error().message());
        ArrayNode heldBack = tree.putArray("heldBack");
        explanation.heldBack().forEach(status -> putStatus(heldBack.addObject(), status));
        tree.set("top", Json.mapper().valueToTree(explanation.top()));
        tree.put("nominated", explanation.nominated());
        tree.put("nodesToFind", explanation.nodesToFind());
        ArrayNode plugins = tree.putArray("plugins");
        explanation.scores().forEach(scores -> plugins.addObject()
                .put("name", scores.plugin())
                .put("weight", scores.weight()));
        ArrayNode nodes = tree.putArray("nodes");
        Map<String, Integer> places = new HashMap<>();
        byTotal.forEach(i -> places.put(explanation.feasible().get(i), i));
        byTotal.forEach(i ->
                putScores(nodes.addObject().put("name", explanation.feasible().get(i)), i));
        for (String name : explanation.nodes()) {
            if (!places.containsKey(name)) {
                putRefusals(nodes.addObject().put("name", name), name);
            }
        }
        if (explanation.preemption() != null) {
            putPreemption(tree.putObject("preemption"), explanation.preemption());
        }
        return tree;
    }

    private void putScores(ObjectNode node, int i) {
        node.put("feasible", true);
        if (i < explanation.total().size()) {
            node.put("total", explanation.total().get(i));
        }
        ArrayNode scores = node.putArray("scores");
        for (Explanation.Scores each : explanation.scores()) {
            scores.addObject()
                    .put("plugin", each.plugin())
                    .put("raw", each.raw().get(i))
                    .put("normalized", each.normalized().get(i))
                    .put("weighted", each.normalized().get(i) * each.weight());
        }
    }

    private void putRefusals(ObjectNode node, String name) {
        node.put("feasible", false);
        ArrayNode refusals = node.putArray("refusals");
        explanation.filter().values().forEach(byNode -> {
            Status status = byNode.get(name);
            if (status != null) {
                putStatus(refusals.addObject(), status);
            }
        });
        Status counted = explanation.withNominated().get(name);
        if (counted != null) {
            putStatus(refusals.addObject(), counted).put("withNominatedPods", true);
        }
        if (refusals.isEmpty()) {
            putStatus(refusals.addObject(), explanation.preFilter().status());
        }
    }

    private static ObjectNode putStatus(ObjectNode into, Status status) {
        into.put("plugin", status.plugin());
        into.put("code", status.code().toString());
        into.set("reasons", Json.mapper().valueToTree(status.reasons()));
        return into;
    }

    private static void putPreemption(ObjectNode into, PreemptionPlan plan) {
        into.put("notEligible", plan.notEligible());
        into.set("best", Json.mapper().valueToTree(plan.best()));
        ArrayNode options = into.putArray("options");
        for (PreemptionPlan.Option option : plan.options()) {
            ArrayNode victims = options.addObject()
                    .put("node", option.nodeName())
                    .put("budgetsBroken", option.violations())
                    .putArray("victims");
            option.victims().forEach(pod -> victims.add(pod.key()));
        }
    }

    /** A page that needs nothing but itself: no network, no other file. */
    public String html() {
        String json = new String(Json.write(json()), StandardCharsets.UTF_8)
                .replace("<", "\\u003c")
                .replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029");
        try {
            return Resources.toString(
                            Resources.getResource(ExplanationReport.class, "explanation.html"), StandardCharsets.UTF_8)
                    .replace("@EXPLANATION@", json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
