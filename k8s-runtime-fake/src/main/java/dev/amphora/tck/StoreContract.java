package dev.amphora.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.kernel.Kernel;
import dev.amphora.store.CompactedException;
import dev.amphora.store.Store;
import dev.amphora.store.Store.Entry;
import dev.amphora.store.Store.Event;
import dev.amphora.store.Store.Range;
import dev.amphora.store.Store.Swap;
import dev.amphora.store.Store.Watch;
import dev.amphora.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Store} must do: all that an API server asks of etcd.
 *
 * <p>Extend it, say how a kernel and a store are made, and run it with JUnit 5. Each test gets a store of its own that holds no
 * key; revisions may begin anywhere, so a store may share its engine with tests that ran before, though not with ones that run at
 * the same time. Values of up to 1 MiB and ranges of many megabytes must be carried.
 */
public abstract class StoreContract {
    private static final String ROOT = "/tck/";

    private @Nullable Kernel kernel;
    private @Nullable Store store;

    /** For subclasses. */
    protected StoreContract() {}

    /** A kernel for one test; closed after it. */
    protected abstract Kernel newKernel();

    /** A store for one test that has not been started and holds no key; closed after it. */
    protected abstract Store newStore();

    /** How long to wait for what must happen, on the kernel's clock: 30 s unless overridden. */
    protected Duration patience() {
        return Duration.ofSeconds(30);
    }

    /** How many steps the comparison with the model takes: 2000 unless overridden; more on fast engines find more. */
    protected int modelSteps() {
        return 2000;
    }

    @BeforeEach
    final void openStore() {
        kernel = newKernel();
        store = newStore();
        store.start(kernel);
    }

    @AfterEach
    final void closeStore() {
        try {
            if (store != null) {
                store.close();
            }
        } finally {
            if (kernel != null) {
                kernel.close();
            }
        }
    }

    // Compare-and-swap

    @Test
    final void createsAKeyThatIsAbsent() {
        long before = store().revision();

        Swap swap = put("a", "1", 0);

        assertThat(swap.succeeded()).isTrue();
        assertThat(swap.revision()).isEqualTo(before + 1);
        assertThat(Told.entry(swap.entry())).isEqualTo(told("a", "1", before + 1, before + 1, 1));
        assertThat(Told.entry(get("a"))).isEqualTo(told("a", "1", before + 1, before + 1, 1));
        assertThat(store().revision()).isEqualTo(before + 1);
    }

    @Test
    final void doesNotCreateAKeyThatExists() {
        long created = put("a", "1", 0).revision();
        put("b", "1", 0);

        Swap swap = put("a", "2", 0);

        assertThat(swap.succeeded()).isFalse();
        assertThat(swap.revision()).isEqualTo(created + 1);
        assertThat(Told.entry(swap.entry())).isEqualTo(told("a", "1", created, created, 1));
        assertThat(Told.entry(get("a"))).isEqualTo(told("a", "1", created, created, 1));
    }

    @Test
    final void createsManyKeysAndLeavesAloneThoseThatExist() {
        put("many/7", "before", 0);
        put("many/200", "before", 0);
        Map<String, byte[]> values = new LinkedHashMap<>();
        for (int i = 0; i < 300; i++) {
            values.put(key("many/" + i), "v".getBytes(StandardCharsets.UTF_8));
        }

        store().putAbsent(values);

        assertThat(store().count(key("many/"))).isEqualTo(300);
        assertThat(existing("many/7").version()).isEqualTo(1);
        assertThat(existing("many/7").value()).isEqualTo("before".getBytes(StandardCharsets.UTF_8));
        assertThat(existing("many/200").value()).isEqualTo("before".getBytes(StandardCharsets.UTF_8));
        assertThat(existing("many/299").value()).isEqualTo("v".getBytes(StandardCharsets.UTF_8));
        assertThat(store().range(key("many/"), null, 0, 0).entries())
                .allMatch(entry -> entry.createRevision() == entry.modRevision() && entry.version() == 1);
    }

