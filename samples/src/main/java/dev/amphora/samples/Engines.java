package dev.amphora.samples;

import dev.amphora.kernel.Kernel;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.runtime.docker.BusyboxImage;
import dev.amphora.runtime.docker.DockerRuntime;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.ContainerView;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.runtime.fake.HttpHandler;
import dev.amphora.store.Store;
import dev.amphora.store.StoreException;
import dev.amphora.store.etcd.EtcdStore;
import dev.amphora.store.memory.MemoryStore;

/** The engines to choose from, and what to say when one is missing. */
final class Engines {
    /** What all keys begin with in etcd unless told otherwise. */
    static final String ETCD_PREFIX = "/amphora";

    /** The Store engines. */
    enum StoreEngine {
        /** In this process. */
        memory,
        /** On an etcd server. */
        etcd
    }

    /** The container runtimes. */
    enum RuntimeEngine {
        /** Containers follow scripts. */
        fake,
        /** Containers of a Docker Engine. */
        docker
    }

    /** Something that a person has to mend first. */
    static final class MissingException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        MissingException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private Engines() {}

    /**
     * Opens a store.
     *
     * @param prefix what all keys begin with in etcd
     * @param endpoints of etcd
     * @throws MissingException if it can't be reached
     */
    static Store store(StoreEngine engine, Kernel kernel, String prefix, String... endpoints) {
        return switch (engine) {
            case memory -> new MemoryStore();
            case etcd -> {
                Store store = EtcdStore.builder(endpoints).prefix(prefix).build();
                try {
                    store.start(kernel);
                    yield store;
                } catch (StoreException e) {
                    store.close();
                    throw new MissingException(
                            """
                            No etcd answers at %s.
                            To get one:  apt-get install etcd-server
                            To start it: etcd --data-dir /tmp/amphora-etcd
                            Another place: --etcd-servers http://HOST:2379"""
                                    .formatted(String.join(",", endpoints)),
                            e);
                }
            }
        };
    }

    /**
     * Makes sure that a runtime can be used, and has the scenario's images.
     *
     * @throws MissingException if it can't
     */
    static void prepare(RuntimeEngine engine, String... images) {
        if (engine == RuntimeEngine.docker) {
            try {
                DockerRuntime.requireEngine();
                BusyboxImage.make(images);
            } catch (RuntimeException e) {
                throw new MissingException(String.valueOf(e.getMessage()), e);
            }
        }
    }

    /**
     * Makes the runtime of one node.
     *
     * @param cluster keeps the containers of clusters apart that share a Docker Engine
     * @param keep whether real containers run on when the cluster is closed
     */
    static ContainerRuntime runtime(RuntimeEngine engine, String cluster, boolean keep) {
        return switch (engine) {
            case fake -> new FakeRuntime().behave(Engines::servesItsName);
            case docker -> {
                DockerRuntime.Builder builder = DockerRuntime.builder().cluster(cluster);
                yield keep ? builder.build() : builder.removeOnClose().build();
            }
        };
    }

    /** A container that answers each HTTP request at port 8080 with the name of its pod. */
    private static ContainerBehavior servesItsName(ContainerView container) {
        return ContainerBehavior.runs().servesHttp(8080, request -> HttpHandler.Reply.text(container.podName() + "\n"));
    }
}
