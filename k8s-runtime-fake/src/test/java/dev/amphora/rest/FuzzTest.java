package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.BodyDecoder;
import dev.amphora.apiserver.schema.BodyDecoder.Encoding;
import dev.amphora.apiserver.schema.FieldValidation;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.kernel.ThreadedKernel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Whatever is sent is answered, soon, with what a client can understand, and leaves nothing behind.
 *
 * <p>{@code -Dfuzz.inputs=100000 -Dfuzz.seed=1} says how much and which; by default a small share.
 */
class FuzzTest {
    private static final int INPUTS = Integer.getInteger("fuzz.inputs", 1_000);
    private static final long SEED = Long.getLong("fuzz.seed", 1);
    private static final int ROUND = 1_000;
    private static final long STUCK_SECONDS = 60;
    private static final BodyDecoder BODIES = new BodyDecoder(SchemaCatalogue.builtIn());
    private static final Pattern TRACES = Pattern.compile(
            "\\tat |java\\.[a-z]+\\.|[A-Za-z]Exception|StackOverflow|OutOfMemory|dev\\.amphora|com\\.fasterxml|org\\.eclipse|ClassCast|NullPointer");

    private final ThreadedKernel kernel = new ThreadedKernel();
    private final TestServer server = new TestServer(kernel);
    private final RestApi api =
            RestApi.builder(kernel, server.apiServer).anonymous(true).build();
    private final Map<Integer, Integer> codes = new TreeMap<>();
    private final List<String> findings = new ArrayList<>();
    private final ArrayDeque<DirectCall> watches = new ArrayDeque<>();
    private Set<String> before = Set.of();

    @BeforeEach
    void start() throws Exception {
        prepare();
        before = keys();
    }

    private void prepare() throws Exception {
        for (String namespace : List.of("default", "fuzz")) {
            post("/api/v1/namespaces", "{\"metadata\":{\"name\":\"" + namespace + "\"}}");
            post("/api/v1/namespaces/" + namespace + "/serviceaccounts", "{\"metadata\":{\"name\":\"default\"}}");
        }
        for (Corpus.Sample sample : Corpus.samples()) {
            if (sample.name().equals("widgets.fuzz.example.com")) {
                post(sample.path(), sample.object().toString());
            }
        }
    }

    private void post(String path, String body) throws Exception {
        DirectCall.admin("POST", path, "application/json", body.getBytes(StandardCharsets.UTF_8))
                .run(api);
    }

    @AfterEach
    void end() {
        server.close();
        kernel.close();
    }

