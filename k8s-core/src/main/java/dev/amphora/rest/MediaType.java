package dev.amphora.rest;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The {@code Content-Type} of a request, read as Go's {@code mime} package reads it. */
final class MediaType {
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final Pattern TYPE = Pattern.compile("\\s*" + TOKEN + "(/" + TOKEN + ")?\\s*");
    private static final Pattern PARAMETERS =
            Pattern.compile("(;\\s*" + TOKEN + "=(" + TOKEN + "|\"([^\"\\\\]|\\\\.)*\")\\s*)*(;\\s*)*");

    private static final String JSON = "application/json";

    /** What stands for a type that can't be read. */
    private static final String UNREADABLE = ";";

    private MediaType() {}

    /** The type in lower case without parameters; empty if none is given, and no type at all if it can't be read. */
    static String of(@Nullable String header) {
        if (header == null || header.isBlank()) {
            return "";
        }
        if (header.equals(JSON)) {
            return JSON;
        }
        int semicolon = header.indexOf(';');
        String type = semicolon < 0 ? header : header.substring(0, semicolon);
        String parameters = semicolon < 0 ? "" : header.substring(semicolon);
        boolean readable =
                TYPE.matcher(type).matches() && PARAMETERS.matcher(parameters).matches();
        return readable ? type.strip().toLowerCase(Locale.ROOT) : UNREADABLE;
    }
}
