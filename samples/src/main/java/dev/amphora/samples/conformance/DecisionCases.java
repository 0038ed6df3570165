package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.scheduler.Explanation;
import dev.amphora.scheduler.SchedulerSandbox;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.PreemptionPlan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Replays what every plugin says about pods on a cluster: writes an explanation in the form of the recording and compares. */
final class DecisionCases {
    private final JsonNode group;
    private final Map<String, Integer> indices = new HashMap<>();

    private DecisionCases(JsonNode group) {
        this.group = group;
        for (JsonNode node : group.path("cluster").path("nodes")) {
            indices.put(node.path("metadata").path("name").asText(), indices.size());
        }
    }

    static void replay(JsonNode group, Results results) {
        new DecisionCases(group).replay(results);
    }

    private void replay(Results results) {
        SchedulerSandbox sandbox = new SchedulerSandbox(SchedulerObjects.profile(group.path("config")), 1);
        SchedulerObjects.put(group.path("cluster"), sandbox);
        if (group.has("nodeOrder")) {
            results.replay(group.path("name").asText() + " nodeOrder", () -> {
                ArrayNode order = Trees.array();
                sandbox.nodes().forEach(name -> order.add(index(name)));
                return differences(group.get("nodeOrder"), order);
            });
        }
        for (JsonNode each : group.path("cases")) {
            results.replay(
                    each.path("name").asText(),
                    () -> compare(each.path("result"), sandbox.explain(SchedulerObjects.pod(each.path("pod")))));
        }
    }

    private List<String> compare(JsonNode want, Explanation got) {
        ObjectNode written = write(got);
        ObjectNode recorded = want.deepCopy();
        if (recorded.has("error") && written.has("error")) {
            // texts of errors are the reference's own
            written.set("error", recorded.get("error"));
        }
        return differences(recorded, written);
    }

    private static List<String> differences(JsonNode want, JsonNode got) {
        return Comparison.of(want, got, new Bindings(), "result");
    }

    private int index(String node) {
        return indices.getOrDefault(node, -1);
    }

    private ArrayNode nodes(Iterable<String> names) {
        List<Integer> found = new ArrayList<>();
        names.forEach(name -> found.add(index(name)));
        found.sort(null);
        ArrayNode array = Trees.array();
        found.forEach(array::add);
        return array;
    }

    // -- an explanation in the form of the recording
    // -------------------------------------------------------------------

    private ObjectNode write(Explanation got) {
        ObjectNode result = Trees.object();
        if (!got.heldBack().isEmpty()) {
            ArrayNode held = result.putArray("preEnqueue");
            got.heldBack().forEach(status -> held.add(status(status)));
            return result;
        }
        result.set("preFilter", preFilter(got.preFilter()));
        if (!got.filter().isEmpty()) {
            ArrayNode filter = result.putArray("filter");
            got.filter().forEach((plugin, refusals) -> filter.addAll(groups(refusals)));
        }
        if (!got.withNominated().isEmpty()) {
            result.set("withNominated", groups(got.withNominated()));
        }
        if (got.preFilter().status().isSuccess()) {
            result.set("feasible", nodes(got.feasible()));
        }
        if (got.error() != null) {
            result.put("error", got.error().message());
            return result;
        }
        if (!got.top().isEmpty()) {
            scores(got, result);
        }
        if (got.nominated() != null) {
            result.put("nominatedFirst", index(got.nominated()));
        }
        if (got.message() != null) {
            if (!got.unschedulablePlugins().isEmpty()) {
                result.set("unschedulablePlugins", Trees.array(new TreeSet<>(got.unschedulablePlugins())));
            }
            if (!got.pendingPlugins().isEmpty()) {
                result.set("pendingPlugins", Trees.array(new TreeSet<>(got.pendingPlugins())));
            }
            result.put("message", got.message());
            result.set("preemption", preemption(got));
        }
        return result;
    }

    private static ObjectNode status(Status status) {
        ObjectNode tree = Trees.object();
        tree.put("code", status.code().toString());
        if (status.plugin() != null) {
            tree.put("plugin", status.plugin());
        }
        tree.set("reasons", Trees.array(new TreeSet<>(status.reasons())));
        return tree;
    }

