package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.Body;
import dev.amphora.apiserver.Verb;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The kubelet of the recordings of controllers: binds pods and sets their status when it is told to. */
final class ControllerKubelet {
    private static final List<String> OWN_CONDITIONS =
            List.of("PodScheduled", "Initialized", "ContainersReady", "Ready");
    private static final int PER_RANGE = 250;

    private final ControllerBed bed;
    private final ControllerNames names;
    private final ControllerSight sight;
    private final ControllerScript script;
    private int addresses;

    ControllerKubelet(ControllerBed bed, ControllerNames names, ControllerSight sight, ControllerScript script) {
        this.bed = bed;
        this.script = script;
        this.names = names;
        this.sight = sight;
    }

    /** Does an act; returns how many pods it touched. */
    int act(JsonNode act, List<String> problems) {
        String what = act.path("kubelet").asText();
        if (what.equals("round")) {
            List<ObjectNode> ending = chosen("finish", act, Integer.MAX_VALUE);
            List<ObjectNode> starting =
                    new ArrayList<>(chosen("run", act, act.path("count").asInt(Integer.MAX_VALUE)));
            again("run", act, act.path("matched").asInt() - ending.size() - starting.size(), starting);
            List<Runnable> calls = calls(ending, "finish", Trees.object().put("kubelet", "finish"), problems);
            calls.addAll(calls(starting, "run", act, problems));
            script.next(calls);
            return ending.size() + starting.size();
        }
        List<ObjectNode> chosen = chosen(what, act, act.path("count").asInt(Integer.MAX_VALUE));
        if (act.has("matched") && act.path("matched").asInt() != chosen.size()) {
            chosen = asSeenBefore(what, act, chosen);
        }
        script.next(calls(chosen, what, act, problems));
        return chosen.size();
    }

    private List<ObjectNode> chosen(String what, JsonNode act, int count) {
        return bed.pods().stream()
                .filter(pod -> isChosen(what, pod, act))
                .limit(count)
                .toList();
    }

    /**
     * Those an act touched that touched more pods or fewer than are due now. The recorder sees pods a moment late: not yet those made just
     * before, and others as they were before their last change in the step. The latest changes are the likeliest to be missed.
     */
    private List<ObjectNode> asSeenBefore(String what, JsonNode act, List<ObjectNode> due) {
        int matched = act.path("matched").asInt();
        Map<String, ObjectNode> seen = new LinkedHashMap<>();
        due.forEach(pod -> seen.put(name(pod), pod));
        List<ControllerBed.Change> changes = bed.changes();
        for (int i = changes.size() - 1; i >= 0 && seen.size() != matched; i--) {
            ControllerBed.Change change = changes.get(i);
            ObjectNode before = change.before();
            if (!change.kind().equals("Pod") || change.after() == null) {
                continue;
            }
            String pod = name(change.newest());
            if (seen.size() > matched && before == null) {
                seen.remove(pod);
            } else if (seen.size() < matched && before != null && isChosen(what, before, act)) {
                seen.putIfAbsent(pod, before);
            }
        }
        List<ObjectNode> all = new ArrayList<>(seen.values());
        again(what, act, matched - all.size(), all);
        return all;
    }

    /** Adds pods, as many as are missing, that are as the act needs them only in the form in which they were last shown. */
    private void again(String what, JsonNode act, int missing, List<ObjectNode> chosen) {
        Set<String> due = sight.outdated().stream()
                .filter(pod -> isChosen(what, pod, act))
                .map(ControllerKubelet::name)
                .collect(Collectors.toSet());
        bed.pods().stream()
                .filter(pod -> due.contains(name(pod)))
                .limit(Math.max(0, missing))
                .forEach(chosen::add);
    }

    private boolean isChosen(String what, ObjectNode pod, JsonNode act) {
        return !sight.isUnseen("Pod", name(pod)) && fits(pod, act.path("pods")) && isDue(what, pod);
    }

    /** The calls of an act. Their problems are told. */
    private List<Runnable> calls(List<ObjectNode> pods, String what, JsonNode act, List<String> problems) {
        List<Runnable> calls = new ArrayList<>();
        for (int i = 0; i < pods.size(); i++) {
            ObjectNode pod = pods.get(i);
            int position = i;
            if (!what.equals("finish") && !what.equals("evict") && boundTo(pod).isEmpty()) {
                calls.add(() -> attempt(what, pod, problems, () -> bind(pod, act, position)));
            }
            if (act.has("phase") && what.equals("finish")) {
                calls.add(() -> attempt(
                        what, pod, problems, () -> report(pod, act.path("phase").asText(), false, act)));
            }
            if (!what.equals("bind")) {
                calls.add(() -> attempt(what, pod, problems, () -> act(what, pod, act)));
            }
        }
        return calls;
    }

