package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** An extender that does what a test says, and notes what it was asked. */
final class ScriptedExtender implements SchedulerExtender {
    final List<String> asked = new ArrayList<>();
    private final String name;
    private final Set<Verb> verbs = EnumSet.noneOf(Verb.class);
    private final List<ManagedResource> managed = new ArrayList<>();
    private final Map<String, String> failed = new LinkedHashMap<>();
    private final Map<String, String> failedForGood = new LinkedHashMap<>();
    private Function<List<String>, List<String>> left = names -> names;
    private Map<String, Long> priorities = Map.of();
    private UnaryOperator<Map<String, Victims>> victims = candidates -> candidates;
    private @Nullable String failure;
    private boolean ignorable;
    private long weight = 1;

    ScriptedExtender(String name) {
        this.name = name;
    }

    /** Turns down nodes that taking pods off might help. */
    ScriptedExtender refuses(String why, String... nodes) {
        verbs.add(Verb.FILTER);
        for (String node : nodes) {
            failed.put(node, why);
        }
        return this;
    }

    ScriptedExtender refusesForGood(String why, String... nodes) {
        verbs.add(Verb.FILTER);
        for (String node : nodes) {
            failedForGood.put(node, why);
        }
        return this;
    }

    /** Says which nodes are left, whatever it says about others. */
    ScriptedExtender leaves(Function<List<String>, List<String>> which) {
        verbs.add(Verb.FILTER);
        left = which;
        return this;
    }

    ScriptedExtender prefers(long byWeight, Map<String, Long> nodes) {
        verbs.add(Verb.PRIORITIZE);
        weight = byWeight;
        priorities = nodes;
        return this;
    }

    ScriptedExtender preempts(UnaryOperator<Map<String, Victims>> which) {
        verbs.add(Verb.PREEMPT);
        victims = which;
        return this;
    }

    ScriptedExtender binds() {
        verbs.add(Verb.BIND);
        return this;
    }

    ScriptedExtender manages(String resource, boolean ignoredByScheduler) {
        managed.add(new ManagedResource(resource, ignoredByScheduler));
        return this;
    }

    ScriptedExtender ignorable() {
        ignorable = true;
        return this;
    }

    ScriptedExtender fails(String why) {
        failure = why;
        return this;
    }

    private void ask(String what) {
        asked.add(what);
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
    }

    private static Map<String, String> of(List<NodeInfo> nodes, Map<String, String> refusals) {
        Map<String, String> own = new LinkedHashMap<>(refusals);
        own.keySet().retainAll(names(nodes));
        return own;
    }

    private static List<String> names(List<NodeInfo> nodes) {
        return nodes.stream().map(NodeInfo::name).toList();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Set<Verb> verbs() {
        return verbs;
    }

    @Override
    public long weight() {
        return weight;
    }

    @Override
    public boolean isIgnorable() {
        return ignorable;
    }

    @Override
    public List<ManagedResource> managedResources() {
        return managed;
    }

    @Override
    public Filtered filter(PodInfo pod, List<NodeInfo> nodes) {
        ask("filter " + names(nodes));
        List<String> passed = names(nodes).stream()
                .filter(node -> !failed.containsKey(node) && !failedForGood.containsKey(node))
                .toList();
        return new Filtered(left.apply(passed), of(nodes, failed), of(nodes, failedForGood));
    }

    @Override
    public Map<String, Long> prioritize(PodInfo pod, List<NodeInfo> nodes) {
        ask("prioritize " + names(nodes));
        return priorities;
    }

    @Override
    public Map<String, Victims> preempt(PodInfo pod, Map<String, Victims> candidates, NodeSnapshot nodes) {
        ask("preempt " + candidates.keySet());
        return victims.apply(candidates);
    }

    @Override
    public void bind(PodInfo pod, String nodeName) {
        ask("bind " + pod.name() + " to " + nodeName);
    }
}
