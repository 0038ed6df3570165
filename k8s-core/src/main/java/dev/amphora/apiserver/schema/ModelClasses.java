package dev.amphora.apiserver.schema;

import com.google.common.base.Ascii;
import com.google.common.base.CharMatcher;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The model classes of the official Java client ({@code io.kubernetes:client-java-api}), if they are on the class path: their
 * annotations hold the reference's descriptions. They are read as files and never loaded, so that nothing else of that client is needed.
 */
final class ModelClasses {
    private static final String FOLDER = "/io/kubernetes/client/openapi/models/";
    private static final String TYPE = "Lio/swagger/annotations/ApiModel;";
    private static final String PROPERTY = "Lio/swagger/annotations/ApiModelProperty;";
    private static final CharMatcher LETTERS =
            CharMatcher.inRange('a', 'z').or(CharMatcher.inRange('A', 'Z')).or(CharMatcher.inRange('0', '9'));

    private ModelClasses() {}

    /**
     * What a class says.
     *
     * @param type of the whole; empty if nothing is said
     * @param fields of its fields, by {@link #key}
     */
    record Texts(String type, Map<String, String> fields) {}

    /** The key of a field: its name in small letters and digits only, since the names in Java differ in little else. */
    static String key(String field) {
        return Ascii.toLowerCase(LETTERS.retainFrom(field));
    }

    /** What the class that stands for a definition says. */
    static Optional<Texts> of(String definition) {
        for (String name : names(definition)) {
            byte[] file = bytes(name);
            if (file.length > 0) {
                try {
                    return Optional.of(read(file));
                } catch (IOException e) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    /** The file of a class; empty if there is none. */
    static byte[] bytes(String name) {
        try (InputStream in = ModelClasses.class.getResourceAsStream(FOLDER + name + ".class")) {
            return in == null ? new byte[0] : in.readAllBytes();
        } catch (IOException e) {
            return new byte[0];
        }
    }

    /** A kind's class is named after its version and kind, and after its group where kinds share a name; old versions are those of v1. */
    private static Set<String> names(String definition) {
        String[] parts = definition.split("\\.", -1);
        String kind = parts[parts.length - 1];
        String version = capital(parts[parts.length - 2]);
        Set<String> names = new LinkedHashSet<>();
        if (parts.length > 2) {
            names.add(capital(parts[parts.length - 3]) + version + kind);
        }
        names.add(version + kind);
        names.add("V1" + kind);
        return names;
    }

    private static String capital(String word) {
        return Ascii.toUpperCase(word.substring(0, 1)) + word.substring(1);
    }

    // ---- the class file format, as far as it is needed --------------------------------------------------------------

    private static Texts read(byte[] file) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(file));
        in.skipNBytes(8);
        @Nullable String[] constants = constants(in);
        in.skipNBytes(6);
        in.skipNBytes(2L * in.readUnsignedShort());
        Map<String, String> fields = new HashMap<>();
        members(in, constants, (name, text) -> {});
        members(in, constants, (name, text) -> {
            if (name.startsWith("get")) {
                fields.put(key(name.substring(3)), text);
            } else if (name.startsWith("is")) {
                fields.put(key(name.substring(2)), text);
            }
        });
        return new Texts(attributes(in, constants), fields);
    }

    private interface Member {
        void says(String name, String text);
    }

    private static void members(DataInputStream in, @Nullable String[] constants, Member member) throws IOException {
        int count = in.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            in.skipNBytes(2);
            String name = text(constants, in.readUnsignedShort());
            in.skipNBytes(2);
            String said = attributes(in, constants);
            if (!said.isEmpty()) {
                member.says(name, said);
            }
        }
    }

    /** The texts of the constant pool, at their indexes. */
    private static @Nullable String[] constants(DataInputStream in) throws IOException {
        @Nullable String[] constants = new @Nullable String[in.readUnsignedShort()];
        for (int i = 1; i < constants.length; i++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> constants[i] = in.readUTF();
                case 5, 6 -> {
                    in.skipNBytes(8);
                    i++;
                }
                case 7, 8, 16, 19, 20 -> in.skipNBytes(2);
                case 15 -> in.skipNBytes(3);
                default -> in.skipNBytes(4);
            }
        }
        return constants;
    }

    /** What the annotations among some attributes say; empty if nothing. */
    private static String attributes(DataInputStream in, @Nullable String[] constants) throws IOException {
        String said = "";
        int count = in.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            String name = text(constants, in.readUnsignedShort());
            int length = in.readInt();
            if (name.equals("RuntimeVisibleAnnotations")) {
                String one =
                        annotations(new DataInputStream(new ByteArrayInputStream(in.readNBytes(length))), constants);
                said = one.isEmpty() ? said : one;
            } else {
                in.skipNBytes(length);
            }
        }
        return said;
    }

    private static String annotations(DataInputStream in, @Nullable String[] constants) throws IOException {
        String said = "";
        int count = in.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            String type = text(constants, in.readUnsignedShort());
            String wanted = type.equals(TYPE) ? "description" : type.equals(PROPERTY) ? "value" : "";
            int elements = in.readUnsignedShort();
            for (int j = 0; j < elements; j++) {
                String element = text(constants, in.readUnsignedShort());
                String value = value(in, constants);
                if (element.equals(wanted)) {
                    said = value;
                }
            }
        }
        return said;
    }

    /** Reads past the value of an annotation's element; returns it if it is a text. */
    private static String value(DataInputStream in, @Nullable String[] constants) throws IOException {
        int tag = in.readUnsignedByte();
        switch (tag) {
            case 's' -> {
                return text(constants, in.readUnsignedShort());
            }
            case 'e' -> in.skipNBytes(4);
            case '@' -> {
                in.skipNBytes(2);
                int elements = in.readUnsignedShort();
                for (int i = 0; i < elements; i++) {
                    in.skipNBytes(2);
                    value(in, constants);
                }
            }
            case '[' -> {
                int elements = in.readUnsignedShort();
                for (int i = 0; i < elements; i++) {
                    value(in, constants);
                }
            }
            default -> in.skipNBytes(2);
        }
        return "";
    }

    private static String text(@Nullable String[] constants, int index) {
        String text = index < constants.length ? constants[index] : null;
        return text == null ? "" : text;
    }
}
