package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableListMultimap;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.BodyDecoder;
import dev.amphora.apiserver.schema.BodyDecoder.Encoding;
import dev.amphora.apiserver.schema.FieldValidation;
import dev.amphora.apiserver.schema.ProtobufCodec;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.rest.Corpus.Sample;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the server accepts, it keeps: objects of each kind with random fields, as far as they are valid, come back with every field in
 * each format, and putting them back changes nothing.
 *
 * <p>{@code -Dproperty.accepted=10000} says how many of each kind; by default a few. {@code
 * -Djunit.jupiter.execution.parallel.enabled=true -Djunit.jupiter.execution.parallel.mode.default=concurrent} takes several kinds at
 * once, {@code -Dproperty.kind=Pod} one alone.
 */
class ServerRoundTripTest {
    private static final int OBJECTS = Integer.getInteger("property.accepted", 4);
    private static final long SEED = Long.getLong("property.seed", 1);
    private static final int ROUNDS = 12;

    /** What the server says itself, or doesn't take, whatever it is told. */
    private static final ImmutableListMultimap<String, String> ITS_OWN = ImmutableListMultimap.<String, String>builder()
            .putAll("CertificateSigningRequest", "/spec/uid", "/spec/username", "/spec/groups", "/spec/extra")
            .putAll("Lease", "/spec/strategy", "/spec/preferredHolder")
            .put("EndpointSlice", "/endpoints/0/deprecatedTopology")
            .putAll("PersistentVolumeClaim", "/spec/dataSource", "/spec/dataSourceRef/namespace")
            .put("StatefulSet", "/spec/updateStrategy/rollingUpdate/maxUnavailable")
            .put("Node", "/spec/configSource")
            .put("FlowSchema", "/spec/matchingPrecedence")
            .put("Secret", "/stringData")
            .build();

    /** Fields of pods that belong to features which are off, wherever a pod is described. */
    private static final List<String> OF_FEATURES = List.of("stopSignal", "schedulingGroup");

    /** What 0 leaves to the server. */
    private static final Set<String> ZERO_IS_NONE =
            Set.of("failureThreshold", "successThreshold", "periodSeconds", "timeoutSeconds", "nodePort", "count");

    /** After how many objects the store's history is forgotten. */
    private static final int COMPACTION = 200;

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final TestServer server = new TestServer(kernel);
    private final RestApi api = RestApi.builder(kernel, server.apiServer).build();
    private final SchemaCatalogue catalogue = SchemaCatalogue.builtIn();
    private final BodyDecoder bodies = new BodyDecoder(catalogue);
    private final ProtobufCodec protobuf = new ProtobufCodec(catalogue);

    @BeforeEach
    void start() throws Exception {
        for (String path : List.of("/api/v1/namespaces", "/api/v1/namespaces/fuzz/serviceaccounts")) {
            String name = path.endsWith("namespaces") ? "fuzz" : "default";
            send("POST", path, "", ("{\"metadata\":{\"name\":\"" + name + "\"}}").getBytes(StandardCharsets.UTF_8));
        }
    }

    @AfterEach
    void end() {
        server.close();
        kernel.close();
    }

