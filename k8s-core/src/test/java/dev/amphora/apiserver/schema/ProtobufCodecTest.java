package dev.amphora.apiserver.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import com.google.common.io.Resources;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.BodyDecoder.Encoding;
import io.kubernetes.client.proto.IntStr;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.Resource;
import io.kubernetes.client.proto.Runtime;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.proto.V1Admissionregistration;
import io.kubernetes.client.proto.V1Apiextensions;
import io.kubernetes.client.proto.V1Apps;
import io.kubernetes.client.proto.V1Authentication;
import io.kubernetes.client.proto.V1Authorization;
import io.kubernetes.client.proto.V1Autoscaling;
import io.kubernetes.client.proto.V1Batch;
import io.kubernetes.client.proto.V1Certificates;
import io.kubernetes.client.proto.V1Coordination;
import io.kubernetes.client.proto.V1Discovery;
import io.kubernetes.client.proto.V1Events;
import io.kubernetes.client.proto.V1Flowcontrol;
import io.kubernetes.client.proto.V1Networking;
import io.kubernetes.client.proto.V1Node;
import io.kubernetes.client.proto.V1Policy;
import io.kubernetes.client.proto.V1Rbac;
import io.kubernetes.client.proto.V1Scheduling;
import io.kubernetes.client.proto.V1Storage;
import io.kubernetes.client.proto.V1beta1Extensions;
import io.kubernetes.client.proto.V2Autoscaling;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProtobufCodecTest {
    private final SchemaCatalogue catalogue = SchemaCatalogue.builtIn();
    private final ProtobufCodec codec = new ProtobufCodec(catalogue);
    private final BodyDecoder bodies = new BodyDecoder(catalogue);

    static List<JsonNode> kubectlBodies() throws IOException {
        String text = Resources.toString(
                Resources.getResource(ProtobufCodecTest.class, "kubectl-bodies.jsonl"), StandardCharsets.UTF_8);
        List<JsonNode> result = new ArrayList<>();
        for (String line : Splitter.on('\n').omitEmptyStrings().split(text)) {
            result.add(Json.read(line.getBytes(StandardCharsets.UTF_8)));
        }
        return result;
    }

    @ParameterizedTest
    @MethodSource("kubectlBodies")
    @DisplayName("what kubectl 1.32 posts is what it prints with --dry-run")
    void readsWhatKubectlPosts(JsonNode recorded) {
        byte[] body = Base64.getDecoder().decode(recorded.path("body").asText());
        ObjectNode raw = codec.decode(body);
        String apiVersion = raw.path("apiVersion").asText();
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        String version = apiVersion.substring(slash + 1);
        String kind = raw.path("kind").asText();

        JsonNode decoded = bodies.decode(body, Encoding.PROTOBUF, group, version, kind, FieldValidation.STRICT)
                .object();

        if (recorded.path("object").isObject()) {
            JsonNode printed = Decoder.decode(recorded.path("object"), catalogue.type(group, version, kind))
                    .value();
            assertThat(withoutNamespace(decoded)).isEqualTo(withoutNamespace(printed));
        } else {
            assertThat(decoded.path("spec").isObject() || kind.equals("SelfSubjectReview"))
                    .isTrue();
        }
        assertThat(codec.decode(codec.encode(decoded))).isEqualTo(decoded);
    }

    private static JsonNode withoutNamespace(JsonNode object) {
        ObjectNode copy = object.deepCopy();
        if (copy.path("metadata").isObject()) {
            ((ObjectNode) copy.path("metadata")).remove("namespace");
        }
        return copy;
    }

    @Test
    @DisplayName("field numbers and types equal those of the official Java client")
    void agreesWithAnIndependentDescription() {
        Map<String, Descriptor> messages = messages();
        List<String> compared = new ArrayList<>();
        for (String name : BuiltInDefinitions.instance().names()) {
            Descriptor message = messages.get(messageName(name));
            if (message == null) {
                continue;
            }
            compared.add(name);
            for (FieldSchema field :
                    catalogue.definition(name).orElseThrow().fields().values()) {
                if (field.protoPath().isEmpty()) {
                    continue;
                }
                Descriptor holder = message;
                for (int i = 0; i < field.protoPath().length() - 1; i++) {
                    holder = holder.findFieldByNumber(field.protoPath().get(i)).getMessageType();
                }
                FieldDescriptor described = holder.findFieldByNumber(
                        field.protoPath().get(field.protoPath().length() - 1));
                assertThat(described).as("%s.%s", name, field).isNotNull();
                assertThat(simplified(described.getName())).as(name).isEqualTo(simplified(field.name()));
                TypeSchema.Kind kind = field.type().kind();
                assertThat(described.isRepeated())
                        .as("%s.%s", name, field)
                        .isEqualTo(kind == TypeSchema.Kind.MAP
                                || kind == TypeSchema.Kind.LIST && !WireMessage.isWrappedList(field.goType()));
            }
        }
        assertThat(compared).hasSizeGreaterThan(550);
    }

    private static String simplified(String name) {
        return name.replaceAll("[^A-Za-z]", "").toLowerCase(java.util.Locale.ROOT);
    }

    @Test
    @DisplayName("every kind survives the way to the official Java client's messages and back")
    void writesWhatAnIndependentReaderUnderstands() throws Exception {
        Map<String, Descriptor> messages = messages();
        for (ResourceInfo resource : catalogue.resources()) {
            TypeSchema type = catalogue.type(resource);
            Descriptor message = messages.get(messageName(type.name()));
            if (message == null) {
                continue;
            }
            ObjectNode object = (ObjectNode) example(type, 0);
            object.put("kind", resource.kind());
            object.put("apiVersion", resource.apiVersion());
            JsonNode expected = Decoder.decode(object, type).value();

            byte[] encoded = codec.encode(object);
            ProtobufCodec.Envelope envelope = ProtobufCodec.open(encoded);
            DynamicMessage read = DynamicMessage.parseFrom(message, envelope.message());
            assertNothingUnknown(read, resource.kind());
            byte[] rewritten =
                    DynamicMessage.parseFrom(message, read.toByteString()).toByteArray();
            JsonNode back = codec.message(ByteString.copyFrom(rewritten), type);

            assertThat(Decoder.decode(back, type).value()).as(resource.kind()).isEqualTo(withoutKind(expected));
        }
    }

    private static JsonNode withoutKind(JsonNode object) {
        ObjectNode copy = object.deepCopy();
        copy.remove(List.of("kind", "apiVersion"));
        return copy;
    }

    private static void assertNothingUnknown(com.google.protobuf.Message message, String where) {
        assertThat(message.getUnknownFields().asMap()).as(where).isEmpty();
        message.getAllFields().forEach((field, value) -> {
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                List<?> values = field.isRepeated() ? (List<?>) value : List.of(value);
                values.forEach(
                        v -> assertNothingUnknown((com.google.protobuf.Message) v, where + "." + field.getName()));
            }
        });
    }

    /** A value with every field set, three levels of recursion at most. */
    private static JsonNode example(TypeSchema type, int depth) {
        JsonNodeFactory json = JsonNodeFactory.instance;
        switch (type.kind()) {
            case OBJECT: {
                ObjectNode object = json.objectNode();
                for (FieldSchema field : type.fields().values()) {
                    boolean leaf = field.type().kind() != TypeSchema.Kind.OBJECT || field.pointer();
                    if (!field.protoPath().isEmpty() && (depth < 12 || leaf && depth < 14)) {
                        object.set(
                                field.name(),
                                example(field.type(), depth + (type.shortName().contains("JSONSchema") ? 6 : 1)));
                    }
                }
                return object;
            }
            case LIST:
                return json.arrayNode().add(example(type.element(), depth));
            case MAP:
                return json.objectNode().set("key", example(type.element(), depth));
            case BYTES:
                return json.textNode("aGVsbG8=");
            case BOOLEAN:
                return json.booleanNode(true);
            case INT32:
                return json.numberNode(-7);
            case INT64:
                return json.numberNode(1L << 40);
            case NUMBER:
                return json.numberNode(1.5);
            case INT_OR_STRING:
                return depth % 2 == 0 ? json.textNode("25%") : json.numberNode(8080);
            case QUANTITY:
                return json.textNode("1500m");
            case TIME:
                return json.textNode("2026-01-02T03:04:05Z");
            case MICRO_TIME:
                return json.textNode("2026-01-02T03:04:05.000006Z");
            case SCHEMA_OR_BOOLEAN:
                return json.booleanNode(true);
            case SCHEMA_OR_LIST:
                return depth < 12 ? example(type.element(), depth + 6) : json.arrayNode();
            case SCHEMA_OR_STRINGS:
                return json.arrayNode().add("x");
            case STRING:
                return json.textNode("text");
            default:
                return json.objectNode().put("free", "form");
        }
    }

    @Test
    void framesWatchEvents() {
        byte[] object = codec.encode(json("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'}}"));
        byte[] frame = codec.encodeWatchEvent("ADDED", object);

        assertThat(frame).startsWith(0, 0, 0, frame.length - 4, 0x0a, 5, 'A', 'D', 'D', 'E', 'D');
    }

    @Test
    void readsListsAndObjectsOfAnyKindInside() {
        JsonNode list = json("{'kind':'ConfigMapList','apiVersion':'v1','metadata':{'resourceVersion':'5'},"
                + "'items':[{'metadata':{'name':'a'},'data':{'k':'v'}},{'metadata':{'name':'b'}}]}");
        JsonNode revision = json(
                "{'kind':'ControllerRevision','apiVersion':'apps/v1','metadata':{'name':'r',"
                        + "'managedFields':[{'manager':'m','fieldsV1':{'f:data':{}}}]},'data':{'spec':[1,{'a':null}]},'revision':3}");

        assertThat(codec.decode(codec.encode(list))).isEqualTo(list);
        assertThat(codec.decode(codec.encode(revision))).isEqualTo(revision);
    }

    @Test
    void wholeNumbersHaveNoFraction() {
        JsonNode definition = json(
                "{'kind':'CustomResourceDefinition','apiVersion':'apiextensions.k8s.io/v1','spec':{'group':'g',"
                        + "'versions':[{'name':'v1','schema':{'openAPIV3Schema':{'maximum':0.5,'minimum':0,'multipleOf':-3}}}]}}");

        assertThat(codec.decode(codec.encode(definition))).isEqualTo(definition);
    }

    @Test
    void refusesWhatIsNoMessage() {
        assertThatThrownBy(() -> post(new byte[] {'k', '8', 's', 0}))
                .hasMessage("the object provided is unrecognized (must be of type ConfigMap): empty body (6b387300)");
        assertThatThrownBy(() -> post(new byte[] {'k', '8', 's', 0, -1, -1, -1}))
                .hasMessage("the object provided is unrecognized (must be of type ConfigMap): unexpected EOF "
                        + "(6b387300ffffff)");
    }

    private void post(byte[] body) {
        bodies.decode(body, Encoding.PROTOBUF, "", "v1", "ConfigMap", FieldValidation.WARN);
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static String messageName(String definition) {
        return definition
                .replace("io.k8s.api.", "k8s.io.api.")
                .replace("io.k8s.apimachinery.", "k8s.io.apimachinery.")
                .replace("io.k8s.apiextensions-apiserver.", "k8s.io.apiextensions_apiserver.");
    }

    private static Map<String, Descriptor> messages() {
        Map<String, Descriptor> result = new TreeMap<>();
        Stream.of(
                        IntStr.getDescriptor(),
                        Meta.getDescriptor(),
                        Resource.getDescriptor(),
                        Runtime.getDescriptor(),
                        V1.getDescriptor(),
                        V1Admissionregistration.getDescriptor(),
                        V1Apiextensions.getDescriptor(),
                        V1Apps.getDescriptor(),
                        V1Authentication.getDescriptor(),
                        V1Authorization.getDescriptor(),
                        V1Autoscaling.getDescriptor(),
                        V1Batch.getDescriptor(),
                        V1Certificates.getDescriptor(),
                        V1Coordination.getDescriptor(),
                        V1Discovery.getDescriptor(),
                        V1Events.getDescriptor(),
                        V1Flowcontrol.getDescriptor(),
                        V1Networking.getDescriptor(),
                        V1Node.getDescriptor(),
                        V1Policy.getDescriptor(),
                        V1Rbac.getDescriptor(),
                        io.kubernetes.client.proto.V1Resource.getDescriptor(),
                        V1Scheduling.getDescriptor(),
                        V1Storage.getDescriptor(),
                        V1beta1Extensions.getDescriptor(),
                        V2Autoscaling.getDescriptor())
                .flatMap(file -> file.getMessageTypes().stream())
                .forEach(message -> result.put(message.getFullName(), message));
        return result;
    }
}