    private static void attempt(String what, JsonNode pod, List<String> problems, Runnable call) {
        try {
            call.run();
        } catch (StatusException e) {
            if (e.isNotFound()) {
                // it went meanwhile
                return;
            }
            problems.add(what + " of " + name(pod) + ": " + e.getMessage());
        }
    }

    private boolean fits(JsonNode pod, JsonNode selector) {
        JsonNode metadata = pod.path("metadata");
        JsonNode labels = selector.path("labels");
        for (Map.Entry<String, JsonNode> label : Trees.members(labels)) {
            if (!Trees.at(metadata, "labels", label.getKey()).equals(label.getValue())) {
                return false;
            }
        }
        return isOne(selector.path("name"), form -> names.isNamed(name(pod), form))
                && isOne(selector.path("index"), index -> index.equals(completionIndex(pod)))
                && isOne(selector.path("node"), node -> node.equals(nodeOf(pod)))
                && isOne(selector.path("phase"), phase -> phase.equals(phase(pod)))
                && (!selector.has("owner")
                        || isOwned(metadata, selector.path("owner").asText()))
                && (!selector.has("ready") || selector.path("ready").asBoolean() == isReady(pod))
                && (!selector.has("deleting")
                        || selector.path("deleting").asBoolean() == metadata.hasNonNull("deletionTimestamp"));
    }

    private static boolean isOne(JsonNode wanted, Predicate<String> test) {
        if (wanted.isMissingNode()) {
            return true;
        }
        if (wanted.isArray()) {
            for (JsonNode each : wanted) {
                if (test.test(each.asText())) {
                    return true;
                }
            }
            return false;
        }
        return test.test(wanted.asText());
    }

    private static boolean isOwned(JsonNode metadata, String owner) {
        for (JsonNode reference : metadata.path("ownerReferences")) {
            if (owner.equals(reference.path("kind").asText() + "/"
                    + reference.path("name").asText())) {
                return true;
            }
        }
        return false;
    }

    private static String completionIndex(JsonNode pod) {
        return Trees.at(pod, "metadata", "annotations", "batch.kubernetes.io/job-completion-index")
                .asText();
    }

    private static String name(JsonNode pod) {
        return Trees.at(pod, "metadata", "name").asText();
    }

    private static String phase(JsonNode pod) {
        return Trees.at(pod, "status", "phase").asText("Pending");
    }

