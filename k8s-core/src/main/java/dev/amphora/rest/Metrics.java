package dev.amphora.rest;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.amphora.apiserver.Measurements;
import dev.amphora.kernel.MetricFamily;
import dev.amphora.kernel.MetricFamily.Series;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** What {@code /metrics} tells, by the reference's names: requests, watches, what is stored, and the process. */
final class Metrics {
    private static final String[] REQUEST = {
        "verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component"
    };
    private static final String[] WITHOUT_DRY_RUN = {
        "verb", "group", "version", "resource", "subresource", "scope", "component"
    };
    private static final String COMPONENT = "apiserver";
    private static final int CODES = 600;
    private static final double[] SECONDS = {
        0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60
    };
    private static final double[] SIZES =
            DoubleStream.iterate(1000, size -> size * 10).limit(7).toArray();
    private static final double[] EVENT_SIZES =
            DoubleStream.iterate(1024, size -> size * 2).limit(8).toArray();
    private static final double[] BODY_SIZES =
            DoubleStream.iterate(50_000, size -> size + 100_000).limit(31).toArray();

    private final MetricFamily requests = MetricFamily.counter(
            "apiserver_request_total",
            "[STABLE] Requests answered, by what they asked for and the status they got.",
            "verb",
            "dry_run",
            "group",
            "version",
            "resource",
            "subresource",
            "scope",
            "component",
            "code");
    private final MetricFamily durations = MetricFamily.histogram(
            "apiserver_request_duration_seconds", "[STABLE] How long requests took, in seconds.", SECONDS, REQUEST);
    private final MetricFamily sliDurations = MetricFamily.histogram(
            "apiserver_request_sli_duration_seconds",
            "[ALPHA] How long requests took without the time spent outside the server, in seconds.",
            SECONDS,
            WITHOUT_DRY_RUN);
    private final MetricFamily responseSizes = MetricFamily.histogram(
            "apiserver_response_sizes",
            "[STABLE] How long the bodies of answers were, in bytes.",
            SIZES,
            WITHOUT_DRY_RUN);
    private final MetricFamily bodySizes = MetricFamily.histogram(
            "apiserver_request_body_size_bytes",
            "[ALPHA] How long the bodies of requests were, in bytes.",
            BODY_SIZES,
            "resource",
            "group",
            "verb");
    private final MetricFamily longRunning = MetricFamily.gauge(
            "apiserver_longrunning_requests",
            "[STABLE] Watches and other requests without an end of their own that are open.",
            WITHOUT_DRY_RUN);
    private final MetricFamily inFlight = MetricFamily.gauge(
            "apiserver_current_inflight_requests", "[STABLE] Requests that are being answered.", "request_kind");
    private final MetricFamily users =
            MetricFamily.counter("authenticated_user_requests", "[ALPHA] Requests by who made them.", "username");
    private final MetricFamily attempts = MetricFamily.counter(
            "authentication_attempts", "[ALPHA] Requests by whether it was clear who made them.", "result");
    private final MetricFamily authorizations = MetricFamily.counter(
            "authorization_attempts_total", "[ALPHA] Requests by whether they were allowed.", "result");
    private final MetricFamily events = MetricFamily.counter(
            "apiserver_watch_events_total", "[ALPHA] Events sent to who watches.", "group", "version", "resource");
    private final MetricFamily eventSizes = MetricFamily.histogram(
            "apiserver_watch_events_sizes",
            "[ALPHA] How long events sent to who watches were, in bytes.",
            EVENT_SIZES,
            "group",
            "version",
            "resource");

    private final Series reading = inFlight.series("readOnly");
    private final Series changing = inFlight.series("mutating");
    private final Series known = attempts.series("success");
    private final Series allowed = authorizations.series("allowed");
    private final Series denied = authorizations.series("denied");
    private final Map<Subject, Measured> bySubject = new ConcurrentHashMap<>();

    /** What is measured of the requests for one subject. */
    private final class Measured {
        private final String[] labels;
        private final Series duration;
        private final Series sliDuration;
        private final Series responseSize;
        private final @Nullable Series bodySize;
        private final AtomicReferenceArray<Series> counts = new AtomicReferenceArray<>(CODES);
        private final Subject subject;
        /** Only of those who watch. */
        private volatile @Nullable Watched watched;

