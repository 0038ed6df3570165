package dev.amphora.samples.examples;

import dev.amphora.Cluster;
import dev.amphora.apiserver.access.User;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Finds out whether a controller's rights suffice. */
public final class LeastPrivilege {
    private LeastPrivilege() {}

    /**
     * Whether the greeting controller can do its work with the rights of a manifest.
     *
     * @param kernel a simulation, in which minutes take milliseconds
     * @param rights roles, and bindings to the service account {@code default/greeter}
     * @param namespace one that is to be greeted
     */
    public static boolean suffices(SimulatedKernel kernel, String rights, String namespace) {
        // README: privilege
        User greeter = User.serviceAccount("default", "greeter");
        try (Cluster cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .controller(new GreetingController(), greeter) // with the rights of this user, and no others
                .start()) {
            KubernetesClient admin = cluster.client();
            admin.load(stream(rights)).create();
            admin.load(stream(namespace)).create();
            kernel.advance(Duration.ofMinutes(5));
            return admin.configMaps().inAnyNamespace().list().getItems().stream()
                    .anyMatch(map -> map.getMetadata().getName().equals("greeting"));
        }
        // end
    }

    private static ByteArrayInputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }
}
