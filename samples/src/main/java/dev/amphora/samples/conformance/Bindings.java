package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.api.Json;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the placeholders of one scenario stand for. */
final class Bindings {
    /** Two numbers never mean the same value. */
    private static final Set<String> ONE_TO_ONE = Set.of("uid", "rv", "ip", "nodePort");
    /** A larger number is a larger value. */
    private static final Set<String> ORDERED = Set.of("rv", "time");
    /** Without a number, in a request: the value seen last. */
    private static final Set<String> LATEST = Set.of("etag", "hash", "time", "token");

    private static final Set<String> NEVER_THE_SAME = Set.of("any", "age");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final String BROKEN_TOKEN = "a token with a broken signature";
    private static final int FUTURE = 100_000;

    /** {@code kind} or {@code kind:tag} to what it means. */
    private final Map<String, JsonNode> values = new LinkedHashMap<>();

    private long newestRevision;

    Bindings() {}

    Bindings copy() {
        Bindings copy = new Bindings();
        copy.takeOver(this);
        return copy;
    }

    void takeOver(Bindings other) {
        values.putAll(other.values);
        newestRevision = Math.max(newestRevision, other.newestRevision);
    }

    /** Notes a revision that an answer showed. */
    void sawRevision(long revision) {
        newestRevision = Math.max(newestRevision, revision);
    }

    void put(String key, String value) {
        values.put(key, TextNode.valueOf(value));
    }

    boolean knows(String key) {
        return values.containsKey(key);
    }

    /** Takes a value for what a placeholder stands for; returns why it can't be, or null. */
    @Nullable String bind(Placeholder place, JsonNode value) {
        String kind = place.kind();
        String tag = place.tag();
        if (LATEST.contains(kind) && (tag == null || kind.equals("token"))) {
            values.put(kind, value);
        }
        if (tag == null || NEVER_THE_SAME.contains(kind) || (ORDERED.contains(kind) && !isNumber(tag))) {
            return null;
        }
        String key = kind + ":" + tag;
        JsonNode known = values.get(key);
        if (known != null) {
            return known.equals(value) ? null : "${%s} was %s, now %s".formatted(key, known, value);
        }
        for (Map.Entry<String, JsonNode> other : values.entrySet()) {
            if (other.getKey().startsWith(kind + ":")) {
                String otherTag = other.getKey().substring(kind.length() + 1);
                if (isNumber(otherTag)) {
                    String clash = clash(kind, tag, value, otherTag, other.getValue());
                    if (clash != null) {
                        return clash;
                    }
                }
            }
        }
        values.put(key, value);
        return null;
    }

    private static @Nullable String clash(
            String kind, String tag, JsonNode value, String otherTag, JsonNode otherValue) {
        if (ONE_TO_ONE.contains(kind) && otherValue.equals(value)) {
            return "${%s:%s} and ${%s:%s} are both %s".formatted(kind, tag, kind, otherTag, value);
        }
        if (ORDERED.contains(kind)) {
            boolean before = new BigInteger(otherTag).compareTo(new BigInteger(tag)) < 0;
            boolean smaller = kind.equals("rv")
                    ? new BigInteger(otherValue.asText()).compareTo(new BigInteger(value.asText())) < 0
                    : otherValue.asText().compareTo(value.asText()) < 0;
            if (before != smaller) {
                return "order: ${%s:%s}=%s against ${%s:%s}=%s".formatted(kind, tag, value, kind, otherTag, otherValue);
            }
        }
        return null;
    }

    /** A request with the values that are known by now, and others where only the recording knew them. */
    JsonNode fill(JsonNode request) {
        return Trees.map(request, text -> replace(text, this::valueToSend), this::fillValue);
    }

    /** A text with the values that are known by now. */
    String fill(String text) {
        return replace(text, this::value);
    }

    private static String replace(String text, Function<Placeholder, @Nullable JsonNode> values) {
        if (!text.contains("${")) {
            return text;
        }
        return Placeholder.replace(text, place -> {
            JsonNode value = values.apply(place);
            return value == null ? null : value.asText();
        });
    }

    private JsonNode fillValue(String text) {
        Placeholder whole = Placeholder.whole(text);
        JsonNode value = whole == null ? null : valueToSend(whole);
        return value == null ? TextNode.valueOf(replace(text, this::valueToSend)) : value;
    }

    private @Nullable JsonNode valueToSend(Placeholder place) {
        JsonNode known = value(place);
        return known == null ? invented(place) : known;
    }

    private @Nullable JsonNode value(Placeholder place) {
        if (place.kind().equals("rv") && "future".equals(place.tag())) {
            values.put("rv:future", TextNode.valueOf(Long.toString(newestKnown() + FUTURE)));
        }
        if (place.kind().equals(BROKEN_TOKEN) && values.containsKey("token")) {
            String token = values.get("token").asText();
            String rest = token.substring(0, token.length() - 8);
            return TextNode.valueOf(rest + (token.endsWith("AAAAAAAA") ? "BBBBBBBB" : "AAAAAAAA"));
        }
        return values.get(key(place));
    }

    private static String key(Placeholder place) {
        return place.tag() == null ? place.kind() : place.kind() + ":" + place.tag();
    }

    /** A value that only the recording knew, for a request is no request with a placeholder in it. */
    private @Nullable JsonNode invented(Placeholder place) {
        if (place.kind().equals("time") && place.tag() == null) {
            return TextNode.valueOf("2026-01-01T00:00:00.000000Z");
        }
        if (place.kind().equals("uid") && place.tag() != null && isNumber(place.tag())) {
            String key = key(place);
            put(
                    key,
                    UUID.nameUUIDFromBytes(key.getBytes(StandardCharsets.UTF_8)).toString());
            return values.get(key);
        }
        return null;
    }

    private long newestKnown() {
        long newest = -1;
        for (Map.Entry<String, JsonNode> known : values.entrySet()) {
            if (known.getKey().startsWith("rv:") && isNumber(known.getKey().substring(3))) {
                newest = Math.max(newest, Long.parseLong(known.getValue().asText()));
            }
        }
        return newest < 0 ? newestRevision : newest;
    }

    private static boolean isNumber(String tag) {
        return NUMBER.matcher(tag).matches();
    }

    /** The values known by now, for messages. */
    @Override
    public String toString() {
        return Json.mapper().valueToTree(values).toString();
    }
}