    static Stream<String> kinds() {
        return Corpus.samples().stream()
                .filter(sample -> !sample.path().contains("fuzz.example.com"))
                .map(sample -> sample.apiVersion() + " " + sample.kind())
                .filter(kind -> kind.endsWith(System.getProperty("property.kind", "")))
                .distinct();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void whatIsAcceptedIsKept(String kind) throws Exception {
        List<Sample> samples = new ArrayList<>();
        for (Sample sample : Corpus.samples()) {
            if (kind.equals(sample.apiVersion() + " " + sample.kind()) && isTaken(sample)) {
                samples.add(sample);
            }
        }
        assertThat(samples).isNotEmpty();
        for (int i = 0; i < OBJECTS; i++) {
            Random random = new Random(SEED * 1_000_003 + i ^ kind.hashCode());
            Sample sample = samples.get(random.nextInt(samples.size()));
            ObjectNode wanted = withRandomFields(sample, random);
            ObjectNode created = create(sample, wanted);
            assertThat(created).as("%s: %s", kind, wanted).isNotNull();
            compare(kind + " of seed " + i, sample, wanted, created);
            if (i % COMPACTION == COMPACTION - 1) {
                kernel.runReady();
                server.store.compact(server.store.revision());
            }
        }
    }

    /** Whether this server takes an object as it is: some ask for what others have, such as an address of another range. */
    private boolean isTaken(Sample sample) throws Exception {
        HttpAnswer answer = send("POST", sample.path(), "", Json.write(sample.object()));
        if (answer.status() != 201) {
            return false;
        }
        remove(sample.path() + "/"
                + Json.read(answer.body()).path("metadata").path("name").asText());
        return true;
    }

    private void remove(String path) throws Exception {
        HttpAnswer deleted = send("DELETE", path + "?gracePeriodSeconds=0", "", new byte[0]);
        if (Json.read(deleted.body()).path("metadata").has("finalizers")) {
            send(
                    "PATCH",
                    path,
                    "application/merge-patch+json",
                    "{\"metadata\":{\"finalizers\":null}}".getBytes(StandardCharsets.UTF_8));
        }
    }

    private ObjectNode withRandomFields(Sample sample, Random random) {
        RandomObjects objects = new RandomObjects(random);
        ObjectNode wild = objects.object(sample.apiVersion(), sample.kind(), type(sample));
        wild.remove("status");
        if (wild.path("metadata") instanceof ObjectNode metadata) {
            metadata.retain("labels", "annotations", "generateName", "ownerReferences");
        }
        ObjectNode wanted = sample.object().deepCopy();
        wanted.remove("status");
        overlay(wanted, wild, random);
        for (String own : ITS_OWN.get(sample.kind())) {
            int last = own.lastIndexOf('/');
            if (wanted.at(own.substring(0, last)) instanceof ObjectNode holder) {
                holder.remove(own.substring(last + 1));
            }
        }
        wanted.findParents(OF_FEATURES.get(0)).forEach(holder -> ((ObjectNode) holder).remove(OF_FEATURES));
        wanted.findParents(OF_FEATURES.get(1)).forEach(holder -> ((ObjectNode) holder).remove(OF_FEATURES));
        wanted.withObject("/metadata")
                .retain("name", "labels", "annotations", "generateName", "ownerReferences", "finalizers");
        if (sample.kind().equals("Namespace")) {
            wanted.withObject("/metadata").put("name", "n" + random.nextInt(Integer.MAX_VALUE));
        }
        return wanted;
    }

    /** Adds members that the target doesn't have yet, some of them. */
    private static void overlay(ObjectNode target, ObjectNode more, Random random) {
        more.properties().forEach(member -> {
            JsonNode current = target.get(member.getKey());
            if (current == null) {
                if (random.nextInt(3) == 0 || target.path("metadata").isMissingNode()) {
                    target.set(member.getKey(), member.getValue());
                }
            } else if (current instanceof ObjectNode object && member.getValue() instanceof ObjectNode inner) {
                overlay(object, inner, random);
            } else if (current instanceof ArrayNode list
                    && member.getValue() instanceof ArrayNode items
                    && list.path(0) instanceof ObjectNode object
                    && items.path(0) instanceof ObjectNode inner) {
                overlay(object, inner, random);
            }
        });
    }

    /** Creates it, without what the server finds fault with; null if it takes nothing of the kind. */
    private ObjectNode create(Sample sample, ObjectNode wanted) throws Exception {
        ObjectNode base = sample.object();
        for (int round = 0; round < ROUNDS; round++) {
            HttpAnswer answer = send("POST", sample.path() + "?fieldValidation=Strict", "", Json.write(wanted));
            JsonNode body = Json.read(answer.body());
            if (answer.status() == 201) {
                return (ObjectNode) body;
            }
            boolean dropped = false;
            for (JsonNode cause : body.path("details").path("causes")) {
                dropped |= drop(wanted, base, cause.path("field").asText());
            }
            if (!dropped || round > ROUNDS / 2) {
                halve(wanted, base);
            }
            if (round == ROUNDS - 2) {
                wanted.removeAll();
                wanted.setAll(base.deepCopy());
                wanted.remove("status");
            }
        }
        return null;
    }

    /** Removes what a path names, or the innermost thing around it that wasn't there from the start. */
    private static boolean drop(ObjectNode tree, JsonNode base, String path) {
        JsonNode at = tree;
        JsonNode was = base;
        for (String step : path.replaceAll("\\[(\\d+)]", ".$1").split("\\.(?![^\\[]*])")) {
            String name = step.replaceAll("\\[.*", "");
            JsonNode next = at.isArray() && name.matches("\\d+") ? at.path(Integer.parseInt(name)) : at.path(name);
            JsonNode before = was.isArray() && name.matches("\\d+") ? was.path(Integer.parseInt(name)) : was.path(name);
            if (next.isMissingNode()) {
                return prune(at, was);
            }
            if (before.isMissingNode()) {
                if (at instanceof ObjectNode object) {
                    object.remove(name);
                } else {
                    ((ArrayNode) at).remove(Integer.parseInt(name));
                }
                return true;
            }
            at = next;
            was = before;
        }
        return prune(at, was);
    }

    /** Removes what was added to an object. */
    private static boolean prune(JsonNode at, JsonNode was) {
        if (at instanceof ObjectNode object) {
            Set<String> added = new TreeSet<>();
            object.fieldNames().forEachRemaining(added::add);
            was.fieldNames().forEachRemaining(added::remove);
            object.remove(added);
            return !added.isEmpty();
        }
        return false;
    }

    /** Removes one of two members that were added. */
    private static void halve(JsonNode at, JsonNode base) {
        if (at instanceof ObjectNode object) {
            List<String> names = new ArrayList<>();
            object.fieldNames().forEachRemaining(names::add);
            boolean drop = false;
            for (String name : names) {
                if (base.has(name)) {
                    halve(object.get(name), base.get(name));
                } else if (drop = !drop) {
                    object.remove(name);
                }
            }
        } else if (at.isArray() && base.isArray()) {
            for (int i = 0; i < at.size() && i < base.size(); i++) {
                halve(at.get(i), base.get(i));
            }
        }
    }

    private void compare(String about, Sample sample, ObjectNode wanted, ObjectNode created) throws Exception {
        assertThat(lost(wanted, created)).as(about).isEmpty();
        String path =
                sample.path() + "/" + created.path("metadata").path("name").asText();
        HttpAnswer json = get(path, Accept.Format.JSON);
        assertThat(lost(wanted, Json.read(json.body()))).as(about).isEmpty();
        ObjectNode decoded = withoutInnerKinds(decoded(sample, Encoding.JSON, json.body()));
        for (Accept.Format format : List.of(Accept.Format.YAML, Accept.Format.PROTOBUF)) {
            Encoding encoding = Encoding.ofMediaType(format.mediaType()).orElseThrow();
            ObjectNode other = withoutInnerKinds(
                    decoded(sample, encoding, get(path, format).body()));
            assertThat(RandomObjects.lost("", decoded, other))
                    .as("%s as %s", about, format)
                    .isEmpty();
            assertThat(other).as("%s as %s", about, format).isEqualTo(decoded);
        }
        HttpAnswer put = send("PUT", path, Accept.Format.PROTOBUF.mediaType(), protobuf.encode(Json.read(json.body())));
        assertThat(put.status())
                .as("%s: %s", about, new String(put.body(), StandardCharsets.UTF_8))
                .isEqualTo(200);
        assertThat(lost(wanted, Json.read(put.body()))).as(about).isEmpty();
        remove(path);
    }

    private static String lost(ObjectNode wanted, JsonNode kept) {
        return RandomObjects.lost("", wanted, kept, ServerRoundTripTest::isAsGood);
    }

    /** Whether the server writes a value in another way, or takes it for none. */
    private static boolean isAsGood(String path, JsonNode sent, JsonNode kept) {
        // What is null says nothing; the old name of a field follows the new one; and old annotations become fields.
        if (sent.isNull()
                || path.endsWith(".serviceAccount")
                || path.contains(".autoscaling.alpha.kubernetes.io/")
                || path.startsWith(".stringData")
                || path.endsWith(".sessionAffinityConfig")) {
            return true;
        }
        if (path.equals(".spec.finalizers") || path.equals(".spec.taints")) {
            return kept.size() > sent.size(); // The server adds its own.
        }
        String name = path.substring(path.lastIndexOf('.') + 1);
        if (sent.isNumber()) {
            return sent.intValue() == 0 && ZERO_IS_NONE.contains(name)
                    || name.equals("terminationGracePeriodSeconds") && sent.longValue() < 0 && kept.intValue() == 1;
        }
        return sent.isTextual()
                && (sent.textValue().isEmpty() || kept.isTextual() && isSameAmount(sent.textValue(), kept.textValue()));
    }

    private static BigDecimal thousandths(String amount) {
        return Quantity.getAmountInBytes(new Quantity(amount)).setScale(3, RoundingMode.UP);
    }

    private static boolean isSameAmount(String sent, String kept) {
        try {
            return thousandths(sent).compareTo(thousandths(kept)) == 0;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The binary form has the kind of an object once, not those of the objects in it. */
    private static ObjectNode withoutInnerKinds(ObjectNode object) {
        object.path("spec").path("volumeClaimTemplates").forEach(claim -> ((ObjectNode) claim)
                .remove(List.of("kind", "apiVersion")));
        return object;
    }

    private ObjectNode decoded(Sample sample, Encoding encoding, byte[] body) {
        String[] parts = sample.apiVersion().split("/");
        return bodies.decode(
                        body,
                        encoding,
                        parts.length == 2 ? parts[0] : "",
                        parts[parts.length - 1],
                        sample.kind(),
                        FieldValidation.STRICT)
                .object();
    }

    private TypeSchema type(Sample sample) {
        String[] parts = sample.apiVersion().split("/");
        return catalogue.type(parts.length == 2 ? parts[0] : "", parts[parts.length - 1], sample.kind());
    }

    private HttpAnswer get(String path, Accept.Format format) throws Exception {
        return DirectCall.admin("GET", path, "", new byte[0])
                .with("Accept", format.mediaType())
                .run(api);
    }

    private HttpAnswer send(String method, String path, String type, byte[] body) throws Exception {
        return DirectCall.admin(method, path, type, body).run(api);
    }
}
