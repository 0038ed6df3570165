package dev.amphora.apiserver.outside;

import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ListMultimap;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A server within this process that answers where otherwise a webhook or another API server would be called over the network. For tests,
 * simulations, and programs that bring their own extensions. Safe for concurrent use.
 */
@FunctionalInterface
public interface LocalServer {
    /**
     * Answers a request, in the thread that calls; under simulation it waits for nobody.
     *
     * @return the answer; one with a body that goes on may be drawn for long
     */
    Reply answer(Request request);

    /**
     * What is asked.
     *
     * @param method such as {@code GET}
     * @param target path and query, still escaped; begins with a slash
     * @param headers by name in lower case
     * @param body empty if there is none; not changed by anybody
     */
    record Request(String method, String target, ImmutableListMultimap<String, String> headers, byte[] body) {
        /** A request whose headers may have any letter case. */
        public static Request of(String method, String target, ListMultimap<String, String> headers, byte[] body) {
            ImmutableListMultimap.Builder<String, String> lower = ImmutableListMultimap.builder();
            headers.forEach((name, value) -> lower.put(name.toLowerCase(Locale.ROOT), value));
            return new Request(method, target, lower.build(), body);
        }

        /** The first value of a header; empty if there is none. */
        public Optional<String> header(String name) {
            return headers.get(name.toLowerCase(Locale.ROOT)).stream().findFirst();
        }

        /** The path without its query, still escaped. */
        public String path() {
            int mark = target.indexOf('?');
            return mark < 0 ? target : target.substring(0, mark);
        }
    }

    /**
     * What is answered.
     *
     * @param status such as 200
     * @param headers in the order sent
     * @param body as it comes
     */
    record Reply(int status, ImmutableListMultimap<String, String> headers, Flow.Publisher<List<ByteBuffer>> body) {
        /** A whole answer. */
        public static Reply of(int status, String contentType, byte[] body) {
            return new Reply(
                    status,
                    ImmutableListMultimap.of(
                            "Content-Type", contentType, "Content-Length", Integer.toString(body.length)),
                    new WholeBody(body));
        }

        /** An answer in JSON. */
        public static Reply json(int status, String body) {
            return of(status, "application/json", body.getBytes(StandardCharsets.UTF_8));
        }

        /** The first value of a header, in any letter case; null if there is none. */
        public @Nullable String header(String name) {
            return headers.entries().stream()
                    .filter(header -> header.getKey().equalsIgnoreCase(name))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElse(null);
        }
    }
}