    private ObjectNode preFilter(Explanation.PreFilter got) {
        ObjectNode tree = Trees.object();
        if (!got.ran().isEmpty()) {
            tree.set("ran", Trees.array(got.ran()));
        }
        if (!got.rejecting().isEmpty()) {
            ArrayNode reject = tree.putArray("reject");
            got.rejecting().forEach(status -> reject.add(status(status)));
        }
        if (!got.nodeNames().isEmpty()) {
            ObjectNode names = tree.putObject("nodeNames");
            got.nodeNames().forEach((plugin, each) -> names.set(plugin, Trees.array(each)));
        }
        if (got.nodes() != null) {
            tree.set("nodes", nodes(got.nodes()));
        }
        if (!got.status().isSuccess()) {
            tree.set("status", status(got.status()));
        }
        return tree;
    }

    /** Nodes with the same answer together, in the order of their first nodes. */
    private ArrayNode groups(Map<String, Status> answers) {
        Map<Integer, Status> byIndex = new TreeMap<>();
        answers.forEach((node, status) -> byIndex.put(index(node), status));
        Map<ObjectNode, List<Integer>> groups = new LinkedHashMap<>();
        byIndex.forEach((node, status) ->
                groups.computeIfAbsent(status(status), key -> new ArrayList<>()).add(node));
        ArrayNode array = Trees.array();
        groups.forEach((answer, nodes) -> {
            ObjectNode entry = answer.deepCopy();
            ArrayNode list = entry.putArray("nodes");
            nodes.forEach(list::add);
            array.add(entry);
        });
        return array;
    }

    private void scores(Explanation got, ObjectNode result) {
        List<Integer> order = IntStream.range(0, got.feasible().size())
                .boxed()
                .sorted(Comparator.comparing(i -> index(got.feasible().get(i))))
                .toList();
        ObjectNode scores = result.putObject("scores");
        for (Explanation.Scores each : got.scores()) {
            ObjectNode plugin = scores.putObject(each.plugin());
            plugin.set("raw", numbers(each.raw(), order, true));
            if (!each.raw().equals(each.normalized())) {
                plugin.set("norm", numbers(each.normalized(), order, true));
            }
        }
        result.set("total", numbers(got.total(), order, false));
        result.set("top", nodes(got.top()));
    }

    /** Numbers in an order; one in place of all if they are the same. */
    private static JsonNode numbers(List<Long> numbers, List<Integer> order, boolean shorten) {
        ArrayNode array = Trees.array();
        order.forEach(i -> array.add(numbers.get(i)));
        boolean same = shorten && numbers.stream().distinct().count() == 1;
        return same ? array.get(0) : array;
    }

    private ObjectNode preemption(Explanation got) {
        ObjectNode tree = Trees.object();
        PreemptionPlan plan = got.preemption();
        if (plan == null) {
            return tree;
        }
        tree.set("potential", nodes(plan.potential()));
        if (plan.notEligible() != null) {
            tree.put("notEligible", plan.notEligible());
        }
        List<PreemptionPlan.Option> options = new ArrayList<>(plan.options());
        options.sort(Comparator.comparing(option -> index(option.nodeName())));
        if (!options.isEmpty()) {
            ArrayNode candidates = tree.putArray("candidates");
            options.forEach(option -> candidates.add(option(option)));
            tree.set("pick", nodes(plan.best()));
        }
        if (plan.unhelpful().size() > 0) {
            Map<String, Status> unhelpful = new LinkedHashMap<>();
            plan.unhelpful().forEach(unhelpful::put);
            tree.set("unhelpful", groups(unhelpful));
        }
        if (options.isEmpty() && got.postFilter() != null) {
            ObjectNode postFilter = tree.putObject("postFilter");
            postFilter.put("code", got.postFilter().code().toString());
            if (got.nominatedNode() != null) {
                postFilter.put("nominatedNodeName", got.nominatedNode());
            }
        }
        return tree;
    }

    private ObjectNode option(PreemptionPlan.Option option) {
        ObjectNode tree = Trees.object();
        tree.put("node", index(option.nodeName()));
        ArrayNode victims = tree.putArray("victims");
        for (PodInfo victim : option.victims()) {
            victims.add(victim.namespace().equals("default") ? victim.name() : victim.key());
        }
        if (option.violations() > 0) {
            tree.put("pdbViolations", option.violations());
        }
        return tree;
    }
}
