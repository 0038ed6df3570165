package dev.amphora.samples.examples;

import static dev.amphora.Conditions.deployment;

import dev.amphora.Cluster;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.InputStream;

/** A cluster inside a program. */
public final class Embedding {
    private Embedding() {}

    /** Applies a manifest and waits until its Deployment is available. */
    public static void run(InputStream manifest) {
        // README: embedding
        try (Cluster cluster = Cluster.builder()
                .store(new MemoryStore()) // or new EtcdStore("http://127.0.0.1:2379")
                .node("worker-1", new FakeRuntime()) // or new DockerRuntime()
                .start()) {
            KubernetesClient k8s = cluster.client(); // fabric8's own client, no socket
            k8s.load(manifest).create();
            cluster.await(deployment("web").available());
        }
        // end
    }
}
