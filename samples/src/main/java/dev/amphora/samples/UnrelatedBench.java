package dev.amphora.samples;

import static dev.amphora.samples.BenchObjects.CONFIG_MAPS;

import com.sun.management.OperatingSystemMXBean;
import dev.amphora.Cluster;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * The same calls against a server with nothing else and one that is crowded with what has nothing to do with them, by turns: what they
 * cost must not grow.
 */
final class UnrelatedBench {
    private static final String HERE = "default";
    private static final String ELSEWHERE = "elsewhere";
    private static final int ROUNDS = 7;
    private static final int WARM_UP = 6;
    private static final double SECONDS_PER_ROUND = 0.35;
    private static final int LISTED = 100;

    private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private final PrintWriter out;
    private final AtomicInteger made = new AtomicInteger();

    UnrelatedBench(PrintWriter out) {
        this.out = out;
    }

    void run(int objects, int watchers) {
        out.println(
                "By turns against two servers, one alone and one with what has nothing to do with the calls, one caller,"
                        + " calls for each second of computing:");
        compare("%,d other objects".formatted(objects), client -> {
            for (int i = 0; i < objects; i++) {
                client.create(BenchObjects.configMap(ELSEWHERE, "unrelated-" + i));
            }
        });
        compare("%,d other watchers".formatted(watchers), client -> {
            AtomicLong seen = new AtomicLong();
            AtomicLong arrived = new AtomicLong();
            for (int i = 0; i < watchers; i++) {
                client.watch(CONFIG_MAPS, ELSEWHERE, ListOptions.all(), new ProcessBench.Counter<>(seen, arrived));
            }
        });
    }

    private void compare(String with, Consumer<Client> crowd) {
        try (Cluster quiet = ApiBench.server().start();
                Cluster crowded = ApiBench.server().start()) {
            Client alone = prepared(quiet);
            Client among = prepared(crowded);
            crowd.accept(among);
            Map<String, Consumer<Client>> calls = Map.of(
                    "creates",
                    this::create,
                    "gets",
                    client -> client.get(CONFIG_MAPS, HERE, "here-1"),
                    "patches",
                    this::patch,
                    "lists of " + LISTED,
                    client -> client.list(CONFIG_MAPS, HERE, ListOptions.all()));
            for (String what : List.of("gets", "lists of " + LISTED, "patches", "creates")) {
                Consumer<Client> call = calls.get(what);
                if (call != null) {
                    row(what, alone, among, with, call);
                }
            }
        }
    }

    private Client prepared(Cluster cluster) {
        Client client = cluster.api("bench");
        Namespace namespace = new NamespaceBuilder()
                .withNewMetadata()
                .withName(ELSEWHERE)
                .endMetadata()
                .build();
        client.create(namespace);
        for (int i = 0; i < LISTED; i++) {
            client.create(BenchObjects.configMap(HERE, "here-" + i));
        }
        return client;
    }

    private void create(Client client) {
        client.create(BenchObjects.configMap(HERE, "more-" + made.incrementAndGet()));
    }

    private void patch(Client client) {
        client.patch(CONFIG_MAPS, HERE, "here-1", BenchObjects.label(made.incrementAndGet()), null);
    }

    private void row(String what, Client alone, Client among, String with, Consumer<Client> call) {
        double[] quiet = new double[ROUNDS];
        double[] crowded = new double[ROUNDS];
        for (int i = -WARM_UP; i < ROUNDS; i++) {
            boolean first = i % 2 == 0;
            double before = first ? rate(alone, call) : 0;
            double other = rate(among, call);
            double one = first ? before : rate(alone, call);
            if (i >= 0) {
                quiet[i] = one;
                crowded[i] = other;
            }
        }
        double most = BenchObjects.median(quiet);
        double left = BenchObjects.median(crowded);
        out.printf("  %-34s %,10.0f /s alone %,10.0f /s with %s (%.2f times)%n", what, most, left, with, left / most);
        out.flush();
    }

    /** Calls for each second that this process has computed, in whatever thread. */
    private double rate(Client client, Consumer<Client> call) {
        System.gc(); // What an earlier turn left behind is not this one's.
        long end = System.nanoTime() + (long) (SECONDS_PER_ROUND * 1e9);
        long begin = system.getProcessCpuTime();
        long calls = 0;
        while (System.nanoTime() < end) {
            call.accept(client);
            calls++;
        }
        return calls * 1e9 / (system.getProcessCpuTime() - begin);
    }
}