        Measured(Subject subject) {
            this.subject = subject;
            labels = subject.labels();
            duration = durations.series(labels);
            sliDuration = sliDurations.series(subject.withoutDryRun());
            responseSize = responseSizes.series(subject.withoutDryRun());
            bodySize = subject.writes()
                    ? bodySizes.series(subject.resource, subject.group, subject.verb.toLowerCase(Locale.ROOT))
                    : null;
        }

        Watched watched() {
            Watched known = watched;
            if (known == null) {
                known = new Watched(
                        events.series(subject.group, subject.version, subject.resource),
                        eventSizes.series(subject.group, subject.version, subject.resource));
                watched = known;
            }
            return known;
        }

        Series count(int code) {
            Series series = code < 0 || code >= CODES ? null : counts.get(code);
            if (series == null) {
                String[] values = Arrays.copyOf(labels, labels.length + 1);
                values[labels.length] = Integer.toString(code);
                series = requests.series(values);
                if (code >= 0 && code < CODES) {
                    counts.set(code, series);
                }
            }
            return series;
        }
    }

    private record Watched(Series events, Series sizes) {}

    private Measured measured(Subject subject) {
        Measured measured = bySubject.get(subject);
        return measured != null ? measured : bySubject.computeIfAbsent(subject, Measured::new);
    }

    /**
     * What a request asks for.
     *
     * @param verb in capitals, such as {@code LIST}
     * @param subresource of a page the path
     * @param scope {@code resource}, {@code namespace}, {@code cluster} or empty
     */
    record Subject(
            String verb,
            String dryRun,
            String group,
            String version,
            String resource,
            String subresource,
            String scope) {
        private String[] labels() {
            return new String[] {verb, dryRun, group, version, resource, subresource, scope, COMPONENT};
        }

        private String[] withoutDryRun() {
            return new String[] {verb, group, version, resource, subresource, scope, COMPONENT};
        }

        private boolean writes() {
            return List.of("POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION")
                    .contains(verb);
        }
    }

    void began(boolean writes) {
        (writes ? changing : reading).add(1);
    }

    void authenticated(String user) {
        users.add(1, user);
        known.add(1);
    }

    void notAuthenticated() {
        attempts.add(1, "failure");
    }

    void authorized(boolean isAllowed) {
        (isAllowed ? allowed : denied).add(1);
    }

    void answered(Subject subject, boolean writes, int code, Duration took, long received, long sent) {
        (writes ? changing : reading).add(-1);
        Measured measured = measured(subject);
        measured.count(code).add(1);
        double seconds = took.toNanos() / 1e9;
        measured.duration.observe(seconds);
        measured.sliDuration.observe(seconds);
        measured.responseSize.observe(sent);
        Series bodySize = measured.bodySize;
        if (bodySize != null) {
            bodySize.observe(received);
        }
    }

    /** A request has become one without an end of its own. */
    void runsLong(Subject subject, boolean writes) {
        (writes ? changing : reading).add(-1);
        longRunning.add(1, subject.withoutDryRun());
    }

    void ended(Subject subject, int code, Duration took) {
        longRunning.add(-1, subject.withoutDryRun());
        Measured measured = measured(subject);
        measured.count(code).add(1);
        measured.duration.observe(took.toNanos() / 1e9);
    }

    void sent(Subject subject, int bytes) {
        Watched watched = measured(subject).watched();
        watched.events.add(1);
        watched.sizes.observe(bytes);
    }

