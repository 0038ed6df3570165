package dev.amphora.store.etcd;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.store.Store;
import dev.amphora.tck.StoreContract;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class EtcdStoreIT extends StoreContract {
    private static final AtomicInteger tests = new AtomicInteger();
    private static EtcdProcess etcd;

    @BeforeAll
    static void startEtcd() {
        etcd = LocalEtcd.start();
    }

    @AfterAll
    static void stopEtcd() {
        if (etcd != null) {
            etcd.close();
        }
    }

    @Override
    protected Kernel newKernel() {
        return new ThreadedKernel();
    }

    @Override
    protected Store newStore() {
        return EtcdStore.builder(etcd.endpoint())
                .prefix("/test-" + tests.incrementAndGet())
                .build();
    }

    @Override
    protected int modelSteps() {
        return 300;
    }
}
