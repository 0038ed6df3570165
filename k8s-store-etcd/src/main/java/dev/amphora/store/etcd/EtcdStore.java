package dev.amphora.store.etcd;

import dev.amphora.kernel.Kernel;
import dev.amphora.store.CompactedException;
import dev.amphora.store.Store;
import dev.amphora.store.StoreException;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The store on an etcd cluster, version 3.4 or later.
 *
 * <p>All keys lie under a prefix of their own, {@code /amphora} unless told otherwise, so that an etcd can be shared. Calls wait for the
 * cluster, at most ten seconds unless told otherwise, and then fail; a write that failed so may still have been made, as after any lost
 * answer. Watches survive the loss of servers and connections.
 *
 * <p>A watch also covers one key behind all others, written when progress is asked for; it counts as a revision like any write.
 */
public final class EtcdStore implements Store {
    /** Reports at INFO, on any machine without native transports, that there are none; held so that its level stays. */
    /** How many writes etcd takes in one transaction, unless it is told otherwise. */
    private static final int MOST_AT_ONCE = 128;

    private static final Logger transportNoise = Logger.getLogger("io.grpc.netty.TcpMetrics");

    static {
        transportNoise.setLevel(Level.WARNING);
    }

    private static final int PAGE = 1000;
    private static final int CONNECT_TIMEOUT_MILLIS = 2000;

    private final Builder options;
    private final Object lock = new Object();
    private final Set<EtcdWatch> watches = new LinkedHashSet<>();
    private volatile @Nullable Running running;

    private record Running(Kernel kernel, EtcdClient client, Leases leases) {}

    /**
     * A store on the cluster that these servers form, with the default settings.
     *
     * @param endpoints URLs such as {@code http://127.0.0.1:2379}; at least one
     */
    public EtcdStore(String... endpoints) {
        this(builder(endpoints));
    }

    private EtcdStore(Builder options) {
        this.options = options;
    }

    /**
     * Settings of a store on the cluster that these servers form.
     *
     * @param endpoints URLs such as {@code http://127.0.0.1:2379}; at least one
     */
    public static Builder builder(String... endpoints) {
        return new Builder(List.of(endpoints));
    }

    /** Settings of an {@link EtcdStore}. */
    public static final class Builder {
        private final List<String> endpoints;
        private String prefix = "/amphora";
        private Duration timeout = Duration.ofSeconds(10);
        private @Nullable String user;
        private @Nullable String password;

        private Builder(List<String> endpoints) {
            if (endpoints.isEmpty()) {
                throw new IllegalArgumentException("at least one endpoint of etcd is needed");
            }
            this.endpoints = endpoints;
        }

        /**
         * What all keys in etcd begin with.
         *
         * @param prefix {@code /amphora} unless told otherwise; may be empty
         */
        public Builder prefix(String prefix) {
            this.prefix = prefix;
            return this;
        }

        /**
         * How long a call waits for etcd.
         *
         * @param timeout positive; ten seconds unless told otherwise
         */
        public Builder timeout(Duration timeout) {
            this.timeout = timeout;
            return this;
        }

        /** As whom to log in. */
        public Builder user(String name, String password) {
            this.user = name;
            this.password = password;
            return this;
        }

        /** The store, to be started by what it is handed to. */
        public EtcdStore build() {
            return new EtcdStore(this);
        }
    }

    @Override
    public void start(Kernel kernel) {
        synchronized (lock) {
            Running now = running;
            if (now != null) {
                if (now.kernel != kernel) {
                    throw new IllegalStateException("the store already runs on another kernel");
                }
                return;
            }
            requireServer();
            EtcdClient client = new EtcdClient(connect(), options.prefix, options.timeout);
            try {
                client.get(client.currentRevision(), "tell its revision");
            } catch (StoreException e) {
                client.close();
                throw e;
            }
            Leases leases =
                    new Leases(kernel, seconds -> client.get(client.lease().grant(seconds), "grant a lease")
                            .getID());
            running = new Running(kernel, client, leases);
        }
    }

    @Override
    public long revision() {
        EtcdClient client = client();
        return client.get(client.currentRevision(), "tell its revision");
    }

    @Override
    public Got get(String key) {
        requireText(key, "key");
        EtcdClient client = client();
        GetResponse response = client.get(client.kv().get(client.key(key)), "get " + key);
        return new Got(
                response.getKvs().stream().findFirst().map(client::entry),
                response.getHeader().getRevision());
    }