    @Test
    final void updatesAtTheExpectedRevision() {
        long created = put("a", "1", 0).revision();

        Swap swap = put("a", "2", created);

        assertThat(swap.succeeded()).isTrue();
        assertThat(Told.entry(swap.entry())).isEqualTo(told("a", "2", created, created + 1, 2));
        assertThat(Told.entry(get("a"))).isEqualTo(told("a", "2", created, created + 1, 2));
    }

    @Test
    final void refusesAStaleUpdateAndTellsWhatItFound() {
        long created = put("a", "1", 0).revision();
        put("a", "2", created);

        Swap swap = put("a", "3", created);

        assertThat(swap.succeeded()).isFalse();
        assertThat(Told.entry(swap.entry())).isEqualTo(told("a", "2", created, created + 1, 2));
        assertThat(store().revision()).isEqualTo(created + 1);
    }

    @Test
    final void refusesToUpdateAKeyThatIsAbsent() {
        long before = store().revision();

        Swap swap = put("a", "1", 7);

        assertThat(swap).isEqualTo(new Swap(false, before, null));
        assertThat(get("a")).isNull();
    }

    @Test
    final void writesTheSameBytesAgainAsANewRevision() {
        long created = put("a", "1", 0).revision();

        assertThat(put("a", "1", created).revision()).isEqualTo(created + 1);
    }

    @Test
    final void deletesAtTheExpectedRevision() {
        long created = put("a", "1", 0).revision();

        Swap swap = store().delete(key("a"), created);

        assertThat(swap.succeeded()).isTrue();
        assertThat(swap.revision()).isEqualTo(created + 1);
        assertThat(Told.entry(swap.entry())).isEqualTo(told("a", "1", created, created, 1));
        assertThat(get("a")).isNull();
        assertThat(store().revision()).isEqualTo(created + 1);
    }

    @Test
    final void refusesAStaleDeleteAndTellsWhatItFound() {
        long created = put("a", "1", 0).revision();
        put("a", "2", created);

        Swap swap = store().delete(key("a"), created);

        assertThat(swap.succeeded()).isFalse();
        assertThat(Told.entry(swap.entry())).isEqualTo(told("a", "2", created, created + 1, 2));
        assertThat(Told.entry(get("a"))).isEqualTo(told("a", "2", created, created + 1, 2));
    }

    @Test
    final void refusesToDeleteAKeyThatIsAbsent() {
        long created = put("a", "1", 0).revision();
        store().delete(key("a"), created);

        assertThat(store().delete(key("a"), created)).isEqualTo(new Swap(false, created + 1, null));
    }

    @Test
    final void beginsAnewWhenAKeyIsCreatedAgain() {
        long created = put("a", "1", 0).revision();
        put("a", "2", created);
        store().delete(key("a"), created + 1);

        Swap swap = put("a", "3", 0);

        assertThat(Told.entry(swap.entry())).isEqualTo(told("a", "3", created + 3, created + 3, 1));
    }

    @Test
    final void letsOneOfManyRacingWritersWin() {
        int writers = 4;
        int rounds = 25;
        put("counter", "0", 0);

        concurrently(writers, writer -> {
            for (int done = 0; done < rounds; ) {
                Entry entry = existing("counter");
                int next = Integer.parseInt(text(entry)) + 1;
                if (put("counter", String.valueOf(next), entry.modRevision()).succeeded()) {
                    done++;
                }
            }
        });

        Entry last = existing("counter");
        assertThat(text(last)).isEqualTo(String.valueOf(writers * rounds));
        assertThat(last.version()).isEqualTo(1L + (long) writers * rounds);
    }

    @Test
    final void carriesAnyBytesAndLargeValues() {
        byte[] all = new byte[256];
        IntStream.range(0, 256).forEach(i -> all[i] = (byte) i);
        byte[] large = new byte[1 << 20];
        Arrays.fill(large, (byte) 0xA5);

        store().put(key("all"), all, 0);
        store().put(key("empty"), new byte[0], 0);
        store().put(key("large"), large, 0);

        assertThat(value("all")).isEqualTo(all);
        assertThat(value("empty")).isEmpty();
        assertThat(value("large")).isEqualTo(large);
    }

