package dev.amphora.apiserver.cel;

import com.fasterxml.jackson.databind.JsonNode;

/** How large values can be, in bytes, by their schema and by what a request can hold. */
final class Sizes {
    static final long LARGEST_REQUEST = 3 * 1024 * 1024;
    private static final int LONGEST_DURATION = 32;
    private static final int DATE = 12;
    private static final int LONGEST_DATE_TIME = 32;
    private static final int BYTES_OF_CHARACTER = 4;

    private Sizes() {}

    static long ofText(JsonNode schema) {
        String format = schema.path("format").asText("");
        boolean bounded = schema.hasNonNull("maxLength");
        if (format.equals("byte")) {
            return bounded ? schema.path("maxLength").asLong() : LARGEST_REQUEST - 2;
        }
        if (format.equals("duration")) {
            return LONGEST_DURATION;
        }
        if (format.equals("date")) {
            return DATE;
        }
        if (format.equals("date-time")) {
            return LONGEST_DATE_TIME;
        }
        if (bounded) {
            return Math.max(0, schema.path("maxLength").asLong()) * BYTES_OF_CHARACTER;
        }
        if (!schema.path("enum").isEmpty()) {
            long longest = 0;
            for (JsonNode each : schema.path("enum")) {
                longest = Math.max(longest, each.asText().length());
            }
            return longest;
        }
        return LARGEST_REQUEST - 2;
    }

    static long leastText(JsonNode schema) {
        return switch (schema.path("format").asText("")) {
            case "duration" -> 4;
            case "date" -> DATE;
            case "date-time" -> 22;
            default -> 2 + Math.max(0, schema.path("minLength").asLong());
        };
    }
}
