package dev.amphora.samples.examples;

import dev.amphora.kernel.Kernel;
import dev.amphora.store.Store;
import dev.amphora.store.StoreException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A store that can be frozen: reads and watches go on, writes fail. Shows how to put something of one's own around a store. */
// README: store
public final class ReadOnlyStore implements Store {
    private final Store store;
    private final BooleanSupplier frozen;

    /**
     * A store around another.
     *
     * @param store keeps everything
     * @param frozen whether writes fail now
     */
    public ReadOnlyStore(Store store, BooleanSupplier frozen) {
        this.store = store;
        this.frozen = frozen;
    }

    @Override
    public Swap put(String key, byte[] value, long expectedModRevision, @Nullable Duration timeToLive) {
        refuseIfFrozen();
        return store.put(key, value, expectedModRevision, timeToLive);
    }

    @Override
    public Swap delete(String key, long expectedModRevision) {
        refuseIfFrozen();
        return store.delete(key, expectedModRevision);
    }

    private void refuseIfFrozen() {
        if (frozen.getAsBoolean()) {
            throw new StoreException("the store is frozen", null);
        }
    }
    // end

    @Override
    public void start(Kernel kernel) {
        store.start(kernel);
    }

    @Override
    public long revision() {
        return store.revision();
    }

    @Override
    public Got get(String key) {
        return store.get(key);
    }

    @Override
    public Range range(String prefix, @Nullable String startAfter, int limit, long revision) {
        return store.range(prefix, startAfter, limit, revision);
    }

    @Override
    public long count(String prefix) {
        return store.count(prefix);
    }

    @Override
    public Watch watch(String prefix, long fromRevision, Listener listener) {
        return store.watch(prefix, fromRevision, listener);
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