    // Reads

    @Test
    final void tellsTheRevisionOfARead() {
        long created = put("a", "1", 0).revision();
        put("b", "1", 0);

        assertThat(store().get(key("a")).revision()).isEqualTo(created + 1);
        assertThat(store().get(key("nothing"))).isEqualTo(new Store.Got(Optional.empty(), created + 1));
    }

    @Test
    final void rangesInOrderOfBytesAndWithinThePrefix() {
        List<String> names =
                List.of("p/b", "p/a", "p/a/x", "p/B", "p/é", "p/\uFF5E", "p/\uD83D\uDE00", "p/", "p0", "p", "q/a");
        names.forEach(name -> put(name, "1", 0));

        assertThat(keys(store().range(key("p/"), null, 0, 0).entries()))
                .containsExactly(
                        key("p/"),
                        key("p/B"),
                        key("p/a"),
                        key("p/a/x"),
                        key("p/b"),
                        key("p/é"),
                        key("p/\uFF5E"),
                        key("p/\uD83D\uDE00"));
    }

    @Test
    final void countsAllKeysOfThePrefix() {
        create("p/", 7);
        create("q/", 2);

        assertThat(store().count(key("p/"))).isEqualTo(7);
        assertThat(store().count(ROOT)).isEqualTo(9);
        assertThat(store().count(key("none/"))).isZero();
        Range limited = store().range(key("p/"), null, 3, 0);
        assertThat(limited.count()).isEqualTo(7);
        assertThat(limited.more()).isTrue();
        Range whole = store().range(key("p/"), null, 7, 0);
        assertThat(whole.more()).isFalse();
        assertThat(store().range(key("none/"), null, 0, 0).entries()).isEmpty();
    }

    @Test
    final void pagesThroughOneRevisionWhileWritesGoOn() {
        create("p/", 10);
        long revision = store().revision();
        List<Entry> seen = new ArrayList<>();
        @Nullable String after = null;
        Range page;
        do {
            page = store().range(key("p/"), after, 3, seen.isEmpty() ? 0 : revision);
            assertThat(page.revision()).isEqualTo(revision);
            assertThat(page.count()).isEqualTo(10 - seen.size());
            seen.addAll(page.entries());
            after = seen.get(seen.size() - 1).key();
            Entry first = get("p/" + number(0));
            if (first != null) {
                store().delete(first.key(), first.modRevision());
            }
            put("p/" + number(seen.size()) + "x", "new", 0);
            Entry last = existing("p/" + number(9));
            put("p/" + number(9), "changed", last.modRevision());
        } while (page.more());

        assertThat(seen).extracting(Entry::key).containsExactlyElementsOf(names("p/", 10));
        assertThat(seen).allSatisfy(entry -> assertThat(text(entry)).isEqualTo("0"));
    }

    @Test
    final void goesOnAfterAKeyThatIsGone() {
        create("p/", 5);

        assertThat(keys(store().range(key("p/"), key("p/" + number(1)) + "z", 2, 0)
                        .entries()))
                .containsExactly(key("p/" + number(2)), key("p/" + number(3)));
        assertThat(store().range(key("p/"), key("p/zzz"), 2, 0).entries()).isEmpty();
    }

    @Test
    final void readsThePast() {
        long created = put("a", "1", 0).revision();
        put("a", "2", created);
        store().delete(key("a"), created + 1);
        put("b", "1", 0);

        assertThat(Told.entries(store().range(ROOT, null, 0, created).entries()))
                .containsExactly(told("a", "1", created, created, 1));
        assertThat(Told.entries(store().range(ROOT, null, 0, created + 1).entries()))
                .containsExactly(told("a", "2", created, created + 1, 2));
        assertThat(store().range(ROOT, null, 0, created + 2)).isEqualTo(new Range(List.of(), created + 2, 0));
        assertThat(store().range(ROOT, null, 0, 0).count()).isEqualTo(1);
    }

