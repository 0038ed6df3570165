package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.schema.BodyDecoder;
import dev.amphora.apiserver.schema.BodyDecoder.Encoding;
import dev.amphora.apiserver.schema.CompleteForm;
import dev.amphora.apiserver.schema.Decoder;
import dev.amphora.apiserver.schema.FieldValidation;
import dev.amphora.apiserver.schema.ProtobufCodec;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.schema.TypeSchema;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random objects of each kind keep every field in each format.
 *
 * <p>{@code -Dproperty.objects=10000} says how many of each kind; by default a few.
 */
class RoundTripTest {
    private static final int OBJECTS = Integer.getInteger("property.objects", 5);
    private static final long SEED = Long.getLong("property.seed", 1);

    private final SchemaCatalogue catalogue = SchemaCatalogue.builtIn();
    private final BodyDecoder bodies = new BodyDecoder(catalogue);
    private final ProtobufCodec protobuf = new ProtobufCodec(catalogue);

    /** One kind that requests or answers carry. */
    record Kind(String group, String version, String kind) {
        String apiVersion() {
            return group.isEmpty() ? version : group + "/" + version;
        }

        @Override
        public String toString() {
            return apiVersion() + " " + kind;
        }
    }

    static Stream<Kind> kinds() {
        Set<String> seen = new TreeSet<>();
        return SchemaCatalogue.builtIn().resources().stream()
                .flatMap(resource -> Stream.concat(
                        Stream.of(new Kind(resource.group(), resource.version(), resource.kind())),
                        resource.subresources().stream().map(s -> new Kind(s.group(), s.version(), s.kind()))))
                .filter(kind -> SchemaCatalogue.builtIn()
                        .findType(kind.group, kind.version, kind.kind)
                        .isPresent())
                .filter(kind -> seen.add(kind.toString()));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyFormatKeepsEveryField(Kind kind) {
        TypeSchema type = catalogue.type(kind.group, kind.version, kind.kind);
        for (int i = 0; i < OBJECTS; i++) {
            long seed = SEED * 1_000_003 + i;
            ObjectNode sent = new RandomObjects(
                            new Random(seed ^ kind.toString().hashCode()))
                    .object(kind.apiVersion(), kind.kind, type);
            String about = kind + " of seed " + seed;
            ObjectNode object = Decoder.decode(sent, type).value();
            assertThat(RandomObjects.lost("", sent, object)).as(about).isEmpty();
            ObjectNode complete = CompleteForm.of(object, type);
            assertThat(RandomObjects.lost("", object, complete)).as(about).isEmpty();
            for (Accept.Format format : Accept.Format.values()) {
                same(object, read(Answers.write(object, format, false), format, kind), about + " as " + format);
            }
            Accept.Format format = Accept.Format.values()[i % 3];
            same(
                    Decoder.decode(complete, type).value(),
                    read(Answers.write(complete, format, true), format, kind),
                    about + ", complete, as " + format);
            assertThat(OtherProtobuf.rewritten(protobuf.encode(object), kind.apiVersion(), kind.kind))
                    .as(about)
                    .isEqualTo(protobuf.encode(object));
        }
    }

    private static void same(JsonNode expected, JsonNode actual, String about) {
        assertThat(RandomObjects.lost("", expected, actual)).as(about).isEmpty();
        assertThat(RandomObjects.lost("", actual, expected))
                .as(about + ", backwards")
                .isEmpty();
        assertThat(actual).as(about).isEqualTo(expected);
    }

    private JsonNode read(byte[] bytes, Accept.Format format, Kind kind) {
        Encoding encoding = Encoding.ofMediaType(format.mediaType()).orElseThrow();
        return bodies.decode(bytes, encoding, kind.group, kind.version, kind.kind, FieldValidation.STRICT)
                .object();
    }

    @ParameterizedTest
    @MethodSource("resources")
    void listsKeepEveryItem(ResourceInfo resource) {
        Random random = new Random(SEED);
        TypeSchema type = catalogue.type(resource);
        ObjectNode list =
                dev.amphora.api.Json.object().put("kind", resource.listKind()).put("apiVersion", resource.apiVersion());
        list.putObject("metadata")
                .put("resourceVersion", "7")
                .put("continue", "c")
                .put("remainingItemCount", 3);
        List<ObjectNode> items = Stream.generate(() -> (ObjectNode) Decoder.decode(
                                new RandomObjects(random).object(resource.apiVersion(), resource.kind(), type), type)
                        .value()
                        .without(List.of("kind", "apiVersion")))
                .limit(3)
                .toList();
        list.putArray("items").addAll(items);
        same(list, protobuf.decode(protobuf.encode(list)), resource.listKind());
    }

    static List<ResourceInfo> resources() {
        return SchemaCatalogue.builtIn().resources().stream()
                .filter(resource -> resource.supports("list"))
                .toList();
    }
}
