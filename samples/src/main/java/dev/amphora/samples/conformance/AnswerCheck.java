package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Compares an answer with the recorded one: status, headers, and the body or what stands for it. */
final class AnswerCheck {
    /** Topics whose recordings left managedFields out, except where a body shows them. */
    private static final Set<String> WITHOUT_MANAGED_FIELDS = Set.of("crd", "admission", "access");

    private static final Set<String> NEVER_COMPARED = Set.of("connection", "keep-alive");
    /** Headers that the connection adds, not the API server. */
    private static final Set<String> OF_THE_CONNECTION = Set.of("date", "content-length", "transfer-encoding");

    private static final String CUT = " ... (cut)";

    private final String topic;
    private final boolean connectionShown;
    private final Set<String> ignored;

    /**
     * @param topic the folder below {@code api}
     * @param connectionShown whether the connection's own headers are to be seen
     * @param ignored paths that are not compared
     */
    AnswerCheck(String topic, boolean connectionShown, Set<String> ignored) {
        this.topic = topic;
        this.connectionShown = connectionShown;
        this.ignored = ignored;
    }

    /** Whether a topic's recordings have no managedFields where none are shown. */
    static boolean leavesOutManagedFields(String topic, JsonNode recorded) {
        return WITHOUT_MANAGED_FIELDS.contains(topic) && !Shapes.showsManagedFields(recorded);
    }

    /** Every difference. */
    List<String> differences(JsonNode want, Response got, Bindings bindings) {
        List<String> out = new ArrayList<>();
        int status = want.path("status").asInt();
        if (want.has("status") && status != got.status()) {
            String why = got.status() >= 400 ? " (" + got.brief() + ")" : "";
            out.add("status: want %s, got %s%s"
                    .formatted(want.get("status"), got.answered() ? got.status() : null, why));
        }
        out.addAll(headerDifferences(want, got.headers(), bindings));
        if (!got.header("last-modified").isEmpty()) {
            bindings.put("lastModified", got.header("last-modified").get(0));
        }
        if (!want.path("bodyOmitted").asBoolean() && got.answered()) {
            if (want.has("body")) {
                out.addAll(bodyDifferences(want, got, bindings));
            }
            if (want.has("bodyText")) {
                out.addAll(textDifferences(want.get("bodyText").asText(), got.text(), bindings));
            }
        }
        out.addAll(new Extracts(want, got).differences(bindings));
        return out;
    }

    private List<String> bodyDifferences(JsonNode recorded, Response response, Bindings bindings) {
        JsonNode want = recorded.get("body");
        JsonNode got = response.body();
        if (leavesOutManagedFields(topic, want)) {
            got = Shapes.withoutManagedFields(got);
        }
        if (recorded.path("unordered").asBoolean()) {
            want = Shapes.sortedCauses(want);
            got = Shapes.sortedCauses(got);
        }
        if (!recorded.path("timed").asBoolean()) {
            Shapes.sortManagedFields(want);
            Shapes.sortManagedFields(got);
        }
        Shapes.sortConditions(want);
        Shapes.sortConditions(got);
        for (JsonNode part : recorded.path("unorderedParts")) {
            if (!part.asText().startsWith("header ")) {
                List<String> path = List.of(part.asText().split("\\.", -1));
                Shapes.sortAt(want, path);
                Shapes.sortAt(got, path);
            }
        }
        return Comparison.of(want, got, bindings, "body", ignored, false);
    }

    private static List<String> textDifferences(String want, String got, Bindings bindings) {
        if (!want.endsWith(CUT)) {
            return Comparison.of(want, got, bindings, "body");
        }
        String kept = want.substring(0, want.length() - CUT.length());
        return Comparison.of(kept, got.substring(0, Math.min(got.length(), kept.length())), bindings, "body");
    }