    private static boolean isReady(JsonNode pod) {
        for (JsonNode condition : Trees.at(pod, "status", "conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    private static String boundTo(JsonNode pod) {
        return Trees.at(pod, "spec", "nodeName").asText();
    }

    /** The node that a pod is bound or pinned to; empty if none. */
    private static String nodeOf(JsonNode pod) {
        if (!boundTo(pod).isEmpty()) {
            return boundTo(pod);
        }
        JsonNode terms =
                Trees.at(pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
        for (JsonNode term : terms.path("nodeSelectorTerms")) {
            for (JsonNode field : term.path("matchFields")) {
                if (field.path("key").asText().equals("metadata.name")) {
                    return field.path("values").path(0).asText();
                }
            }
        }
        return "";
    }

    private static boolean isDue(String what, JsonNode pod) {
        boolean deleting = Trees.at(pod, "metadata").hasNonNull("deletionTimestamp");
        boolean bound = !boundTo(pod).isEmpty();
        String phase = phase(pod);
        return switch (what) {
            case "bind" -> !bound && !deleting;
            case "start", "run" -> phase.equals("Pending") && !deleting;
            case "ready" -> phase.equals("Running") && !isReady(pod) && !deleting;
            case "unready" -> isReady(pod);
            case "restart" -> phase.equals("Running");
            case "succeed", "fail" -> !phase.equals("Succeeded") && !phase.equals("Failed");
            case "evict" -> !deleting;
            case "finish" -> deleting;
            default -> throw new IllegalStateException("no act " + what);
        };
    }

    private void act(String what, ObjectNode pod, JsonNode act) {
        ObjectNode options = Trees.object().put("kind", "DeleteOptions").put("apiVersion", "v1");
        switch (what) {
            case "evict" -> {
                if (act.has("grace")) {
                    options.set("gracePeriodSeconds", act.path("grace"));
                }
                bed.callPod(Verb.DELETE, name(pod), "", Body.of(options));
            }
            case "finish" -> {
                options.put("gracePeriodSeconds", 0)
                        .putObject("preconditions")
                        .set("uid", Trees.at(pod, "metadata", "uid"));
                bed.callPod(Verb.DELETE, name(pod), "", Body.of(options));
            }
            default -> {
                String phase = what.equals("succeed") ? "Succeeded" : what.equals("fail") ? "Failed" : "Running";
                boolean ready = what.equals("run") || what.equals("ready") || (what.equals("restart") && isReady(pod));
                report(pod, phase, ready, act);
            }
        }
    }

    private void bind(ObjectNode pod, JsonNode act, int position) {
        String node = nodeOf(pod).isEmpty() ? "n1" : nodeOf(pod);
        if (act.has("node")) {
            node = act.path("node").asText();
        } else if (act.has("nodes")) {
            node = act.path("nodes").path(position % act.path("nodes").size()).asText();
        }
        ObjectNode binding = Trees.object().put("apiVersion", "v1").put("kind", "Binding");
        binding.putObject("metadata").put("name", name(pod));
        binding.putObject("target").put("kind", "Node").put("name", node);
        bed.callPod(Verb.CREATE, name(pod), "binding", Body.of(binding));
    }

    /** Writes a status, onto the pod as it is now. */
    private void report(ObjectNode chosen, String phase, boolean ready, JsonNode act) {
        for (int attempt = 0; ; attempt++) {
            ObjectNode pod = bed.find("Pod", ControllerBed.NAMESPACE, name(chosen));
            if (pod == null || !Trees.at(pod, "metadata", "uid").equals(Trees.at(chosen, "metadata", "uid"))) {
                return;
            }
            pod.set("status", status(pod, phase, ready, act));
            try {
                bed.callPod(Verb.UPDATE, name(pod), "status", Body.of(pod));
                return;
            } catch (StatusException e) {
                if (!e.isConflict() || attempt == 9) {
                    throw e;
                }
            }
        }
    }

    private ObjectNode status(ObjectNode pod, String phase, boolean ready, JsonNode act) {
        ObjectNode status = pod.withObject("/status").deepCopy();
        status.put("phase", phase);
        if (act.has("ip") || !status.has("podIP")) {
            String address = act.has("ip")
                    ? act.path("ip").asText()
                    : "10.9.%d.%d".formatted(addresses / PER_RANGE, ++addresses % PER_RANGE);
            status.put("podIP", address).putArray("podIPs").addObject().put("ip", address);
        }
        status.put("hostIP", "10.8.0.1").putArray("hostIPs").addObject().put("ip", "10.8.0.1");
        if (!status.has("startTime")) {
            status.put("startTime", bed.now());
        }
        Map<String, JsonNode> conditions = new LinkedHashMap<>();
        status.path("conditions")
                .forEach(each -> conditions.put(each.path("type").asText(), each));
        for (String type : OWN_CONDITIONS) {
            String value = ready || !type.endsWith("eady") ? "True" : "False";
            JsonNode before = conditions.get(type);
            if (before == null || !before.path("status").asText().equals(value)) {
                conditions.put(
                        type,
                        Trees.object().put("type", type).put("status", value).put("lastTransitionTime", bed.now()));
            }
        }
        for (ObjectNode given : Trees.objects(act.path("conditions"))) {
            ObjectNode condition = given.deepCopy();
            if (!condition.has("lastTransitionTime")) {
                condition.put("lastTransitionTime", bed.now());
            }
            conditions.put(condition.path("type").asText(), condition);
        }
        ArrayNode list = status.putArray("conditions");
        conditions.values().forEach(list::add);
        status.setAll(Trees.pick(act, List.of("reason", "message")));
        status.set("containerStatuses", containers(pod, phase, ready, act));
        return status;
    }

    private ArrayNode containers(JsonNode pod, String phase, boolean ready, JsonNode act) {
        ArrayNode statuses = Trees.array();
        for (JsonNode container : Trees.at(pod, "spec", "containers")) {
            int restarts = 0;
            for (JsonNode before : Trees.at(pod, "status", "containerStatuses")) {
                if (before.path("name").equals(container.path("name"))) {
                    restarts = before.path("restartCount").asInt();
                }
            }
            ObjectNode status = statuses.addObject()
                    .put("name", container.path("name").asText())
                    .put("image", container.path("image").asText())
                    .put("imageID", "")
                    .put("ready", ready)
                    .put("restartCount", act.path("restarts").asInt(restarts));
            if (phase.equals("Running")) {
                status.putObject("state").putObject("running").put("startedAt", bed.now());
            } else {
                boolean killed = act.path("kubelet").asText().equals("finish");
                int code = phase.equals("Succeeded") ? 0 : killed ? 137 : 1;
                status.putObject("state")
                        .putObject("terminated")
                        .put("exitCode", act.path("exitCode").asInt(code));
            }
        }
        return statuses;
    }
}
