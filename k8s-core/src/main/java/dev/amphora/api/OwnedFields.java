package dev.amphora.api;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.fabric8.kubernetes.api.model.FieldsV1;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.AbstractMap;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields that a manager owns, as text until somebody looks at them: hardly anybody does, and as maps of maps they would be most of what
 * a typed object takes.
 */
final class OwnedFields extends AbstractMap<String, Object> implements Serializable {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // made by Jackson, of serializable parts
    private volatile @Nullable Map<String, Object> known;

    private volatile byte @Nullable [] text;

    private OwnedFields(byte[] text) {
        this.text = text;
    }

    /** What is in a tree, which may change afterwards. */
    static FieldsV1 of(JsonNode tree) {
        return of(Json.write(tree));
    }

    private static FieldsV1 of(byte[] text) {
        FieldsV1 fields = new FieldsV1();
        fields.setAdditionalProperties(new OwnedFields(text));
        return fields;
    }

    /** Teaches a mapper to read and write fields so. */
    static Module module() {
        return new SimpleModule("owned-fields")
                .addDeserializer(FieldsV1.class, new Reader())
                .addSerializer(FieldsV1.class, new Writer());
    }

    @Override
    public Set<Entry<String, Object>> entrySet() {
        return map().entrySet();
    }

    @Override
    public @Nullable Object get(Object key) {
        return map().get(key);
    }

    @Override
    public boolean containsKey(Object key) {
        return map().containsKey(key);
    }

    @Override
    public @Nullable Object put(String key, Object value) {
        return map().put(key, value);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        byte[] mine = text;
        return this == other
                || mine != null && other instanceof OwnedFields fields && Arrays.equals(mine, fields.text)
                || super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }

    /** The fields as maps; whoever has these may change them, so that the text holds no more. */
    private Map<String, Object> map() {
        Map<String, Object> map = known;
        if (map == null) {
            synchronized (this) {
                map = known;
                if (map == null) {
                    map = read();
                    known = map;
                    text = null;
                }
            }
        }
        return map;
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> read() {
        try {
            return Json.mapper().readValue(text, LinkedHashMap.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Reader extends JsonDeserializer<FieldsV1> {
        @Override
        public FieldsV1 deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (!parser.isExpectedStartObjectToken()) {
                return (FieldsV1) context.handleUnexpectedToken(FieldsV1.class, parser);
            }
            ByteArrayOutputStream text = new ByteArrayOutputStream(512);
            try (JsonGenerator generator = Json.mapper().createGenerator(text)) {
                generator.copyCurrentStructure(parser);
            }
            return of(text.toByteArray());
        }
    }

    private static final class Writer extends JsonSerializer<FieldsV1> {
        @Override
        public void serialize(FieldsV1 fields, JsonGenerator generator, SerializerProvider provider)
                throws IOException {
            Map<String, Object> map = fields.getAdditionalProperties();
            byte[] text = map instanceof OwnedFields owned ? owned.text : null;
            if (text != null) {
                try (JsonParser parser = Json.mapper().createParser(text)) {
                    parser.nextToken();
                    generator.copyCurrentStructure(parser);
                }
                return;
            }
            generator.writeStartObject();
            for (Map.Entry<String, Object> field : map.entrySet()) {
                generator.writeFieldName(field.getKey());
                provider.defaultSerializeValue(field.getValue(), generator);
            }
            generator.writeEndObject();
        }
    }
}
