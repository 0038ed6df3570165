package dev.amphora.apiserver.customresource;

import com.google.re2j.Pattern;

/** What the reference takes for the address of a request: an absolute URI, or a path from the root. */
final class UriFormat {
    private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]*:.*", Pattern.DOTALL);
    private static final Pattern BAD_ESCAPE = Pattern.compile("%([^0-9a-fA-F]|.[^0-9a-fA-F]|.?$)");

    private UriFormat() {}

    static boolean isRequestUri(String text) {
        if (text.isEmpty() || text.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
            return false;
        }
        boolean absolute = SCHEME.matcher(text).matches();
        if (!absolute && !text.startsWith("/")) {
            return false;
        }
        String rest = absolute ? text.substring(text.indexOf(':') + 1) : text;
        if (absolute && !rest.startsWith("/")) {
            return !rest.isEmpty() || text.endsWith(":");
        }
        if (rest.startsWith("//") && absolute) {
            String authority = rest.substring(2).split("[/?]", 2)[0];
            return isAuthority(authority) && goodEscapes(rest.substring(2 + authority.length()));
        }
        return goodEscapes(rest);
    }

    private static boolean goodEscapes(String text) {
        return !BAD_ESCAPE.matcher(text.split("\\?", 2)[0]).find();
    }

    private static boolean isAuthority(String authority) {
        String host = authority.substring(authority.lastIndexOf('@') + 1);
        if (host.startsWith("[")) {
            int end = host.lastIndexOf(']');
            return end > 0 && isPort(host.substring(end + 1));
        }
        int colon = host.lastIndexOf(':');
        if (colon >= 0 && !isPort(host.substring(colon))) {
            return false;
        }
        return host.chars().noneMatch(c -> " <>\"{}|\\^`".indexOf(c) >= 0) && goodEscapes(host);
    }

    private static boolean isPort(String text) {
        return text.isEmpty()
                || text.startsWith(":") && text.substring(1).chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
