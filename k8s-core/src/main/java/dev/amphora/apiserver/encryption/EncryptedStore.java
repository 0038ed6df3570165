package dev.amphora.apiserver.encryption;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.Store;
import dev.amphora.store.StoreException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in which the values of some resources are encrypted, around any other store. Whoever serves a resource says first
 * {@linkplain #serves where} its objects are.
 */
public final class EncryptedStore implements Store {
    private static final Logger log = LoggerFactory.getLogger(EncryptedStore.class);

    private final Store store;
    private final EncryptionConfiguration configuration;
    private final ValueCipher.Chance chance;
    private final ConcurrentSkipListMap<String, ResourceCipher> ciphers = new ConcurrentSkipListMap<>();

    /**
     * A store around another.
     *
     * @param kernel whose chance nonces are drawn with under simulation; otherwise they are drawn from the platform's
     */
    public EncryptedStore(Store store, EncryptionConfiguration configuration, Kernel kernel) {
        this.store = store;
        this.configuration = configuration;
        this.chance = kernel instanceof SimulatedKernel ? kernel.random()::nextBytes : new SecureRandom()::nextBytes;
    }

    /**
     * Says where the objects of a resource are.
     *
     * @param prefix of their keys, with a slash at the end
     */
    public void serves(String prefix, String group, String plural) {
        ciphers.put(prefix, configuration.cipher(group, plural));
    }

    /** Whether a value would be encrypted otherwise if it were written now, be it with another key or at all. */
    public boolean isOutdated(String key) {
        ResourceCipher cipher = cipher(key);
        return cipher != null
                && store.get(key)
                        .entry()
                        .filter(entry -> cipher.isOutdated(entry.value()))
                        .isPresent();
    }

    private @Nullable ResourceCipher cipher(String key) {
        Map.Entry<String, ResourceCipher> nearest = ciphers.floorEntry(key);
        return nearest != null && key.startsWith(nearest.getKey()) ? nearest.getValue() : null;
    }

    private byte[] encrypted(String key, byte[] value) {
        ResourceCipher cipher = cipher(key);
        return cipher == null ? value : cipher.toStorage(value, key, chance);
    }

    private Entry decrypted(Entry entry) {
        ResourceCipher cipher = cipher(entry.key());
        return cipher == null ? entry : with(entry, cipher.fromStorage(entry.value(), entry.key()));
    }

    private @Nullable Entry decryptedOrNull(@Nullable Entry entry) {
        return entry == null ? null : decrypted(entry);
    }

    private static Entry with(Entry entry, byte[] value) {
        return value == entry.value()
                ? entry
                : new Entry(entry.key(), value, entry.createRevision(), entry.modRevision(), entry.version());
    }

    @Override
    public void start(Kernel kernel) {
        store.start(kernel);
    }

    @Override
    public boolean mayWait() {
        return store.mayWait();
    }

    @Override
    public long revision() {
        return store.revision();
    }

    @Override
    public Got get(String key) {
        Got got = store.get(key);
        return new Got(got.entry().map(this::decrypted), got.revision());
    }

    @Override
    public Range range(String prefix, @Nullable String startAfter, int limit, long revision) {
        Range range = store.range(prefix, startAfter, limit, revision);
        List<Entry> entries = new ArrayList<>(range.entries().size());
        range.entries().forEach(entry -> entries.add(decrypted(entry)));
        return new Range(entries, range.revision(), range.count());
    }

    @Override
    public long count(String prefix) {
        return store.count(prefix);
    }

    @Override
    public Swap put(String key, byte[] value, long expectedModRevision, @Nullable Duration timeToLive) {
        Swap swap = store.put(key, encrypted(key, value), expectedModRevision, timeToLive);
        Entry entry = swap.entry();
        if (swap.succeeded() && entry != null) {
            return new Swap(true, swap.revision(), with(entry, value));
        }
        return new Swap(swap.succeeded(), swap.revision(), decryptedOrNull(entry));
    }

    @Override
    public void putAbsent(Map<String, byte[]> values) {
        Map<String, byte[]> encrypted = new LinkedHashMap<>();
        values.forEach((key, value) -> encrypted.put(key, encrypted(key, value)));
        store.putAbsent(encrypted);
    }

    @Override
    public Swap delete(String key, long expectedModRevision) {
        Swap swap = store.delete(key, expectedModRevision);
        return new Swap(swap.succeeded(), swap.revision(), decryptedOrNull(swap.entry()));
    }

    @Override
    public Watch watch(String prefix, long fromRevision, Listener listener) {
        return store.watch(prefix, fromRevision, new Listener() {
            @Override
            public void onEvents(List<Event> events) {
                List<Event> readable = new ArrayList<>(events.size());
                events.forEach(event -> decrypted(event).ifPresent(readable::add));
                if (!readable.isEmpty()) {
                    listener.onEvents(readable);
                }
                if (readable.size() < events.size()) {
                    listener.onProgress(events.get(events.size() - 1).revision());
                }
            }

            @Override
            public void onProgress(long revision) {
                listener.onProgress(revision);
            }

            @Override
            public void onEnd(StoreException error) {
                listener.onEnd(error);
            }
        });
    }

    /** Empty for what cannot be read: it was written by somebody with other keys, and must not hold up everything else. */
    private Optional<Event> decrypted(Event event) {
        if (cipher(event.key()) == null) {
            return Optional.of(event);
        }
        try {
            return Optional.of(new Event(
                    event.type(), event.key(), decryptedOrNull(event.entry()), previous(event), event.revision()));
        } catch (StoreException e) {
            log.error("A change cannot be told: {}", e.getMessage());
            return Optional.empty();
        }
    }

    /** What was before need not be readable for what is now to be told. */
    private @Nullable Entry previous(Event event) {
        try {
            return decryptedOrNull(event.previous());
        } catch (StoreException e) {
            if (event.type() == Event.Type.DELETE) {
                throw e;
            }
            return null;
        }
    }

    @Override
    public void compact(long revision) {
        store.compact(revision);
    }

    @Override
    public void close() {
        store.close();
    }
}
