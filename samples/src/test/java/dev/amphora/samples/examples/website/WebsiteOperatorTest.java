package dev.amphora.samples.examples.website;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The operator in a whole cluster, in simulated time, with the rights of its role and no others. */
class WebsiteOperatorTest {
    private static final ResourceType<Website> SITES = ResourceType.of(Website.class);
    private static final ResourceType<Deployment> DEPLOYMENTS = ResourceType.of(Deployment.class);

    private final SimulatedKernel kernel = new SimulatedKernel(1);
    private final Set<String> dns = new HashSet<>();
    private Cluster cluster;
    private Client admin;

    @BeforeEach
    void start() {
        cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .node("worker-1", new FakeRuntime())
                .controller(new WebsiteOperator(dns).controller(), User.serviceAccount("default", "website-operator"))
                .start();
        admin = cluster.api("admin");
        cluster.client()
                .load(Website.class.getResourceAsStream("/website/rbac.yaml"))
                .create();
        cluster.client()
                .load(Website.class.getResourceAsStream("/website/crd.yaml"))
                .create();
        kernel.advance(Duration.ofMinutes(1));
    }

    @AfterEach
    void end() {
        cluster.close();
        assertThat(kernel.failures()).isEmpty();
        kernel.close();
    }

    @Test
    void aWebsiteIsServed() {
        admin.create(site("home", 2));
        kernel.advance(Duration.ofMinutes(2));

        Website home = admin.get(SITES, "default", "home");
        assertThat(home.getStatus().readyReplicas).isEqualTo(2);
        assertThat(home.getStatus().observedGeneration).isEqualTo(1);
        assertThat(home.getStatus().conditions).singleElement().satisfies(ready -> {
            assertThat(ready.getStatus()).isEqualTo("True");
            assertThat(ready.getReason()).isEqualTo("Serving");
        });
        assertThat(dns).containsExactly("home.default.example.dev");
        assertThat(admin.list(ResourceType.of(Event.class), "default", dev.amphora.client.ListOptions.all())
                        .items())
                .anyMatch(event -> event.getMessage().equals("http://home.default.example.dev is served by 2"));
    }

    @Test
    void whatSomebodyChangesIsPutRight() {
        admin.create(site("home", 1));
        kernel.advance(Duration.ofMinutes(2));
        Deployment scaled = Json.copy(admin.get(DEPLOYMENTS, "default", "home"));
        scaled.getSpec().setReplicas(5);
        admin.update(scaled);
        admin.delete(ResourceType.of(ConfigMap.class), "default", "home", DeleteOptions.defaults());
        kernel.advance(Duration.ofMinutes(2));

        assertThat(admin.get(DEPLOYMENTS, "default", "home").getSpec().getReplicas())
                .isEqualTo(1);
        assertThat(admin.find(ResourceType.of(ConfigMap.class), "default", "home"))
                .isPresent();
    }

    @Test
    void aWebsiteThatGoesGivesItsNameBack() {
        admin.create(site("home", 1));
        kernel.advance(Duration.ofMinutes(2));
        assertThat(admin.get(SITES, "default", "home").getMetadata().getFinalizers())
                .containsExactly(WebsiteOperator.FINALIZER);

        admin.delete(SITES, "default", "home", DeleteOptions.defaults());
        kernel.advance(Duration.ofMinutes(2));

        assertThat(admin.find(SITES, "default", "home")).isEmpty();
        assertThat(admin.find(DEPLOYMENTS, "default", "home")).isEmpty();
        assertThat(dns).isEmpty();
    }

    @Test
    void restIsRest() {
        admin.create(site("home", 1));
        kernel.advance(Duration.ofMinutes(5));
        String before = admin.get(SITES, "default", "home").getMetadata().getResourceVersion();
        String deployment =
                admin.get(DEPLOYMENTS, "default", "home").getMetadata().getResourceVersion();

        kernel.advance(Duration.ofHours(1));

        assertThat(admin.get(SITES, "default", "home").getMetadata().getResourceVersion())
                .isEqualTo(before);
        assertThat(admin.get(DEPLOYMENTS, "default", "home").getMetadata().getResourceVersion())
                .isEqualTo(deployment);
    }

    static Website site(String name, int replicas) {
        Website site = new Website();
        site.getMetadata().setNamespace("default");
        site.getMetadata().setName(name);
        site.getSpec().html = "<h1>Hello</h1>";
        site.getSpec().replicas = replicas;
        return site;
    }
}