    /** Differences of the headers that were recorded; of all where the recording kept them all, which a Date tells. */
    List<String> headerDifferences(JsonNode want, Map<String, List<String>> got, Bindings bindings) {
        List<String> out = new ArrayList<>();
        Set<String> given = new HashSet<>();
        for (Map.Entry<String, JsonNode> header : Trees.members(want.path("headers"))) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            given.add(name);
            if (connectionShown || !OF_THE_CONNECTION.contains(name)) {
                out.addAll(headerDifferences(want, name, header.getValue(), got, bindings));
            }
        }
        if (given.contains("date")) {
            got.forEach((name, values) -> {
                if (!given.contains(name) && !NEVER_COMPARED.contains(name)) {
                    out.add("header %s: not expected, got %s".formatted(name, values));
                }
            });
        } else if (got.containsKey("warning")
                && !given.contains("warning")
                && (want.has("headers") || want.has("body"))) {
            out.add("header warning: not expected, got " + got.get("warning"));
        }
        return out;
    }

    /** Differences of the headers that are recorded of a watch. */
    List<String> watchHeaderDifferences(JsonNode spec, Watch watch, Bindings bindings) {
        List<String> out = new ArrayList<>();
        for (Map.Entry<String, JsonNode> header : Trees.members(spec.path("headers"))) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (connectionShown || !OF_THE_CONNECTION.contains(name)) {
                Map<String, List<String>> got = Map.of(name, watch.header(name));
                out.addAll(headerDifferences(spec, name, header.getValue(), got, bindings));
            }
        }
        return out;
    }

    private static List<String> headerDifferences(
            JsonNode want, String name, JsonNode recorded, Map<String, List<String>> got, Bindings bindings) {
        List<String> wanted = recorded.isArray() ? Trees.texts(recorded) : new ArrayList<>(List.of(recorded.asText()));
        List<String> values = new ArrayList<>(got.getOrDefault(name, List.of()));
        for (JsonNode part : want.path("unorderedParts")) {
            if (part.asText().equals("header " + name)) {
                wanted.sort(Comparator.naturalOrder());
                values.sort(Comparator.naturalOrder());
            }
        }
        List<String> read = wanted.stream().map(AnswerCheck::asUtf8).toList();
        return Comparison.of(Trees.array(read), Trees.array(values), bindings, "header " + name);
    }

    /** Recordings have header values as Latin-1 where the recorder read them so; they are UTF-8. */
    static String asUtf8(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.ISO_8859_1);
        if (!new String(bytes, StandardCharsets.ISO_8859_1).equals(value)) {
            return value;
        }
        String decoded = new String(bytes, StandardCharsets.UTF_8);
        return decoded.indexOf('\uFFFD') < 0 ? decoded : value;
    }

    /** The member {@code answer} of a case: status, warnings, and body, object, spec or metadata. */
    static List<String> ofObject(JsonNode want, Response got, boolean anyOrder) {
        Bindings bindings = new Bindings();
        List<String> out = new ArrayList<>();
        if (want.path("status").asInt() != got.status()) {
            out.add("status: want %s, got %d (%s)".formatted(want.path("status"), got.status(), got.brief()));
        }
        List<String> warnings = Trees.texts(want.path("warnings")).stream()
                .map(AnswerCheck::asUtf8)
                .toList();
        out.addAll(Comparison.of(Trees.array(warnings), Trees.array(got.header("warning")), bindings, "warnings"));
        JsonNode body = Shapes.withoutManagedFields(got.body());
        if (want.has("body")) {
            JsonNode recorded = want.get("body");
            out.addAll(
                    anyOrder
                            ? Comparison.of(Shapes.sortedCauses(recorded), Shapes.sortedCauses(body), bindings, "body")
                            : Comparison.of(recorded, body, bindings, "body"));
        } else if (got.succeeded() && body.isObject()) {
            if (want.has("spec")) {
                out.addAll(Comparison.of(want.get("spec"), orNull(body.get("spec")), bindings, "spec"));
            } else if (want.has("object")) {
                out.addAll(Comparison.of(want.get("object"), content(body), bindings, "object"));
                ObjectNode kept =
                        Trees.pick(body.path("metadata"), List.of("labels", "annotations", "finalizers", "generation"));
                JsonNode metadata = want.has("metadata") ? want.get("metadata") : Trees.object();
                out.addAll(Comparison.of(metadata, kept, bindings, "metadata"));
            }
        }
        return out;
    }

    private static ObjectNode content(JsonNode body) {
        ObjectNode content = body.deepCopy();
        content.remove(List.of("apiVersion", "kind", "metadata"));
        return content;
    }

    static JsonNode orNull(@Nullable JsonNode node) {
        return node == null || node.isMissingNode() ? NullNode.getInstance() : node;
    }

    /** The token of an answer, decoded: header, claims, and the seconds it is valid. */
    static List<String> tokenDifferences(JsonNode want, JsonNode body, Bindings bindings) {
        String[] parts = Trees.at(body, "status", "token").asText().split("\\.", -1);
        if (parts.length != 3) {
            return List.of("token: none in " + Trees.brief(body));
        }
        JsonNode claims = decoded(parts[1]);
        ObjectNode got = Trees.object();
        got.set("header", decoded(parts[0]));
        got.set("claims", claims);
        got.put("expMinusIat", claims.path("exp").asLong() - claims.path("iat").asLong());
        return Comparison.of(want, got, bindings, "token");
    }

    private static JsonNode decoded(String part) {
        return Trees.read(new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8));
    }

    /** {@code got} in the order of {@code want}, as far as elements match; as it is if some don't. */
    static List<JsonNode> paired(List<JsonNode> want, List<JsonNode> got, Bindings bindings, boolean partial) {
        List<JsonNode> left = new ArrayList<>(got);
        List<JsonNode> out = new ArrayList<>();
        Bindings known = bindings.copy();
        for (JsonNode each : want) {
            JsonNode hit = left.stream()
                    .filter(other -> Comparison.of(each, other, known.copy(), "", Set.of(), partial)
                            .isEmpty())
                    .findFirst()
                    .orElse(null);
            if (hit == null) {
                return got;
            }
            left.remove(hit);
            out.add(hit);
            Comparison.of(each, hit, known, "", Set.of(), partial);
        }
        out.addAll(left);
        return out;
    }

    static ArrayNode array(List<JsonNode> items) {
        ArrayNode array = Trees.array();
        array.addAll(items);
        return array;
    }
}
