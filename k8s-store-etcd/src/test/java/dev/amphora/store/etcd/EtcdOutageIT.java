package dev.amphora.store.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.store.Store.Event;
import dev.amphora.store.Store.Listener;
import dev.amphora.store.Store.Watch;
import dev.amphora.store.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What etcd's own failures look like to a user of the store. */
class EtcdOutageIT {
    private static final long PATIENCE_SECONDS = 60;

    private final ThreadedKernel kernel = new ThreadedKernel();
    private EtcdProcess etcd;
    private EtcdStore store;

    @BeforeEach
    void start() {
        etcd = LocalEtcd.start();
        store = EtcdStore.builder(etcd.endpoint())
                .timeout(Duration.ofSeconds(20))
                .build();
        store.start(kernel);
    }

    @AfterEach
    void stop() {
        if (store != null) {
            store.close();
        }
        if (etcd != null) {
            etcd.close();
        }
        kernel.close();
    }

    @Test
    void deliversEveryChangeAcrossCrashesOfTheServer() throws InterruptedException {
        Recorder recorder = new Recorder();
        long first = store.revision() + 1;
        int written = 0;
        try (Watch watch = store.watch("/", first, recorder)) {
            for (int crash = 0; crash < 3; crash++) {
                for (int i = 0; i < 50; i++) {
                    store.put("/" + written++, new byte[0], 0);
                }
                etcd.restart();
            }
            store.put("/last", new byte[0], 0);

            for (int i = 0; i <= written; i++) {
                Event event = recorder.events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(event).as("event %d", i).isNotNull();
                assertThat(event.revision()).isEqualTo(first + i);
            }
        }
    }

    @Test
    void fetchesAgainWhatASlowListenerCouldNotTake() throws InterruptedException {
        CountDownLatch gate = new CountDownLatch(1);
        Recorder recorder = new Recorder() {
            @Override
            public void onEvents(List<Event> events) {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                super.onEvents(events);
            }
        };
        long first = store.revision() + 1;
        int keys = 60;
        int writes = 200;
        try (Watch watch = store.watch("/", first, recorder)) {
            long[] modified = new long[keys];
            for (int i = 0; i < keys * writes; i++) {
                modified[i % keys] = store.put("/" + i % keys, new byte[0], modified[i % keys])
                        .revision();
            }
            gate.countDown();
            for (int i = 0; i < keys * writes; i++) {
                Event event = recorder.events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(event).as("event %d", i).isNotNull();
                assertThat(event.revision()).isEqualTo(first + i);
            }
        }
    }

    @Test
    void failsAfterItsTimeoutWhileTheServerIsAwayAndWorksAgainAfterwards() {
        store.put("/a", new byte[0], 0);
        EtcdStore impatient = EtcdStore.builder(etcd.endpoint())
                .timeout(Duration.ofSeconds(1))
                .build();
        impatient.start(kernel);
        try {
            etcd.kill();

            assertThatThrownBy(() -> impatient.get("/a")).isInstanceOf(StoreException.class);
            etcd.restart();
            assertThat(store.get("/a").entry()).isPresent();
        } finally {
            impatient.close();
        }
    }

    @Test
    void saysAtOnceThatNoServerIsThere() {
        etcd.kill();
        EtcdStore orphan = new EtcdStore(etcd.endpoint());

        assertThatThrownBy(() -> orphan.start(kernel))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("no etcd can be reached")
                .hasMessageContaining(etcd.endpoint());
    }

    private static class Recorder implements Listener {
        final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

        @Override
        public void onEvents(List<Event> batch) {
            events.addAll(batch);
        }

        @Override
        public void onProgress(long revision) {}

        @Override
        public void onEnd(StoreException error) {}
    }
}