    @Override
    public Range range(String prefix, @Nullable String startAfter, int limit, long revision) {
        requireText(prefix, "prefix");
        if (limit < 0 || revision < 0) {
            throw new IllegalArgumentException("limit and revision must not be negative: " + limit + ", " + revision);
        }
        EtcdClient client = client();
        ByteSequence end = client.endOf(prefix);
        ByteSequence from = startAfter == null || StoreOrder.compare(startAfter, prefix) < 0
                ? client.key(prefix)
                : client.after(startAfter);
        List<Entry> entries = new ArrayList<>();
        if (StoreOrder.compare(from, end) >= 0) {
            return new Range(entries, revision == 0 ? revision() : revision, 0);
        }
        long at = revision;
        long count = -1;
        boolean more;
        do {
            int page = limit == 0 ? PAGE : Math.min(PAGE, limit - entries.size());
            GetOption options = GetOption.builder()
                    .withRange(end)
                    .withLimit(page)
                    .withRevision(at)
                    .build();
            GetResponse response = client.get(client.kv().get(from, options), "list " + prefix);
            List<KeyValue> found = response.getKvs();
            found.forEach(kv -> entries.add(client.entry(kv)));
            if (count < 0) {
                count = response.getCount();
                at = at == 0 ? response.getHeader().getRevision() : at;
            }
            more = response.isMore() && (limit == 0 || entries.size() < limit);
            if (more) {
                from = client.after(entries.get(entries.size() - 1).key());
            }
        } while (more);
        return new Range(entries, at, count);
    }

    @Override
    public long count(String prefix) {
        requireText(prefix, "prefix");
        EtcdClient client = client();
        GetOption options = GetOption.builder()
                .withRange(client.endOf(prefix))
                .withCountOnly(true)
                .build();
        return client.get(client.kv().get(client.key(prefix), options), "count " + prefix)
                .getCount();
    }

    @Override
    public Swap put(String key, byte[] value, long expectedModRevision, @Nullable Duration timeToLive) {
        requireText(key, "key");
        Running now = running();
        PutOption.Builder put = PutOption.builder().withPrevKV();
        if (timeToLive != null) {
            put.withLeaseId(now.leases.forTimeToLive(timeToLive));
        }
        EtcdClient client = now.client;
        TxnResponse response =
                swap(client, key, expectedModRevision, Op.put(client.key(key), ByteSequence.from(value), put.build()));
        if (!response.isSucceeded()) {
            return refused(client, response);
        }
        long revision = response.getHeader().getRevision();
        if (expectedModRevision == 0) {
            return new Swap(true, revision, new Entry(key, value, revision, revision, 1));
        }
        KeyValue before = response.getPutResponses().get(0).getPrevKv();
        return new Swap(
                true, revision, new Entry(key, value, before.getCreateRevision(), revision, before.getVersion() + 1));
    }

    @Override
    public void putAbsent(Map<String, byte[]> values) {
        EtcdClient client = client();
        List<Map.Entry<String, byte[]>> all = List.copyOf(values.entrySet());
        for (int from = 0; from < all.size(); from += MOST_AT_ONCE) {
            List<Map.Entry<String, byte[]>> some = all.subList(from, Math.min(all.size(), from + MOST_AT_ONCE));
            if (!createAll(client, some)) {
                some.forEach(entry -> put(entry.getKey(), entry.getValue(), 0));
            }
        }
    }

    /** Writes all of some keys, or none because one of them is there. */
    private static boolean createAll(EtcdClient client, List<Map.Entry<String, byte[]>> entries) {
        List<Cmp> absent = new ArrayList<>();
        List<Op> writes = new ArrayList<>();
        for (Map.Entry<String, byte[]> entry : entries) {
            requireText(entry.getKey(), "key");
            ByteSequence place = client.key(entry.getKey());
            absent.add(new Cmp(place, Cmp.Op.EQUAL, CmpTarget.modRevision(0)));
            writes.add(Op.put(place, ByteSequence.from(entry.getValue()), PutOption.DEFAULT));
        }
        return client.get(
                        client.kv()
                                .txn()
                                .If(absent.toArray(new Cmp[0]))
                                .Then(writes.toArray(new Op[0]))
                                .commit(),
                        "write %d keys".formatted(entries.size()))
                .isSucceeded();
    }

