package dev.amphora.apiserver.strategy;

import dev.amphora.api.FieldError;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How the API server is told to call a server of others: by a URL, or by a Service and a path. */
final class WebhookRules {
    private static final String FORM = "; desired format: https://host[/path]";
    private static final Pattern URL =
            Pattern.compile("(?:([a-zA-Z][-+.a-zA-Z0-9]*):)?(?://([^/?#]*))?([^?#]*)(?:\\?([^#]*))?(?:#(.*))?");
    private static final Pattern BAD_ESCAPE = Pattern.compile("%(?![0-9a-fA-F]{2}).{0,2}");
    private static final Pattern BAD_HOST = Pattern.compile("[ <>\"^`{}|\\\\]");

    private WebhookRules() {}

    /** Where a webhook is: one of {@code url} and {@code service}. */
    static void clientConfig(Fields config) {
        boolean url = config.has("url");
        boolean service = config.has("service");
        if (url == service) {
            config.required("exactly one of url or service is required");
        } else if (url) {
            url(config.at("url"));
        } else {
            service(config.at("service"));
        }
    }

    /** An {@code https} URL of a host and a path, nothing else. */
    static void url(Fields place) {
        String text = place.text();
        Matcher parts = URL.matcher(text);
        Matcher escape = BAD_ESCAPE.matcher(text);
        if (!parts.matches() || escape.find()) {
            String what = parts.matches() ? "invalid URL escape " + FieldError.quoted(escape.group()) : "invalid URL";
            unreadable(place, what);
            return;
        }
        String authority = orEmpty(parts.group(2));
        int at = authority.lastIndexOf('@');
        String host = authority.substring(at + 1);
        Matcher wrong = BAD_HOST.matcher(host);
        if (wrong.find()) {
            unreadable(place, "invalid character " + FieldError.quoted(wrong.group()) + " in host name");
            return;
        }
        String scheme = orEmpty(parts.group(1));
        if (!scheme.equals("https")) {
            place.invalid(scheme, "'https' is the only allowed URL scheme" + FORM);
        }
        if (host.isEmpty()) {
            place.invalid(host, "host must be specified" + FORM);
        }
        if (at >= 0) {
            place.invalid(authority.substring(0, at), "user information is not permitted in the URL");
        }
        if (!orEmpty(parts.group(5)).isEmpty()) {
            place.invalid(parts.group(5), "fragments are not permitted in the URL");
        }
        if (!orEmpty(parts.group(4)).isEmpty()) {
            place.invalid(parts.group(4), "query parameters are not permitted in the URL");
        }
    }

    private static void unreadable(Fields place, String what) {
        place.required(
                "url must be a valid URL: parse %s: %s%s".formatted(FieldError.quoted(place.text()), what, FORM));
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }

    private static void service(Fields service) {
        if (service.at("name").isEmpty()) {
            service.at("name").required();
        }
        if (service.at("namespace").isEmpty()) {
            service.at("namespace").required();
        }
        Fields port = service.at("port");
        if (port.number() < 1 || port.number() > 65535) {
            port.invalid("port is not valid: must be between 1 and 65535, inclusive");
        }
        if (service.has("path")) {
            path(service.at("path"));
        }
    }

    private static void path(Fields path) {
        String text = path.text();
        if (text.equals("/") || text.isEmpty()) {
            return;
        }
        if (text.equals("//")) {
            path.invalid("segment[0] may not be empty");
            return;
        }
        if (!text.startsWith("/")) {
            path.invalid("must start with a '/'");
        }
        String rest = text.substring(1);
        String[] segments = (rest.endsWith("/") ? rest.substring(0, rest.length() - 1) : rest).split("/", -1);
        for (int i = 0; i < segments.length; i++) {
            if (segments[i].isEmpty()) {
                path.invalid("segment[%d] may not be empty".formatted(i));
                continue;
            }
            for (String detail : Names.subdomain(segments[i])) {
                path.invalid("segment[%d]: %s".formatted(i, detail));
            }
        }
    }

    /** The versions of reviews that a webhook understands; one of them must be known here. */
    static void reviewVersions(Fields versions) {
        boolean known = false;
        Set<String> seen = new HashSet<>();
        for (Fields version : versions.elements()) {
            if (!seen.add(version.text())) {
                version.invalid("duplicate version");
                continue;
            }
            version.check(Names::label1035);
            known |= version.is("v1") || version.is("v1beta1");
        }
        if (!known) {
            versions.invalid("must include at least one of v1, v1beta1");
        }
    }
}
