package dev.amphora.apiserver.cel;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** An object that an expression has made: the name of its type, and its fields by their own names. */
final class MadeObject extends LinkedHashMap<String, Object> {
    private static final long serialVersionUID = 1L;

    private final String type;

    MadeObject(String type, Map<String, Object> fields) {
        this.type = type;
        fields.forEach((name, value) -> {
            Object given = value instanceof Optional<?> optional ? optional.orElse(null) : value;
            if (given != null) {
                put(CelNames.unescape(name), given);
            }
        });
    }

    String type() {
        return type;
    }
}
