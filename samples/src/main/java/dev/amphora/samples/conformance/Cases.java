package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/** Replays a file with a self-contained case on each line. */
@FunctionalInterface
interface Cases {

    /**
     * A file and what it is replayed with.
     *
     * @param topic the folder below {@code api} that it is in
     */
    record File(Session session, Path path, String topic) {
        Server server() {
            return session.server();
        }

        Pace pace() {
            return session.pace();
        }
    }

    /** Replays every case. */
    void replay(File file, List<ObjectNode> cases, Results results);

    /** What lines with these members are. */
    record Kind(Predicate<JsonNode> describes, Cases cases) {}

    /** The kinds of case files, by the members of a line; the first that fits. */
    List<Kind> KINDS = List.of(
            kind(Cases::transcripts, "steps"),
            kind(new FixtureCases(), "fixture"),
            kind(new RequestCases(), "request"),
            kind(CustomResourceCases::definitions, "crd"),
            kind(CustomResourceCases::objects, "schema"),
            kind(new CelCases(), "self"),
            kind(Cases::decisions, "spec", "status"),
            kind(Cases::decisions, "spec", "refused"),
            kind(new PolicyExpressionCases(), "messageExpression", "object"),
            kind(new AdmissionCases(), "create", "answer"));

    private static Kind kind(Cases cases, String... members) {
        return new Kind(line -> List.of(members).stream().allMatch(line::has), cases);
    }

    /** The runner for a file whose lines look like this one. */
    static Cases of(JsonNode line) {
        return KINDS.stream()
                .filter(kind -> kind.describes.test(line))
                .findFirst()
                .map(Kind::cases)
                .orElse(Cases::unknown);
    }

    private static void unknown(File file, List<ObjectNode> cases, Results results) {
        results.replayed("all", List.of("lines of no known kind"));
    }

    private static void transcripts(File file, List<ObjectNode> cases, Results results) {
        for (ObjectNode each : cases) {
            results.replay(each.path("name").asText(), () -> new Transcript(file.session, each, file.topic).run());
        }
    }

    /** Lines with {@code spec} and {@code status} are SubjectAccessReviews. */
    private static void decisions(File file, List<ObjectNode> cases, Results results) {
        for (ObjectNode each : cases) {
            results.replay(each.path("name").asText(), () -> decision(file.server(), each));
        }
    }

    private static List<String> decision(Server server, JsonNode recorded) {
        ObjectNode review =
                Trees.object().put("apiVersion", "authorization.k8s.io/v1").put("kind", "SubjectAccessReview");
        review.putObject("metadata");
        review.set("spec", recorded.get("spec"));
        Response response = server.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review);
        if (recorded.has("refused")) {
            return AnswerCheck.ofObject(recorded.get("refused"), response, false);
        }
        if (response.status() != 201) {
            return List.of("status: " + response.status());
        }
        JsonNode status = AnswerCheck.orNull(response.body().get("status"));
        return Comparison.of(recorded.get("status"), status, new Bindings(), "status");
    }
}