    @Test
    final void refusesARevisionOfTheFuture() {
        long revision = put("a", "1", 0).revision();

        assertThatThrownBy(() -> store().range(ROOT, null, 0, revision + 100))
                .isInstanceOf(StoreException.class)
                .isNotInstanceOf(CompactedException.class);
        assertThatThrownBy(() -> store().compact(revision + 100)).isInstanceOf(StoreException.class);
    }

    @Test
    final void carriesRangesOfManyMegabytes() {
        byte[] value = new byte[256 << 10];
        for (int i = 0; i < 40; i++) {
            store().put(key("p/" + number(i)), value, 0);
        }

        Range range = store().range(key("p/"), null, 0, 0);

        assertThat(keys(range.entries())).containsExactlyElementsOf(names("p/", 40));
        assertThat(range.count()).isEqualTo(40);
        assertThat(range.more()).isFalse();
        assertThat(store().range(key("p/"), null, 30, 0).entries()).hasSize(30);
    }

    // Compaction

    @Test
    final void forgetsWhatCameBeforeACompaction() {
        long created = put("a", "1", 0).revision();
        put("a", "2", created);
        put("a", "3", created + 1);

        store().compact(created + 1);

        assertThatThrownBy(() -> store().range(ROOT, null, 0, created))
                .isInstanceOfSatisfying(CompactedException.class, e -> assertThat(e.compactRevision())
                        .isEqualTo(created + 1));
        assertThat(Told.entries(store().range(ROOT, null, 0, created + 1).entries()))
                .containsExactly(told("a", "2", created, created + 1, 2));
        assertThat(Told.entry(get("a"))).isEqualTo(told("a", "3", created, created + 2, 3));
        assertThat(store().revision()).isEqualTo(created + 2);
    }

    @Test
    final void compactsAgainWithoutHarm() {
        create("p/", 5);
        long revision = store().revision();
        store().compact(revision);

        store().compact(revision);
        store().compact(revision - 2);

        assertThat(store().range(ROOT, null, 0, revision).count()).isEqualTo(5);
    }

    @Test
    final void endsAWatchThatAsksForWhatIsCompacted() {
        create("p/", 5);
        long revision = store().revision();
        store().compact(revision - 1);
        WatchRecorder recorder = recorder();

        try (Watch watch = store().watch(ROOT, revision - 2, recorder)) {
            assertThat(recorder.awaitEnd())
                    .isInstanceOfSatisfying(CompactedException.class, e -> assertThat(e.compactRevision())
                            .isEqualTo(revision - 1));
            assertThat(recorder.events()).isEmpty();
        }
    }

    @Test
    final void watchesFromRightAfterACompaction() {
        create("p/", 5);
        long revision = store().revision();
        store().compact(revision - 1);
        WatchRecorder recorder = recorder();

        try (Watch watch = store().watch(ROOT, revision, recorder)) {
            assertThat(recorder.awaitEvents(1)).extracting(Event::revision).containsExactly(revision);
        }
    }

    @Test
    final void keepsARunningWatchAcrossACompaction() {
        WatchRecorder recorder = recorder();
        try (Watch watch = store().watch(key("quiet/"), store().revision() + 1, recorder)) {
            put("quiet/a", "1", 0);
            recorder.awaitEvents(1);
            create("p/", 20);
            store().compact(store().revision());
            put("quiet/b", "1", 0);

            assertThat(recorder.awaitEvents(2)).extracting(Event::key).containsExactly(key("quiet/a"), key("quiet/b"));
            assertThat(recorder.end()).isEmpty();
        }
    }

    // Watches