    /** The page. */
    HttpAnswer answer(RestApi api) {
        StringBuilder out = new StringBuilder(1 << 14);
        for (MetricFamily family : List.of(
                requests,
                durations,
                sliDurations,
                responseSizes,
                bodySizes,
                longRunning,
                inFlight,
                users,
                attempts,
                authorizations,
                events,
                eventSizes)) {
            family.write(out);
        }
        api.kernel.meters().each(family -> family.write(out));
        FlowMetrics.write(api.flow, out);
        caches(out, api.apiServer.measure());
        process(out);
        MetricFamily.gauge("kubernetes_build_info", "[ALPHA] The release whose behaviour is served.", "git_version")
                .add(1, api.releaseName)
                .write(out);
        MetricFamily.gauge(
                        "version_info",
                        "[ALPHA] The release whose behaviour is served.",
                        "binary",
                        "component",
                        "emulation",
                        "min_compat")
                .add(1, "1.36", "kube", "1.36", "1.35")
                .write(out);
        MetricFamily checks =
                MetricFamily.gauge("kubernetes_healthcheck", "[STABLE] Whether a page's checks pass.", "name", "type");
        checks.add(api.health.isReady() ? 1 : 0, "ping", "readyz").write(out);
        return new HttpAnswer(200, out.toString().getBytes(StandardCharsets.UTF_8))
                .with("Content-Type", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")
                .with("Process-Start-Time-Unix", Long.toString(started().getEpochSecond()));
    }

    /** What the watch caches have measured. */
    private static void caches(StringBuilder out, List<Measurements> all) {
        MetricFamily stored =
                MetricFamily.gauge("apiserver_storage_objects", "[STABLE] How many objects are stored.", "resource");
        MetricFamily objects = MetricFamily.gauge(
                "apiserver_resource_objects", "[ALPHA] How many objects are stored.", "group", "resource");
        MetricFamily versions = MetricFamily.gauge(
                "apiserver_watch_cache_resource_version",
                "[ALPHA] As of which revision a watch cache is.",
                "group",
                "resource");
        MetricFamily received = MetricFamily.counter(
                "apiserver_watch_cache_events_received_total",
                "[ALPHA] Changes that a watch cache has taken from the store.",
                "group",
                "resource");
        MetricFamily dispatched = MetricFamily.counter(
                "apiserver_watch_cache_events_dispatched_total",
                "[ALPHA] Changes that a watch cache has passed on to its watchers.",
                "group",
                "resource");
        MetricFamily begun = MetricFamily.counter(
                "apiserver_watch_cache_initializations_total",
                "[ALPHA] How often a watch cache was read from the store.",
                "group",
                "resource");
        MetricFamily fromStore = MetricFamily.counter(
                "apiserver_storage_events_received_total",
                "[BETA] Changes that the store has told of.",
                "group",
                "resource");
        MetricFamily capacity = MetricFamily.gauge(
                "watch_cache_capacity", "[ALPHA] How many changes a watch cache may remember.", "group", "resource");
        for (Measurements each : all) {
            stored.add(each.objects(), each.group().isEmpty() ? each.resource() : each.resource() + "." + each.group());
            objects.add(each.objects(), each.group(), each.resource());
            versions.add(each.revision(), each.group(), each.resource());
            received.add(each.received(), each.group(), each.resource());
            fromStore.add(each.received(), each.group(), each.resource());
            dispatched.add(each.dispatched(), each.group(), each.resource());
            begun.add(each.starts(), each.group(), each.resource());
            capacity.add(each.capacity(), each.group(), each.resource());
        }
        List.of(stored, objects, versions, received, fromStore, dispatched, begun, capacity)
                .forEach(family -> family.write(out));
    }

    private static Instant started() {
        return Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
    }

    private static void process(StringBuilder out) {
        MetricFamily.gauge("process_start_time_seconds", "When the process began, in seconds since 1970.")
                .add(started().toEpochMilli() / 1e3)
                .write(out);
        MetricFamily.gauge("process_resident_memory_bytes", "Memory that the Java virtual machine has taken, in bytes.")
                .add(Runtime.getRuntime().totalMemory())
                .write(out);
        MetricFamily.gauge(
                        "process_virtual_memory_max_bytes", "Memory that the Java virtual machine may take, in bytes.")
                .add(Runtime.getRuntime().maxMemory())
                .write(out);
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            MetricFamily.gauge("process_open_fds", "Files and sockets that the process has open.")
                    .add(system.getOpenFileDescriptorCount())
                    .write(out);
            MetricFamily.gauge("process_max_fds", "Files and sockets that the process may have open.")
                    .add(system.getMaxFileDescriptorCount())
                    .write(out);
        }
        ProcessHandle.current().info().totalCpuDuration().ifPresent(used -> MetricFamily.counter(
                        "process_cpu_seconds_total", "Time that the process has computed, in seconds.")
                .add(used.toMillis() / 1e3)
                .write(out));
    }
}
