package dev.amphora.apiserver.schema;

import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Points in time as the API writes them: RFC 3339 in UTC, to the second or to the microsecond. */
final class Times {
    private static final String SECONDS = "2006-01-02T15:04:05Z07:00";
    private static final String MICROS = "2006-01-02T15:04:05.000000Z07:00";
    private static final DateTimeFormatter WRITE_SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'", Locale.ROOT);
    private static final DateTimeFormatter WRITE_MICROS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT);

    private final String text;
    private final String layout;
    private int at;

    private Times(String text, String layout) {
        this.text = text;
        this.layout = layout;
    }

    /**
     * A time as it is stored.
     *
     * @param micros whether the time has six digits of a second, neither more nor less
     * @throws DecodeException if the text is no such time
     */
    static String normalize(String text, boolean micros) {
        OffsetDateTime time = parse(text, micros);
        return (micros ? WRITE_MICROS : WRITE_SECONDS).format(time);
    }

    static OffsetDateTime parse(String text, boolean micros) {
        return new Times(text, micros ? MICROS : SECONDS).read(micros);
    }

    static String write(long epochSecond, int nanos, boolean micros) {
        OffsetDateTime time =
                java.time.Instant.ofEpochSecond(epochSecond, nanos).atOffset(ZoneOffset.UTC);
        return (micros ? WRITE_MICROS : WRITE_SECONDS).format(time);
    }

    private OffsetDateTime read(boolean micros) {
        int year = digits(4, "2006");
        literal("-");
        int month = digits(2, "01");
        if (month < 1 || month > 12) {
            throw range("month");
        }
        literal("-");
        int day = digits(2, "02");
        literal("T");
        int hour = digits(2, "15");
        if (hour > 23) {
            throw range("hour");
        }
        literal(":");
        int minute = digits(2, "04");
        if (minute > 59) {
            throw range("minute");
        }
        literal(":");
        int second = digits(2, "05");
        if (second > 59) {
            throw range("second");
        }
        int nanos = fraction(micros);
        int zone = zone();
        if (at < text.length()) {
            throw new DecodeException(
                    "parsing time %s as %s: extra text: %s".formatted(q(text), q(layout), q(text.substring(at))));
        }
        try {
            return OffsetDateTime.of(year, month, day, hour, minute, second, nanos, ZoneOffset.UTC)
                    .minusSeconds(zone);
        } catch (DateTimeException e) {
            throw range("day");
        }
    }

    private int digits(int count, String element) {
        int value = 0;
        for (int i = 0; i < count; i++) {
            if (at + i >= text.length() || text.charAt(at + i) < '0' || text.charAt(at + i) > '9') {
                throw cannot(element);
            }
            value = value * 10 + text.charAt(at + i) - '0';
        }
        at += count;
        return value;
    }

    private void literal(String expected) {
        if (!text.startsWith(expected, at)) {
            throw cannot(expected);
        }
        at += 1;
    }

    private int fraction(boolean micros) {
        int end = at;
        if (end < text.length() && (text.charAt(end) == '.' || text.charAt(end) == ',')) {
            end++;
            while (end < text.length() && Character.isDigit(text.charAt(end))) {
                end++;
            }
        }
        int count = end - at - 1;
        if (micros && count < 6 || !micros && count == 0) {
            throw cannot(micros ? ".000000" : "Z07:00");
        }
        if (micros && count > 6) {
            at += 7;
            throw cannot("Z07:00");
        }
        int nanos = 0;
        for (int i = 0; i < 9; i++) {
            nanos = nanos * 10 + (i < count ? text.charAt(at + 1 + i) - '0' : 0);
        }
        at = end;
        return nanos;
    }

    private int zone() {
        if (text.startsWith("Z", at)) {
            at++;
            return 0;
        }
        boolean shaped = at + 6 <= text.length()
                && (text.charAt(at) == '+' || text.charAt(at) == '-')
                && text.charAt(at + 3) == ':'
                && Character.isDigit(text.charAt(at + 1))
                && Character.isDigit(text.charAt(at + 2))
                && Character.isDigit(text.charAt(at + 4))
                && Character.isDigit(text.charAt(at + 5));
        if (!shaped) {
            throw cannot("Z07:00");
        }
        int hours = Integer.parseInt(text.substring(at + 1, at + 3));
        int minutes = Integer.parseInt(text.substring(at + 4, at + 6));
        if (hours > 24) {
            throw range("time zone offset hour");
        }
        if (minutes > 60) {
            throw range("time zone offset minute");
        }
        int seconds = hours * 3600 + minutes * 60;
        int sign = text.charAt(at) == '-' ? -1 : 1;
        at += 6;
        return sign * seconds;
    }

    private DecodeException cannot(String element) {
        return new DecodeException("parsing time %s as %s: cannot parse %s as %s"
                .formatted(q(text), q(layout), q(text.substring(Math.min(at, text.length()))), q(element)));
    }

    private DecodeException range(String what) {
        return new DecodeException("parsing time %s: %s out of range".formatted(q(text), what));
    }

    private static String q(String value) {
        return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
