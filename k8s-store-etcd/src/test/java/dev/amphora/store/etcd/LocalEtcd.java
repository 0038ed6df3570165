package dev.amphora.store.etcd;

import static org.junit.jupiter.api.Assumptions.abort;

/** An etcd for a test class: skipped with advice where there is none, but not where the build promises one. */
final class LocalEtcd {
    private LocalEtcd() {}

    static EtcdProcess start() {
        if (!EtcdProcess.isInstalled()) {
            if ("true".equals(System.getenv("CI"))) {
                throw new AssertionError(EtcdProcess.HOW_TO_GET_ETCD);
            }
            abort(EtcdProcess.HOW_TO_GET_ETCD);
        }
        return EtcdProcess.start();
    }
}