    @Test
    void everyInputIsAnswered() throws Exception {
        AtomicInteger progress = new AtomicInteger();
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread worker = new Thread(() -> {
            try {
                run(progress);
                done.complete(null);
            } catch (Throwable t) {
                done.completeExceptionally(t);
            }
        });
        worker.setDaemon(true);
        worker.start();
        int seen = -1;
        while (!done.isDone()) {
            try {
                done.get(STUCK_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                assertThat(progress.get())
                        .as("stuck at input %s of seed %s: %s", seen, SEED, List.of(worker.getStackTrace()))
                        .isNotEqualTo(seen);
                seen = progress.get();
            }
        }
        done.get();
        assertThat(codes.keySet()).contains(200, 201, 400, 404, 409, 415, 422);
    }

    @Test
    void whatIsMadeUpIsNotCountedByItsName() throws Exception {
        for (int i = 0; i < 50; i++) {
            String name = "made-up-" + i;
            for (String path :
                    List.of("/" + name, "/apis/" + name, "/apis/apps/v1/" + name, "/api/v1/pods/x/" + name)) {
                DirectCall.admin("GET", path, "", new byte[0]).run(api);
                DirectCall.admin(name, path, "", new byte[0]).run(api);
                new DirectCall("GET", path, new byte[0])
                        .with("Authorization", "Bearer " + name)
                        .run(api);
            }
        }
        HttpAnswer metrics =
                DirectCall.admin("GET", "/metrics", "", new byte[0]).run(api);
        assertThat(new String(metrics.body(), StandardCharsets.UTF_8)).doesNotContain("made-up");
    }

    private void run(AtomicInteger progress) throws Exception {
        long heap = 0;
        long slowest = 0;
        String slowestCall = "";
        for (int i = 0; i < INPUTS && findings.size() < 12; i++) {
            if (i % ROUND == 0) {
                cleanUp();
                prepare();
                Set<String> left = keys();
                left.removeAll(before);
                assertThat(left).as("after %s inputs", i).isEmpty();
                if (i == ROUND * 10) {
                    heap = usedHeap();
                }
            }
            // Every input can be had again alone: only what the ones before have left in the store is missing then.
            RandomRequests requests = new RandomRequests(new Random(SEED << 32 ^ i));
            requests.sawToken(token);
            DirectCall call = requests.next();
            progress.set(i);
            long took = send(i, call);
            if (took > slowest) {
                slowest = took;
                slowestCall = "input " + i + ": " + call;
            }
        }
        watches.forEach(DirectCall::hangUp);
        watches.clear();
        cleanUp();
        if (heap > 0) {
            assertThat(usedHeap() - heap).as("growth of the heap").isLessThan(64L << 20);
        }
        System.out.printf(
                "%s inputs of seed %s: answers %s, slowest %s ms (%.300s)%n",
                INPUTS, SEED, codes, slowest / 1_000_000, slowestCall);
        assertThat(findings).isEmpty();
        assertThat(slowest).as("the slowest was %s", slowestCall).isLessThan(TimeUnit.SECONDS.toNanos(STUCK_SECONDS));
    }

    private String token = "";

    /** Sends an input and looks at what comes; how long the answer took, in nanoseconds. */
    private long send(int input, DirectCall call) {
        long begun = System.nanoTime();
        long took = 0;
        try {
            HttpAnswer answer = call.run(api);
            took = System.nanoTime() - begun;
            codes.merge(answer.status(), 1, Integer::sum);
            if (call.isStreaming()) {
                watches.addLast(call);
                if (watches.size() > 20) {
                    watches.removeFirst().hangUp();
                }
                return took;
            }
            check(input, call, answer);
        } catch (Throwable t) {
            findings.add("input " + input + " " + call + ": " + t);
        }
        return took;
    }

    private void check(int input, DirectCall call, HttpAnswer answer) {
        String problem = problem(answer.status(), String.valueOf(answer.header("Content-Type")), answer.body());
        String text = new String(answer.body(), StandardCharsets.UTF_8);
        if (!problem.isEmpty()) {
            findings.add("\ninput %s %s\n  %s: %s %.1500s".formatted(input, call, problem, answer.status(), text));
        }
        int continues = text.indexOf("\"continue\":\"");
        if (continues >= 0) {
            token = text.substring(continues + 12, text.indexOf('"', continues + 12));
        }
    }

    /** What is wrong with an answer; empty if nothing is. */
    static String problem(int status, String type, byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        if (TRACES.matcher(text).find() && !text.contains("openapi")) {
            return "shows its inside";
        }
        return status >= 500 && !RecordedFailures.contain(message(type, body, text)) ? "fails" : "";
    }

    private static String message(String type, byte[] body, String text) {
        try {
            Encoding encoding = Encoding.ofMediaType(type).orElseThrow();
            return BODIES.decode(body, encoding, "", "v1", "Status", FieldValidation.IGNORE)
                    .object()
                    .path("message")
                    .asText();
        } catch (RuntimeException e) {
            return text;
        }
    }

    /** Deletes what was made, as a patient administrator would. */
    private void cleanUp() throws Exception {
        for (int pass = 0; pass < 3; pass++) {
            Set<String> left = keys();
            left.removeAll(before);
            for (ResourceInfo info : server.apiServer.catalogue().resources()) {
                if (info.supports("delete") && info.supports("list")) {
                    cleanUp(info, left);
                }
            }
        }
    }

    private void cleanUp(ResourceInfo info, Set<String> left) throws Exception {
        String root = "/" + (info.group().isEmpty() ? "api" : "apis/" + info.group()) + "/" + info.version() + "/";
        HttpAnswer list =
                DirectCall.admin("GET", root + info.plural(), "", new byte[0]).run(api);
        for (JsonNode item : Json.read(list.body()).path("items")) {
            String name = item.path("metadata").path("name").asText();
            String namespace = item.path("metadata").path("namespace").asText();
            if (left.stream().noneMatch(key -> key.endsWith("/" + name))) {
                continue;
            }
            String path =
                    root + (namespace.isEmpty() ? "" : "namespaces/" + namespace + "/") + info.plural() + "/" + name;
            DirectCall.admin("DELETE", path + "?gracePeriodSeconds=0&propagationPolicy=Background", "", new byte[0])
                    .run(api);
            DirectCall.admin(
                            "PATCH",
                            path,
                            "application/merge-patch+json",
                            "{\"metadata\":{\"finalizers\":null}}".getBytes(StandardCharsets.UTF_8))
                    .run(api);
            DirectCall.admin("DELETE", path + "?gracePeriodSeconds=0", "", new byte[0])
                    .run(api);
        }
    }

    private Set<String> keys() {
        Set<String> keys = new TreeSet<>();
        server.store.range("/", null, 0, 0).entries().forEach(entry -> keys.add(entry.key()));
        // The server itself keeps one for each version of a group that it serves.
        keys.removeIf(key -> key.startsWith("/registry/apiregistration.k8s.io/"));
        return keys;
    }

    private static long usedHeap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
