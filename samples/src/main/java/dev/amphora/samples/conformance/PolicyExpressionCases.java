package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Lines with {@code messageExpression} and {@code object}: the expression as the message of a policy that warns about the object. The
 * names of cases are numbers; twenty of the recording shared a policy and its namespace, which some expressions show.
 */
final class PolicyExpressionCases implements Cases {
    private static final String POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
    private static final String VERSION = "admissionregistration.k8s.io/v1";
    private static final int SHARING = 20;
    private static final Duration TO_BE_ACTIVE = Duration.ofSeconds(15);
    private static final Duration MOMENT = Duration.ofMillis(100);

    @Override
    public void replay(File file, List<ObjectNode> cases, Results results) {
        Map<Integer, List<ObjectNode>> groups = new TreeMap<>();
        for (ObjectNode each : cases) {
            String name = each.path("name").asText();
            if (each.path("answer").has("refused")) {
                results.replay(name, () -> refusal(file.server(), each));
            } else {
                groups.computeIfAbsent(Integer.parseInt(name.split("/", -1)[1]) / SHARING, n -> new ArrayList<>())
                        .add(each);
            }
        }
        SharedObjects shared = new SharedObjects(file.session());
        Map<Integer, String> failed = new TreeMap<>();
        groups.forEach((number, group) -> {
            try {
                prepare(shared, "cel-" + number, group);
            } catch (IllegalStateException e) {
                failed.put(number, String.valueOf(e.getMessage()));
            }
        });
        groups.forEach((number, group) -> {
            String why = failed.get(number);
            if (why == null) {
                compare(file, "cel-" + number, group, results);
            } else {
                group.forEach(each -> results.replayed(each.path("name").asText(), List.of(why)));
            }
        });
        shared.remove();
    }

    private static List<String> refusal(Server server, JsonNode each) {
        ObjectNode validation = validation("FALLBACK");
        validation.set("messageExpression", each.get("messageExpression"));
        Response response = server.post(
                POLICIES + "?dryRun=All", policy("cel-refused", Trees.array().add(validation)));
        JsonNode causes = Trees.at(response.body(), "details", "causes");
        JsonNode message = causes.isEmpty()
                ? AnswerCheck.orNull(null)
                : causes.get(causes.size() - 1).path("message");
        JsonNode want = each.path("answer").path("refused");
        boolean fits = response.status() == 422
                && Comparison.of(want, message, new Bindings(), "refused").isEmpty();
        return fits ? List.of() : List.of("refused: want %s, got %d %s".formatted(want, response.status(), message));
    }

    private static ObjectNode validation(String fallback) {
        return Trees.object().put("expression", "false").put("message", fallback);
    }

    private static ObjectNode policy(String name, ArrayNode validations) {
        ObjectNode policy = Trees.object().put("apiVersion", VERSION).put("kind", "ValidatingAdmissionPolicy");
        policy.putObject("metadata").put("name", name);
        ObjectNode spec = policy.putObject("spec");
        ObjectNode rule =
                spec.putObject("matchConstraints").putArray("resourceRules").addObject();
        rule.putArray("operations").add("CREATE").add("UPDATE");
        rule.putArray("apiGroups").add("");
        rule.putArray("apiVersions").add("v1");
        rule.putArray("resources").add("configmaps");
        spec.set("validations", validations);
        return policy;
    }

    private static void prepare(SharedObjects shared, String name, List<ObjectNode> group) {
        shared.makeNamespace(name, Trees.object());
        ArrayNode validations = Trees.array();
        for (int i = 0; i < group.size(); i++) {
            String expression = group.get(i).path("messageExpression").asText();
            validations.add(validation("FALLBACK" + i).put("messageExpression", "'" + i + "|' + (" + expression + ")"));
        }
        shared.make(policy(name, validations), null);
        ObjectNode binding = Trees.object().put("apiVersion", VERSION).put("kind", "ValidatingAdmissionPolicyBinding");
        binding.putObject("metadata").put("name", name);
        ObjectNode spec = binding.putObject("spec").put("policyName", name);
        spec.putArray("validationActions").add("Warn");
        spec.putObject("matchResources")
                .putObject("namespaceSelector")
                .putObject("matchLabels")
                .put("kubernetes.io/metadata.name", name);
        shared.make(binding, null);
    }

    private static void compare(File file, String name, List<ObjectNode> group, Results results) {
        String path = "/api/v1/namespaces/" + name + "/configmaps?dryRun=All";
        Instant end = file.pace().now().plus(TO_BE_ACTIVE);
        Response response;
        do {
            response = file.server().post(path, group.get(0).get("object"));
        } while (response.header("warning").isEmpty()
                && file.pace().now().isBefore(end)
                && file.session().patient(MOMENT));
        List<String> texts = texts(name, response);
        for (int i = 0; i < group.size(); i++) {
            JsonNode each = group.get(i);
            String fallback = "FALLBACK" + i;
            String prefix = i + "|";
            String said = texts.stream()
                    .filter(text -> text.equals(fallback) || text.startsWith(prefix))
                    .findFirst()
                    .orElse(null);
            if (said == null) {
                results.replayed(each.path("name").asText(), List.of("no warning, got " + response.brief()));
                continue;
            }
            ObjectNode got = said.equals(fallback)
                    ? Trees.object().put("fallback", true)
                    : Trees.object()
                            .put(
                                    "message",
                                    said.substring(prefix.length())
                                            .replace("\\\"", "\"")
                                            .replace("\\\\", "\\"));
            results.replayed(
                    each.path("name").asText(), Comparison.of(each.get("answer"), got, new Bindings(), "answer"));
        }
    }

    private static List<String> texts(String name, Response response) {
        String prefix = "299 - \"Validation failed for ValidatingAdmissionPolicy '%s' with binding '%s': "
                .formatted(name, name);
        return response.header("warning").stream()
                .filter(warning -> warning.startsWith(prefix))
                .map(warning -> warning.substring(prefix.length(), warning.length() - 1))
                .toList();
    }
}
