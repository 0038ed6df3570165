package dev.amphora.store.etcd;

import dev.amphora.store.CompactedException;
import dev.amphora.store.Store.Entry;
import dev.amphora.store.StoreException;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Lease;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One connection to etcd: names to keys and back, deadlines, and errors in the store's terms. */
final class EtcdClient implements AutoCloseable {
    /** Ranges are paged and values bounded by the server, so a message has no need of a tighter limit on this side. */
    static final int MAX_MESSAGE_BYTES = Integer.MAX_VALUE;

    private final Client client;
    private final String root;
    private final Duration timeout;
    private final ByteSequence fenceKey;
    private final Fence fence;

    EtcdClient(Client client, String root, Duration timeout) {
        this.client = client;
        this.root = root;
        this.timeout = timeout;
        this.fenceKey = key(Fence.NAME);
        this.fence = new Fence(client.getKVClient(), fenceKey);
    }

    KV kv() {
        return client.getKVClient();
    }

    Lease lease() {
        return client.getLeaseClient();
    }

    Fence fence() {
        return fence;
    }

    /** etcd's key for a store's key. */
    ByteSequence key(String name) {
        return ByteSequence.from(root + name, StandardCharsets.UTF_8);
    }

    /** The store's key for etcd's. */
    String name(ByteSequence key) {
        return key.toString(StandardCharsets.UTF_8).substring(root.length());
    }

    Entry entry(KeyValue kv) {
        return new Entry(
                name(kv.getKey()),
                kv.getValue().getBytes(),
                kv.getCreateRevision(),
                kv.getModRevision(),
                kv.getVersion());
    }

    /** The least key greater than all with a prefix. */
    ByteSequence endOf(String prefix) {
        byte[] end = key(prefix).getBytes();
        // No byte of UTF-8 is 0xFF, so the last one can always be raised.
        end[end.length - 1]++;
        return ByteSequence.from(end);
    }

    /** The least key greater than another. */
    ByteSequence after(String name) {
        return key(name + "\0");
    }

    /** The cluster's revision, by a read that goes through its leader. */
    CompletableFuture<Long> currentRevision() {
        return kv().get(fenceKey, GetOption.builder().withCountOnly(true).build())
                .thenApply(response -> response.getHeader().getRevision());
    }

    /** Begins a stream of the changes from a key's prefix up to the fence. */
    Watch.Watcher watch(String prefix, long fromRevision, Watch.Listener listener) {
        WatchOption options = WatchOption.builder()
                .withRange(after(Fence.NAME))
                .withRevision(fromRevision)
                .withPrevKV(true)
                .withRequireLeader(true)
                .build();
        return client.getWatchClient().watch(key(prefix), options, listener);
    }

    /** Waits for an answer until the deadline. */
    <T> T get(CompletableFuture<T> answer, String what) {
        try {
            return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new StoreException("etcd gave no answer within " + timeout.toMillis() + " ms to " + what, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("interrupted while waiting for etcd to " + what, e);
        } catch (ExecutionException e) {
            throw failure(what, e.getCause() == null ? e : e.getCause());
        }
    }

    private static boolean isCompacted(Throwable error) {
        // The client hands over some errors translated and some as they come from the wire; the text is the same.
        return String.valueOf(error.getMessage()).contains("required revision has been compacted");
    }

    private StoreException failure(String what, Throwable cause) {
        if (isCompacted(cause)) {
            return new CompactedException(compactRevision());
        }
        return new StoreException("etcd failed to " + what + ": " + cause.getMessage(), cause);
    }

    /** The revision of the last compaction, which only a watch that comes too late is told. */
    private long compactRevision() {
        CompletableFuture<Long> compacted = new CompletableFuture<>();
        WatchOption options = WatchOption.builder().withRevision(1).build();
        try (Watch.Watcher probe = client.getWatchClient().watch(fenceKey, options, new Watch.Listener() {
            @Override
            public void onNext(WatchResponse response) {
                // The compaction has been undone by a server that lost its data, or this is an event of the fence.
                compacted.complete(1L);
            }

            @Override
            public void onError(Throwable error) {
                compacted.complete(
                        error instanceof io.etcd.jetcd.common.exception.CompactedException e
                                ? e.getCompactedRevision()
                                : 1L);
            }

            @Override
            public void onCompleted() {
                compacted.complete(1L);
            }
        })) {
            return get(compacted, "tell its last compaction");
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
