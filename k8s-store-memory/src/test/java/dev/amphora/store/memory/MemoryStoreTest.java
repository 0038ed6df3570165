package dev.amphora.store.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.CompactedException;
import dev.amphora.store.Store.Event;
import dev.amphora.store.Store.Listener;
import dev.amphora.store.Store.Watch;
import dev.amphora.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is the memory store's own; the store contract is tested by the TCK in k8s-runtime-fake. */
class MemoryStoreTest {
    private final SimulatedKernel kernel = new SimulatedKernel(1);

    @Test
    void keepsItsContentAndItsDeadlinesWhileClosed() {
        MemoryStore store = new MemoryStore(kernel);
        store.put("/a", new byte[] {1}, 0);
        store.put("/b", new byte[] {2}, 0, Duration.ofSeconds(10));
        store.close();
        assertThatThrownBy(() -> store.get("/a"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("closed");
        kernel.advance(Duration.ofSeconds(5));

        store.start(kernel);
        assertThat(store.count("/")).isEqualTo(2);
        kernel.advance(Duration.ofSeconds(6));
        assertThat(store.range("/", null, 0, 0).entries())
                .extracting(e -> e.key())
                .containsExactly("/a");
    }

    @Test
    void refusesASecondKernel() {
        MemoryStore store = new MemoryStore(kernel);
        store.start(kernel);
        assertThatThrownBy(() -> store.start(new SimulatedKernel(2))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void forgetsTheOldestHistoryWhenThereIsTooMuch() {
        MemoryStore store = new MemoryStore(100_000L);
        store.start(kernel);
        long modified = 0;
        for (int i = 0; i < 500; i++) {
            modified = store.put("/a", new byte[1000], modified).revision();
        }
        long latest = modified;
        assertThat(store.range("/", null, 0, latest - 50).entries()).hasSize(1);
        assertThatThrownBy(() -> store.range("/", null, 0, latest - 400)).isInstanceOf(CompactedException.class);
    }

    @Test
    void readsAnyRevisionOfALongHistory() {
        MemoryStore store = new MemoryStore(kernel);
        List<Long> revisions = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            revisions.add(store.put("/" + i, new byte[0], 0).revision());
        }
        store.compact(revisions.get(63));
        for (int i = 63; i < 3000; i++) {
            assertThat(store.range("/", null, 1, revisions.get(i)).count()).isEqualTo(i + 1);
        }
    }

    @Test
    void endsTheWatchOfAListenerThatThrows() {
        MemoryStore store = new MemoryStore(kernel);
        List<String> ends = new ArrayList<>();
        store.watch("/", 1, new Listener() {
            @Override
            public void onEvents(List<Event> events) {
                throw new IllegalStateException("boom");
            }

            @Override
            public void onProgress(long revision) {}

            @Override
            public void onEnd(StoreException error) {
                ends.add(error.getMessage());
            }
        });
        store.put("/a", new byte[0], 0);
        kernel.runUntilIdle(Duration.ZERO);
        assertThat(ends).containsExactly("the listener of the watch on / failed");
        assertThat(kernel.failures()).hasSize(1);
    }

    @Test
    void keepsAWatchWhoseListenerHasYetToPassWhatIsCompactedAndDoesNotConcernIt() {
        MemoryStore store = new MemoryStore(kernel);
        for (int i = 0; i < 5; i++) {
            store.put("/others/" + i, new byte[0], 0);
        }
        Told told = new Told();
        store.watch("/own/", 2, told);
        store.compact(store.revision());
        store.put("/own/a", new byte[0], 0);
        kernel.runUntilIdle(Duration.ZERO);

        assertThat(told.keys).containsExactly("/own/a");
        assertThat(told.ends).isEmpty();
    }

    @Test
    void endsAWatchWhoseListenerHasYetToHearOfWhatIsCompacted() {
        MemoryStore store = new MemoryStore(kernel);
        Told told = new Told();
        store.watch("/own/", 2, told);
        Told holding = new Told();
        Watch watch = store.watch("/own/", 2, holding);
        watch.hold();
        store.put("/own/a", new byte[0], 0);
        store.put("/others/a", new byte[0], 0);
        store.compact(store.revision());
        watch.release(1);
        kernel.runUntilIdle(Duration.ZERO);

        assertThat(told.ends).singleElement().isInstanceOf(CompactedException.class);
        assertThat(told.keys).isEmpty();
        assertThat(holding.ends).singleElement().isInstanceOf(CompactedException.class);
        assertThat(holding.keys).isEmpty();
    }

    @Test
    void doesNotTellAWatchWhatItsListenerHasWrittenItself() {
        MemoryStore store = new MemoryStore(kernel);
        Told told = new Told();
        Watch watch = store.watch("/", 2, told);
        watch.hold();
        long revision = store.put("/own", new byte[0], 0).revision();
        kernel.runUntilIdle(Duration.ZERO);
        watch.release(revision);
        kernel.runUntilIdle(Duration.ZERO);
        assertThat(told.keys).isEmpty();

        store.put("/other", new byte[0], 0);
        kernel.runUntilIdle(Duration.ZERO);
        assertThat(told.keys).containsExactly("/other");
    }

    @Test
    void tellsAWatchWhatOthersWroteWhileItsListenerWrote() {
        MemoryStore store = new MemoryStore(kernel);
        Told told = new Told();
        Watch watch = store.watch("/", 2, told);
        watch.hold();
        long own = store.put("/own", new byte[0], 0).revision();
        store.put("/other", new byte[0], 0);
        watch.release(own);
        kernel.runUntilIdle(Duration.ZERO);
        assertThat(told.keys).containsExactly("/other");
    }

    @Test
    void tellsAWatchWhatOthersWroteThoughItsListenerNeverStopsToWrite() {
        MemoryStore store = new MemoryStore(kernel);
        Told told = new Told();
        Watch watch = store.watch("/", 2, told);
        watch.hold();
        long known = store.put("/own-0", new byte[0], 0).revision();
        store.put("/other", new byte[0], 0);
        for (int i = 1; i < 4; i++) {
            watch.hold();
            store.put("/own-" + i, new byte[0], 0);
            watch.release(known);
            kernel.runUntilIdle(Duration.ZERO);
        }
        assertThat(told.keys).contains("/other");
    }

    @Test
    void reportsProgressWhileItsListenerWrites() {
        MemoryStore store = new MemoryStore(kernel);
        Told told = new Told();
        Watch watch = store.watch("/", 2, told);
        watch.hold();
        long revision = store.put("/own", new byte[0], 0).revision();
        watch.requestProgress();
        kernel.runUntilIdle(Duration.ZERO);
        assertThat(told.keys).containsExactly("/own");
        assertThat(told.progress).isEqualTo(revision);
    }

    /** Collects what a watch tells. */
    private static final class Told implements Listener {
        private final List<String> keys = new ArrayList<>();
        private final List<StoreException> ends = new ArrayList<>();
        private long progress;

        @Override
        public void onEvents(List<Event> events) {
            events.forEach(event -> keys.add(event.key()));
        }

        @Override
        public void onProgress(long revision) {
            progress = revision;
        }

        @Override
        public void onEnd(StoreException error) {
            ends.add(error);
        }
    }
}
