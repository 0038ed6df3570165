package dev.amphora.rest;

import com.google.common.collect.ImmutableSet;
import java.util.Locale;

/** Which headers a proxy does not pass on. */
final class HopHeaders {
    /** What concerns one connection alone, what says who the caller is, and what the client of the other end sets itself. */
    private static final ImmutableSet<String> OWN = ImmutableSet.of(
            "authorization",
            "connection",
            "content-length",
            "expect",
            "host",
            "http2-settings",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private HopHeaders() {}

    /** Whether a header, in whatever case, stays here. */
    static boolean stays(String name) {
        return OWN.contains(name.toLowerCase(Locale.ROOT));
    }
}