    @Test
    final void watchesFromAnOldRevision() {
        long created = put("a", "1", 0).revision();
        put("a", "2", created);
        store().delete(key("a"), created + 1);
        WatchRecorder recorder = recorder();

        try (Watch watch = store().watch(ROOT, created + 1, recorder)) {
            put("b", "1", 0);

            assertThat(Told.events(recorder.awaitEvents(3)))
                    .containsExactly(
                            "PUT@" + (created + 1) + " " + key("a") + " [" + told("a", "1", created, created, 1)
                                    + "] -> [" + told("a", "2", created, created + 1, 2) + "]",
                            "DELETE@" + (created + 2) + " " + key("a") + " [" + told("a", "2", created, created + 1, 2)
                                    + "] -> [none]",
                            "PUT@" + (created + 3) + " " + key("b") + " [none] -> ["
                                    + told("b", "1", created + 3, created + 3, 1) + "]");
        }
    }

    @Test
    final void watchesFromNow() {
        create("p/", 3);
        WatchRecorder recorder = recorder();

        try (Watch watch = store().watch(ROOT, store().revision() + 1, recorder)) {
            long revision = put("a", "1", 0).revision();

            assertThat(recorder.awaitEvents(1)).extracting(Event::revision).containsExactly(revision);
        }
    }

    @Test
    final void watchesFromTheFuture() {
        long revision = store().revision();
        WatchRecorder recorder = recorder();

        try (Watch watch = store().watch(ROOT, revision + 3, recorder)) {
            create("p/", 4);

            assertThat(recorder.awaitEvents(2)).extracting(Event::revision).containsExactly(revision + 3, revision + 4);
        }
    }

    @Test
    final void watchesItsPrefixOnly() {
        WatchRecorder recorder = recorder();
        try (Watch watch = store().watch(key("p/"), store().revision() + 1, recorder)) {
            for (String name : List.of("p", "p/a", "p0", "o/z", "p/a/b", "q")) {
                put(name, "1", 0);
            }
            put("p/z", "1", 0);

            assertThat(recorder.awaitEvents(3))
                    .extracting(Event::key)
                    .containsExactly(key("p/a"), key("p/a/b"), key("p/z"));
        }
    }

    @Test
    final void deliversALongPastInOrder() {
        long first = store().revision() + 1;
        create("p/", 300);
        WatchRecorder recorder = recorder();

        try (Watch watch = store().watch(ROOT, first, recorder)) {
            for (int i = 0; i < 300; i++) {
                put("p/" + number(i), "1", first + i);
            }

            assertThat(recorder.awaitEvents(600))
                    .extracting(Event::revision)
                    .containsExactlyElementsOf(revisions(first, 600));
            assertThat(recorder.calls()).doesNotContain(0L);
        }
    }

    @Test
    final void deliversEveryChangeOnceInOrderWhileManyWrite() {
        int writers = 4;
        int rounds = 50;
        long first = store().revision() + 1;
        WatchRecorder whole = recorder();
        WatchRecorder part = recorder();

        try (Watch watch = store().watch(ROOT, first, whole);
                Watch other = store().watch(key("w1/"), first, part)) {
            concurrently(writers, writer -> {
                for (int round = 0; round < rounds; round++) {
                    String name = "w" + writer + "/" + round % 7;
                    Entry found = get(name);
                    if (found != null && round % 5 == 0) {
                        store().delete(found.key(), found.modRevision());
                    } else {
                        put(name, String.valueOf(round), found == null ? 0 : found.modRevision());
                    }
                }
            });
            WatchRecorder late = recorder();
            try (Watch replay = store().watch(ROOT, first, late)) {
                List<Event> events = whole.awaitEvents(writers * rounds);

                assertThat(events)
                        .extracting(Event::revision)
                        .containsExactlyElementsOf(revisions(first, writers * rounds));
                assertThat(Told.events(late.awaitEvents(writers * rounds))).isEqualTo(Told.events(events));
                assertThat(Told.events(part.awaitEvents(rounds)))
                        .isEqualTo(Told.events(events.stream()
                                .filter(event -> event.key().startsWith(key("w1/")))
                                .toList()));
                assertEachEventFollowsFromTheOneBefore(events);
            }
        }
    }

