package dev.amphora.samples;

import dev.amphora.api.Json;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The client of a measurement over HTTPS, in a process of its own: creates pods and watches until they are all bound. */
final class SchedulerOutside {
    private static final String PODS = "/api/v1/namespaces/" + BenchObjects.NAMESPACE + "/pods";

    private final PrintWriter out;
    private final int callers;
    private long[] created = new long[0];
    private long[] latencies = new long[0];
    private CountDownLatch bound = new CountDownLatch(0);

    SchedulerOutside(PrintWriter out, int callers) {
        this.out = out;
        this.callers = callers;
    }

    /** Measures each server whose address comes in, a line each. Prints two lines for it: when it begins, and what came of it. */
    void run(SchedulerWorkload workload) throws Exception {
        byte[][] bodies = new byte[workload.measured()][];
        for (int i = 0; i < bodies.length; i++) {
            bodies[i] = Json.write(Json.toTree(workload.pod(i)));
        }
        BufferedReader servers = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String server = servers.readLine(); server != null; server = servers.readLine()) {
            round(URI.create(server), bodies);
        }
    }

    private void round(URI server, byte[][] bodies) throws Exception {
        List<HttpsConnection> connections = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            connections.add(new HttpsConnection(server));
        }
        int count = bodies.length;
        synchronized (this) {
            created = new long[count];
            latencies = new long[count];
            bound = new CountDownLatch(count);
        }
        try (HttpsConnection watch = new HttpsConnection(server)) {
            watch.stream(PODS + "?watch=true");
            Thread watcher = new Thread(() -> follow(watch));
            watcher.setDaemon(true);
            watcher.start();
            measure(connections, bodies);
        }
        for (HttpsConnection connection : connections) {
            connection.close();
        }
    }

    private void measure(List<HttpsConnection> connections, byte[][] bodies) throws InterruptedException {
        out.println("begin");
        out.flush();
        long cpu = SchedulerFigures.cpu();
        long begin = System.nanoTime();
        AtomicInteger next = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (HttpsConnection connection : connections) {
            Thread thread = new Thread(() -> create(connection, bodies, next));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (!bound.await(600, TimeUnit.SECONDS)) {
            throw new IllegalStateException(bound.getCount() + " pods were not seen bound");
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        double cpuSeconds = (SchedulerFigures.cpu() - cpu) / 1e9;
        long[] sorted = latencies.clone();
        Arrays.sort(sorted);
        out.println("end " + seconds + " " + cpuSeconds + " " + sorted[(sorted.length - 1) / 2] / 1e6 + " "
                + sorted[(int) (0.99 * (sorted.length - 1))] / 1e6);
        out.flush();
    }

    private void create(HttpsConnection connection, byte[][] bodies, AtomicInteger next) {
        try {
            for (int i = next.getAndIncrement(); i < bodies.length; i = next.getAndIncrement()) {
                synchronized (this) {
                    created[i] = System.nanoTime();
                }
                connection.post(PODS, bodies[i]);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void follow(HttpsConnection watch) {
        try {
            ByteArrayOutputStream rest = new ByteArrayOutputStream();
            for (byte[] piece = watch.chunk(); piece != null; piece = watch.chunk()) {
                int begin = 0;
                for (int i = 0; i < piece.length; i++) {
                    if (piece[i] == '\n') {
                        rest.write(piece, begin, i - begin);
                        seen(rest.toString(StandardCharsets.UTF_8));
                        rest.reset();
                        begin = i + 1;
                    }
                }
                rest.write(piece, begin, piece.length - begin);
            }
        } catch (IOException e) {
            // the end of the measurement, or the latch tells
        }
    }

    private synchronized void seen(String event) {
        // what is bound before the watch has begun comes as ADDED
        if (event.startsWith("{\"type\":\"DELETED\"") || !event.contains("\"nodeName\":\"")) {
            return;
        }
        String before = "\"metadata\":{\"name\":\"p";
        int name = event.indexOf(before) + before.length();
        int place = Integer.parseInt(event.substring(name, event.indexOf('"', name)));
        if (latencies[place] == 0) {
            latencies[place] = System.nanoTime() - created[place];
            bound.countDown();
        }
    }
}
