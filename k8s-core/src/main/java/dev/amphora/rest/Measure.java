package dev.amphora.rest;

import com.google.common.collect.ImmutableSet;
import dev.amphora.apiserver.Verb;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is measured of one request, from its arrival to its end. */
final class Measure {
    private static final ImmutableSet<String> METHODS =
            ImmutableSet.of("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE");
    private static final ImmutableSet<String> PAGES = ImmutableSet.of(
            "",
            ".well-known",
            "api",
            "apis",
            "debug",
            "healthz",
            "livez",
            "logs",
            "metrics",
            "openapi",
            "openid",
            "readyz",
            "version");

    private final Metrics metrics;
    private final InstantSource clock;
    private final Instant began;
    private final boolean writes;
    private Metrics.Subject subject;
    private long received;
    private boolean longRunning;
    private boolean over;
    private @Nullable Listener listener;

    /** Follows one request. */
    interface Listener {
        /** The head of the answer has gone out, with a code; the rest takes long. */
        void started(int code);

        /** The request is over. */
        void completed(int code);
    }

    Measure(Metrics metrics, InstantSource clock, String method) {
        this.metrics = metrics;
        this.clock = clock;
        began = clock.instant();
        writes = !List.of("GET", "HEAD", "OPTIONS").contains(method);
        subject = new Metrics.Subject(METHODS.contains(method) ? method : "OTHER", "", "", "", "", "", "");
        metrics.began(writes);
    }

    /** Has somebody follow the request. */
    void listen(Listener follower) {
        listener = follower;
    }

    /** The request asks for a page. One that isn't there has no name of its own: whoever asks could make up more and more. */
    void of(String path) {
        String[] parts = path.split("/", 3);
        String page = parts.length > 1 && PAGES.contains(parts[1]) ? "/" + parts[1] : "";
        subject = new Metrics.Subject(subject.verb(), "", "", "", "", page, "");
    }

    /** The request asks for a resource that there is. */
    void of(
            ResourcePath target,
            @Nullable Verb verb,
            String mediaType,
            Map<String, List<String>> query,
            long bodyLength) {
        received = bodyLength;
        if (verb == null) {
            return; // Of what can't be done to a resource, no more is counted than that it was tried.
        }
        subject = new Metrics.Subject(
                word(verb, mediaType),
                query.containsKey("dryRun") ? "All" : "",
                target.group(),
                target.version(),
                target.resource(),
                target.subresource(),
                !target.name().isEmpty() || verb == Verb.CREATE
                        ? "resource"
                        : target.namespace().isEmpty() ? "cluster" : "namespace");
    }

    private static String word(Verb verb, String mediaType) {
        return switch (verb) {
            case CREATE -> "POST";
            case UPDATE -> "PUT";
            case DELETE_COLLECTION -> "DELETECOLLECTION";
            case PATCH -> mediaType.equals("application/apply-patch+yaml") ? "APPLY" : "PATCH";
            default -> verb.name().toUpperCase(Locale.ROOT);
        };
    }

    /** The request is answered. */
    synchronized void answered(int code, long sent) {
        if (longRunning) {
            ended(code);
        } else if (!over) {
            over = true;
            metrics.answered(subject, writes, code, Duration.between(began, clock.instant()), received, sent);
            completed(code);
        }
    }

    private void completed(int code) {
        Listener follower = listener;
        if (follower != null) {
            follower.completed(code);
        }
    }

    /** The request has no end of its own. */
    synchronized void runsLong() {
        if (!over && !longRunning) {
            longRunning = true;
            metrics.runsLong(subject, writes);
            Listener follower = listener;
            if (follower != null) {
                follower.started(200);
            }
        }
    }

    /** An event goes out. */
    void sent(int bytes) {
        metrics.sent(subject, bytes);
    }

    /** The request that had no end of its own has ended. */
    synchronized void ended(int code) {
        if (longRunning && !over) {
            over = true;
            metrics.ended(subject, code, Duration.between(began, clock.instant()));
            completed(code);
        }
    }
}
