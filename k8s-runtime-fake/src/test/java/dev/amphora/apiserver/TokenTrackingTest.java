package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.ListOptions;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.Store;
import dev.amphora.store.StoreException;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The ConfigMap that says since when the use of tokens is noted. */
class TokenTrackingTest {
    private static final ResourceType<ConfigMap> MAPS = ResourceType.of(ConfigMap.class);
    private static final String NAME = "kube-apiserver-legacy-service-account-token-tracking";

    @Test
    void whoReadsWhileTheStoreTakesNoWritesIsServedAndTheMapComesLater() {
        try (SimulatedKernel kernel = new SimulatedKernel(1);
                MemoryStore memory = new MemoryStore(kernel)) {
            AtomicBoolean full = new AtomicBoolean();
            Store store = full(memory, full);
            try (ApiServer server = ApiServer.builder(kernel, store).build().start()) {
                Client client = new InProcessClient(server, User.of("admin", User.MASTERS), "test");
                full.set(true);
                assertThat(maps(client)).doesNotContain(NAME);
                full.set(false);
                assertThat(maps(client)).contains(NAME);
            }
        }
    }

    private static List<String> maps(Client client) {
        return client.list(MAPS, "kube-system", ListOptions.all()).items().stream()
                .map(map -> map.getMetadata().getName())
                .toList();
    }

    /** A store that refuses writes while it is full. */
    private static Store full(Store store, AtomicBoolean full) {
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, args) -> {
                    if (full.get() && method.getName().equals("put")) {
                        throw new StoreException("no space", new IllegalStateException());
                    }
                    try {
                        return method.invoke(store, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