    @Override
    public Swap delete(String key, long expectedModRevision) {
        requireText(key, "key");
        if (expectedModRevision <= 0) {
            throw new IllegalArgumentException("the expected revision must be positive: " + expectedModRevision);
        }
        EtcdClient client = client();
        DeleteOption options = DeleteOption.builder().withPrevKV(true).build();
        TxnResponse response = swap(client, key, expectedModRevision, Op.delete(client.key(key), options));
        if (!response.isSucceeded()) {
            return refused(client, response);
        }
        KeyValue removed = response.getDeleteResponses().get(0).getPrevKvs().get(0);
        return new Swap(true, response.getHeader().getRevision(), client.entry(removed));
    }

    @Override
    public Watch watch(String prefix, long fromRevision, Listener listener) {
        requireText(prefix, "prefix");
        if (fromRevision < 1) {
            throw new IllegalArgumentException("the first revision to watch must be positive: " + fromRevision);
        }
        EtcdWatch watch;
        synchronized (lock) {
            Running now = running();
            watch = new EtcdWatch(
                    this, now.client, prefix, fromRevision, listener, now.kernel.actor("store/watch " + prefix));
            watches.add(watch);
        }
        watch.begin();
        return watch;
    }

    @Override
    public void compact(long revision) {
        EtcdClient client = client();
        try {
            client.get(client.kv().compact(revision), "compact to revision " + revision);
        } catch (CompactedException alreadyDone) {
            // What is asked for holds.
        }
    }

    @Override
    public void close() {
        Running now;
        List<EtcdWatch> ending;
        synchronized (lock) {
            now = running;
            running = null;
            ending = List.copyOf(watches);
            watches.clear();
        }
        for (EtcdWatch watch : ending) {
            watch.end(new StoreException("the store is closed", null));
        }
        if (now != null) {
            now.client.close();
        }
    }

    /** Stops keeping a watch in mind. */
    void forget(EtcdWatch watch) {
        synchronized (lock) {
            watches.remove(watch);
        }
    }

    private Client connect() {
        ClientBuilder builder = Client.builder()
                .endpoints(options.endpoints.toArray(String[]::new))
                .maxInboundMessageSize(EtcdClient.MAX_MESSAGE_BYTES)
                .connectTimeout(Duration.ofMillis(CONNECT_TIMEOUT_MILLIS))
                .keepaliveWithoutCalls(false);
        if (options.user != null && options.password != null) {
            builder.user(ByteSequence.from(options.user, StandardCharsets.UTF_8))
                    .password(ByteSequence.from(options.password, StandardCharsets.UTF_8));
        }
        return builder.build();
    }

    /** Fails at once and clearly if no server listens; the client would wait for one. */
    private void requireServer() {
        List<String> reasons = new ArrayList<>();
        for (String endpoint : options.endpoints) {
            URI uri = URI.create(endpoint);
            if (uri.getHost() == null || uri.getPort() < 0) {
                return;
            }
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), CONNECT_TIMEOUT_MILLIS);
                return;
            } catch (IOException e) {
                reasons.add(endpoint + ": " + e.getMessage());
            }
        }
        throw new StoreException("no etcd can be reached: " + String.join("; ", reasons), null);
    }

    private static TxnResponse swap(EtcdClient client, String key, long expectedModRevision, Op write) {
        ByteSequence place = client.key(key);
        return client.get(
                client.kv()
                        .txn()
                        .If(new Cmp(place, Cmp.Op.EQUAL, CmpTarget.modRevision(expectedModRevision)))
                        .Then(write)
                        .Else(Op.get(place, GetOption.DEFAULT))
                        .commit(),
                "write " + key);
    }

    private static Swap refused(EtcdClient client, TxnResponse response) {
        Optional<Entry> found =
                response.getGetResponses().get(0).getKvs().stream().findFirst().map(client::entry);
        return new Swap(false, response.getHeader().getRevision(), found.orElse(null));
    }

    private Running running() {
        Running now = running;
        if (now == null) {
            throw new StoreException("the store is closed", null);
        }
        return now;
    }

    private EtcdClient client() {
        return running().client;
    }

    private static void requireText(String text, String what) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("the " + what + " must not be empty");
        }
    }

    /** The order of keys: by the bytes of their UTF-8 form. */
    private static final class StoreOrder {
        static int compare(String a, String b) {
            return Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
        }

        static int compare(ByteSequence a, ByteSequence b) {
            return Arrays.compareUnsigned(a.getBytes(), b.getBytes());
        }
    }
}