    @Test
    final void tellsProgressAfterWhatIsPending() {
        long first = store().revision() + 1;
        create("p/", 100);
        long revision = put("elsewhere", "1", 0).revision();
        WatchRecorder recorder = recorder();

        try (Watch watch = store().watch(key("p/"), first, recorder)) {
            watch.requestProgress();

            assertThat(recorder.awaitProgress(revision)).isGreaterThanOrEqualTo(revision);
            assertThat(recorder.events()).hasSize(100);
        }
    }

    @Test
    final void tellsProgressWhenNothingHappens() {
        WatchRecorder recorder = recorder();
        try (Watch watch = store().watch(key("quiet/"), store().revision() + 1, recorder)) {
            create("p/", 3);
            watch.requestProgress();
            recorder.awaitProgress(store().revision());
            create("q/", 3);
            watch.requestProgress();

            recorder.awaitProgress(store().revision());
            assertThat(recorder.events()).isEmpty();
            assertThat(recorder.progress()).isSorted().allMatch(revision -> revision <= store().revision());
        }
    }

    @Test
    final void letsASlowListenerDelayOnlyItself() {
        CompletableFuture<Void> gate = new CompletableFuture<>();
        WatchRecorder slow = recorder();
        WatchRecorder fast = recorder();
        Store.Listener held = new Store.Listener() {
            @Override
            public void onEvents(List<Event> events) {
                kernel().await(gate);
                slow.onEvents(events);
            }

            @Override
            public void onProgress(long revision) {
                slow.onProgress(revision);
            }

            @Override
            public void onEnd(StoreException error) {
                slow.onEnd(error);
            }
        };
        long first = store().revision() + 1;

        try (Watch watch = store().watch(ROOT, first, held);
                Watch other = store().watch(ROOT, first, fast)) {
            create("p/", 100);

            assertThat(fast.awaitEvents(100))
                    .extracting(Event::revision)
                    .containsExactlyElementsOf(revisions(first, 100));
            assertThat(slow.events()).isEmpty();
            gate.complete(null);
            assertThat(slow.awaitEvents(100))
                    .extracting(Event::revision)
                    .containsExactlyElementsOf(revisions(first, 100));
        }
    }

    @Test
    final void mayBeCalledByAListener() {
        WatchRecorder copies = recorder();
        WatchRecorder originals = new WatchRecorder(kernel(), new Deadline(patience())) {
            @Override
            public void onEvents(List<Event> events) {
                for (Event event : events) {
                    store().put(event.key().replace("/original/", "/copy/"), new byte[] {1}, 0);
                }
                super.onEvents(events);
            }
        };
        try (Watch watch = store().watch(key("original/"), store().revision() + 1, originals);
                Watch other = store().watch(key("copy/"), store().revision() + 1, copies)) {
            create("original/", 10);

            assertThat(copies.awaitEvents(10)).extracting(Event::key).containsExactlyElementsOf(names("copy/", 10));
        }
    }

    @Test
    final void tellsAClosedWatchNothingMore() {
        WatchRecorder closed = recorder();
        WatchRecorder open = recorder();
        Watch watch = store().watch(ROOT, store().revision() + 1, closed);
        try (Watch other = store().watch(ROOT, store().revision() + 1, open)) {
            put("a", "1", 0);
            closed.awaitEvents(1);

            watch.close();
            watch.close();
            put("b", "1", 0);

            open.awaitEvents(2);
            assertThat(closed.events()).hasSize(1);
            assertThat(closed.end()).isEmpty();
        }
    }

    // Time to live

    @Test
    final void deletesAKeyWhoseTimeIsUp() {
        WatchRecorder recorder = recorder();
        try (Watch watch = store().watch(ROOT, store().revision() + 1, recorder)) {
            long created = store().put(key("a"), "1".getBytes(StandardCharsets.UTF_8), 0, Duration.ofSeconds(1))
                    .revision();
            assertThat(get("a")).isNotNull();

            List<Event> events = recorder.awaitEvents(2);

            assertThat(Told.event(events.get(1)))
                    .isEqualTo("DELETE@" + (created + 1) + " " + key("a") + " [" + told("a", "1", created, created, 1)
                            + "] -> [none]");
            assertThat(get("a")).isNull();
        }
    }

