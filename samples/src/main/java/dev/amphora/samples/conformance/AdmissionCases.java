package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lines with {@code create} and {@code answer}: what they need exists, then {@code create} is posted as a dry run. Policies become active
 * some time after they are made: a first round tries each case until it fits, the second one counts.
 */
final class AdmissionCases implements Cases {
    private static final Duration FOR_POLICIES = Duration.ofSeconds(30);
    private static final Duration AT_FIRST = Duration.ofMillis(500);
    private static final Duration MOMENT = Duration.ofMillis(100);
    private static final List<String> NEEDED = List.of("limitRange", "policy", "binding");

    /** The namespace of a case. */
    private record Where(@Nullable String namespace, JsonNode labels) {
        static Where of(JsonNode each) {
            String[] parts = each.path("name").asText().split("/", -1);
            if (each.has("namespace")) {
                JsonNode namespace = each.get("namespace");
                return new Where(namespace.path("name").asText(), namespace.path("labels"));
            }
            if (each.has("namespaceLabels")) {
                return new Where("ps-" + parts[1].replace('.', '-'), each.get("namespaceLabels"));
            }
            return new Where(each.has("limitRange") ? "lr-" + parts[1] : null, MissingNode.getInstance());
        }
    }

    @Override
    public void replay(File file, List<ObjectNode> cases, Results results) {
        SharedObjects shared = new SharedObjects(file.session());
        boolean policies = false;
        for (ObjectNode each : cases) {
            Where where = Where.of(each);
            if (where.namespace != null) {
                shared.makeNamespace(where.namespace, where.labels);
            }
            each.path("params").forEach(object -> shared.make(object, where.namespace));
            NEEDED.stream().filter(each::has).forEach(name -> shared.make(each.get(name), where.namespace));
            policies |= each.has("policy");
        }
        if (policies) {
            file.pace().pause(AT_FIRST);
            awaitPolicies(file, cases);
        }
        for (ObjectNode each : cases) {
            results.replay(each.path("name").asText(), () -> differences(file.server(), each));
        }
        shared.remove();
    }

    private static void awaitPolicies(File file, List<ObjectNode> cases) {
        Instant end = file.pace().now().plus(FOR_POLICIES);
        for (ObjectNode each : cases) {
            while (!fits(file.server(), each)
                    && file.pace().now().isBefore(end)
                    && file.session().patient(MOMENT)) {
                // the policy may not be active yet
            }
        }
    }

    private static boolean fits(Server server, ObjectNode each) {
        try {
            return differences(server, each).isEmpty();
        } catch (RuntimeException e) {
            return false;
        }
    }

    private static List<String> differences(Server server, ObjectNode each) {
        JsonNode create = each.get("create");
        String path = server.collectionOf(create, Where.of(each).namespace) + "?dryRun=All";
        Response response = server.post(path, create);
        ObjectNode want = ((ObjectNode) each.get("answer")).deepCopy();
        JsonNode named = want.remove("object");
        List<String> out = new ArrayList<>(AnswerCheck.ofObject(want, response, false));
        if (named != null && response.succeeded()) {
            JsonNode got = named(each, Shapes.withoutManagedFields(response.body()), named);
            out.addAll(Comparison.of(named, got, new Bindings(), "object"));
        }
        return out;
    }

    /** The part of an admitted object that a case gives. */
    private static JsonNode named(JsonNode each, JsonNode body, JsonNode named) {
        List<String> names = new ArrayList<>();
        named.fieldNames().forEachRemaining(names::add);
        if (each.has("limitRange")) {
            return Trees.pick(limited(body), names);
        }
        if (!each.has("policy")) {
            return AnswerCheck.orNull(body.get("spec"));
        }
        ObjectNode got = Trees.pick(body, names);
        if (got.has("metadata")) {
            got.set("metadata", Trees.pick(body.get("metadata"), List.of("name", "labels", "annotations")));
        }
        return got;
    }

    /** What a LimitRange can change of a pod or a claim. */
    private static ObjectNode limited(JsonNode body) {
        JsonNode spec = body.path("spec");
        ObjectNode byContainer = Trees.object();
        for (String list : List.of("initContainers", "containers")) {
            spec.path(list)
                    .forEach(container -> byContainer.set(
                            container.path("name").asText(), AnswerCheck.orNull(container.get("resources"))));
        }
        ObjectNode limited = Trees.object();
        limited.set("annotations", AnswerCheck.orNull(body.path("metadata").get("annotations")));
        limited.set("resources", byContainer.isEmpty() ? AnswerCheck.orNull(spec.get("resources")) : byContainer);
        limited.set("qosClass", AnswerCheck.orNull(body.path("status").get("qosClass")));
        return limited;
    }
}
