package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.Body;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Does what a recording says was done to the cluster. */
final class ControllerStimuli {
    private final ControllerBed bed;
    private final ControllerNames names;
    private final ControllerScript script;
    private final ControllerKubelet kubelet;

    ControllerStimuli(ControllerBed bed, ControllerNames names, ControllerSight sight) {
        this.bed = bed;
        this.names = names;
        this.script = bed.script();
        this.kubelet = new ControllerKubelet(bed, names, sight, script);
    }

    /** Does one thing after the other; returns what went otherwise than recorded. */
    List<String> apply(JsonNode stimuli) {
        List<String> problems = new ArrayList<>();
        List<Runnable> calls = new ArrayList<>();
        stimuli.forEach(stimulus -> calls.add(() -> apply(stimulus, problems)));
        script.next(calls);
        script.play();
        return problems;
    }

    private void apply(JsonNode recorded, List<String> problems) {
        JsonNode stimulus = names.resolved(recorded);
        if (stimulus.has("kubelet")) {
            int touched = kubelet.act(stimulus, problems);
            int matched = stimulus.path("matched").asInt(touched);
            if (touched != matched) {
                problems.add("%s found %d pods, recorded %d".formatted(Trees.brief(recorded), touched, matched));
            }
        } else if (stimulus.path("node").isTextual()) {
            boolean start = stimulus.path("node").asText().equals("startHeartbeats");
            Trees.texts(stimulus.path("names")).forEach(start ? bed::startHeartbeats : bed::stopHeartbeats);
        } else if (stimulus.has("metrics")) {
            bed.use(stimulus.path("values"));
        } else {
            request(recorded, stimulus, problems);
        }
    }

    private void request(JsonNode recorded, JsonNode stimulus, List<String> problems) {
        JsonNode wanted = stimulus.path("answer");
        try {
            send(stimulus);
            if (wanted.path("code").asInt() >= 400) {
                problems.add("%s was accepted, recorded %s".formatted(Trees.brief(recorded), wanted));
            }
        } catch (StatusException e) {
            ObjectNode answer = Trees.object()
                    .put("code", e.code())
                    .put("reason", e.reason())
                    .put("message", Objects.requireNonNullElse(e.getMessage(), ""));
            String difference = wanted.isMissingNode()
                    ? answer.toString()
                    : ControllerMatch.difference(
                            "answer",
                            recorded.path("answer"),
                            Trees.pick(names.canonical(answer), recorded.path("answer")::fieldNames));
            if (!difference.isEmpty()) {
                problems.add(Trees.brief(recorded) + ": " + difference);
            }
        }
    }

    private void send(JsonNode stimulus) {
        if (stimulus.has("create")) {
            JsonNode object = stimulus.path("create");
            ResourceInfo info = bed.info(
                    object.path("kind").asText(), object.path("apiVersion").asText());
            String namespace = stimulus.path("namespace").asText(ControllerBed.NAMESPACE);
            bed.call(Verb.CREATE, info, namespace, "", "", Body.of(object));
            return;
        }
        String verb = stimulus.has("patch") ? "patch" : stimulus.has("delete") ? "delete" : "post";
        String[] reference = stimulus.path(verb).asText().split("/", -1);
        int kind = reference.length - 2;
        String namespace = reference.length == 3 ? reference[0] : ControllerBed.NAMESPACE;
        ResourceInfo info = bed.info(reference[kind], "");
        String name = names.nameOf(reference[kind], namespace, reference[kind + 1]);
        String subresource = stimulus.path("subresource").asText();
        switch (verb) {
            case "patch" -> bed.call(Verb.PATCH, info, namespace, name, subresource, patch(stimulus));
            case "post" -> bed.call(Verb.CREATE, info, namespace, name, subresource, Body.of(stimulus.path("body")));
            default -> {
                ObjectNode options = Trees.object().put("kind", "DeleteOptions").put("apiVersion", "v1");
                options.setAll(Trees.pick(stimulus, List.of("propagationPolicy", "gracePeriodSeconds")));
                bed.call(Verb.DELETE, info, namespace, name, "", Body.of(options));
            }
        }
    }

    private static Body patch(JsonNode stimulus) {
        String type =
                switch (stimulus.path("type").asText()) {
                    case "json" -> "application/json-patch+json";
                    case "merge" -> "application/merge-patch+json";
                    default -> "application/strategic-merge-patch+json";
                };
        return Body.of(stimulus.path("body"), type);
    }
}