    @Test
    final void measuresTheTimeFromTheLastWrite() {
        WatchRecorder recorder = recorder();
        try (Watch watch = store().watch(ROOT, store().revision() + 1, recorder)) {
            long a =
                    store().put(key("a"), new byte[0], 0, Duration.ofSeconds(1)).revision();
            put("a", "stays", a);
            long b =
                    store().put(key("b"), new byte[0], 0, Duration.ofSeconds(1)).revision();
            store().put(key("b"), new byte[0], b, Duration.ofSeconds(5));
            store().put(key("c"), new byte[0], 0, Duration.ofSeconds(3));

            assertThat(recorder.awaitEvents(7))
                    .filteredOn(event -> event.type() == Event.Type.DELETE)
                    .extracting(Event::key)
                    .containsExactly(key("c"), key("b"));
            assertThat(get("a")).isNotNull();
        }
    }

    // The end

    @Test
    final void endsItsWatchesWhenClosed() {
        WatchRecorder recorder = recorder();
        store().watch(ROOT, store().revision() + 1, recorder);

        store().close();
        store().close();

        assertThat(recorder.awaitEnd()).isNotInstanceOf(CompactedException.class);
        assertThatThrownBy(() -> store().get(key("a"))).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> put("a", "1", 0)).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store().watch(ROOT, 1, recorder())).isInstanceOf(StoreException.class);
    }

    @Test
    final void findsWhatItKeptWhenStartedAgain() {
        long created = put("a", "1", 0).revision();
        store().close();

        store().start(kernel());

        assertThat(Told.entry(get("a"))).isEqualTo(told("a", "1", created, created, 1));
        assertThat(put("a", "2", created).revision()).isEqualTo(created + 1);
    }

    // All of it

    @Test
    final void agreesWithAPlainModel() {
        for (long seed = 1; seed <= 3; seed++) {
            compareWithModel(seed, "m" + seed + "/");
        }
    }

    private void compareWithModel(long seed, String under) {
        SplittableRandom random = new SplittableRandom(seed);
        String prefix = key(under);
        long first = store().revision() + 1;
        long compacted = first - 1;
        StoreModel model = new StoreModel(first - 1);
        WatchRecorder recorder = recorder();
        try (Watch watch = store().watch(prefix, first, recorder)) {
            for (int step = 0; step < modelSteps(); step++) {
                String context = "seed " + seed + ", step " + step;
                String key = prefix + random.nextInt(3) + "/" + random.nextInt(8);
                Entry known = model.get(key);
                long expected = known == null ? 0 : known.modRevision();
                if (random.nextInt(8) == 0) {
                    expected = Math.max(0, expected - 1);
                }
                int choice = random.nextInt(100);
                if (choice < 45) {
                    byte[] value = String.valueOf(step).getBytes(StandardCharsets.UTF_8);
                    assertSame(context, store().put(key, value, expected), model.put(key, value, expected));
                } else if (choice < 60) {
                    long at = Math.max(1, expected);
                    assertSame(context, store().delete(key, at), model.delete(key, at));
                } else if (choice < 75) {
                    assertThat(Told.entry(store().get(key).entry().orElse(null)))
                            .as(context)
                            .isEqualTo(Told.entry(known));
                } else if (choice < 98) {
                    long revision = compacted + random.nextLong(model.revision() - compacted + 1);
                    String part = random.nextBoolean() ? prefix : prefix + random.nextInt(3) + "/";
                    @Nullable String after = random.nextBoolean() ? null : key;
                    int limit = random.nextInt(10);
                    List<Entry> all = model.range(part, after, revision);
                    Range range = store().range(part, after, limit, revision);
                    assertThat(range.count()).as(context).isEqualTo(all.size());
                    assertThat(range.revision()).as(context).isEqualTo(revision);
                    assertThat(Told.entries(range.entries()))
                            .as(context)
                            .isEqualTo(Told.entries(limit == 0 ? all : all.subList(0, Math.min(limit, all.size()))));
                } else {
                    recorder.awaitEvents(model.events(prefix, first).size());
                    compacted += random.nextLong(model.revision() - compacted + 1);
                    store().compact(compacted);
                }
            }
            List<Event> expected = model.events(prefix, first);
            assertThat(Told.events(recorder.awaitEvents(expected.size()))).isEqualTo(Told.events(expected));
            WatchRecorder late = recorder();
            try (Watch replay = store().watch(prefix, compacted + 1, late)) {
                List<Event> rest = model.events(prefix, compacted + 1);
                assertThat(Told.events(late.awaitEvents(rest.size()))).isEqualTo(Told.events(rest));
            }
        }
    }

    private static void assertSame(String context, Swap actual, Swap expected) {
        assertThat(actual.succeeded()).as(context).isEqualTo(expected.succeeded());
        assertThat(actual.revision()).as(context).isEqualTo(expected.revision());
        assertThat(Told.entry(actual.entry())).as(context).isEqualTo(Told.entry(expected.entry()));
    }

    private static void assertEachEventFollowsFromTheOneBefore(List<Event> events) {
        TreeMap<String, String> states = new TreeMap<>();
        for (Event event : events) {
            assertThat(Told.entry(event.previous())).isEqualTo(states.getOrDefault(event.key(), "none"));
            states.put(event.key(), Told.entry(event.entry()));
        }
    }

    /** Runs a task several times side by side and waits for all. */
    private void concurrently(int times, IntConsumer task) {
        List<CompletableFuture<Void>> runs = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            int number = i;
            runs.add(CompletableFuture.runAsync(() -> task.accept(number), kernel().blocking()));
        }
        CompletableFuture<Void> all = CompletableFuture.allOf(runs.toArray(CompletableFuture[]::new));
        new Deadline(patience()).await(kernel(), "end of the writers", all, runs::toString);
    }

    private Kernel kernel() {
        if (kernel == null) {
            throw new IllegalStateException("no test is running");
        }
        return kernel;
    }

    private Store store() {
        if (store == null) {
            throw new IllegalStateException("no test is running");
        }
        return store;
    }

    private WatchRecorder recorder() {
        return new WatchRecorder(kernel(), new Deadline(patience()));
    }

    private Swap put(String name, String value, long expected) {
        return store().put(key(name), value.getBytes(StandardCharsets.UTF_8), expected);
    }

    private @Nullable Entry get(String name) {
        return store().get(key(name)).entry().orElse(null);
    }

    private Entry existing(String name) {
        return store().get(key(name)).entry().orElseThrow(() -> new AssertionError("there is no " + name));
    }

    private byte[] value(String name) {
        return existing(name).value();
    }

    private void create(String under, int keys) {
        for (int i = 0; i < keys; i++) {
            assertThat(put(under + number(i), "0", 0).succeeded()).isTrue();
        }
    }

    private static String key(String name) {
        return ROOT + name;
    }

    private static String number(int i) {
        return String.format("%04d", i);
    }

    private static List<String> names(String under, int keys) {
        return IntStream.range(0, keys).mapToObj(i -> key(under + number(i))).toList();
    }

    private static List<String> keys(List<Entry> entries) {
        return entries.stream().map(Entry::key).toList();
    }

    private static List<Long> revisions(long first, int count) {
        return IntStream.range(0, count).mapToObj(i -> first + i).toList();
    }

    private static String text(Entry entry) {
        return new String(entry.value(), StandardCharsets.UTF_8);
    }

    private static String told(String name, String value, long created, long modified, long version) {
        return Told.entry(new Entry(key(name), value.getBytes(StandardCharsets.UTF_8), created, modified, version));
    }
}
