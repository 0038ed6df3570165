package dev.amphora.samples.examples.website;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Patch;
import dev.amphora.controller.Controller;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import dev.amphora.tck.ControllerContract;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The operator stands conflicts, delays, cuts, crashes and rivals. */
class WebsiteOperatorContractTest extends ControllerContract {
    private static final ResourceType<Website> SITES = ResourceType.of(Website.class);
    private Set<String> dns = new TreeSet<>();

    @Override
    protected Cluster newCluster(SimulatedKernel kernel) {
        dns = new TreeSet<>();
        Cluster cluster = Cluster.builder()
                .kernel(kernel)
                .store(new MemoryStore())
                .controllers("garbage-collector-controller")
                .noScheduler()
                .start();
        cluster.client()
                .load(Website.class.getResourceAsStream("/website/crd.yaml"))
                .create();
        kernel.advance(Duration.ofSeconds(10));
        return cluster;
    }

    @Override
    protected Duration rest() {
        return Duration.ofMinutes(2);
    }

    @Override
    protected int seeds() {
        return Integer.getInteger("simulation.seeds", 4);
    }

    @Override
    protected List<Controller> newControllers() {
        return List.of(new WebsiteOperator(dns).controller());
    }

    @Override
    protected void story(Client user, SimulatedKernel kernel) {
        user.create(WebsiteOperatorTest.site("home", 2));
        user.create(WebsiteOperatorTest.site("shop", 1));
        kernel.advance(Duration.ofMinutes(1));
        ObjectNode news = Json.object();
        news.putObject("spec").put("html", "<h1>New</h1>");
        user.patch(SITES, "default", "home", Patch.merge(news), null);
        user.delete(SITES, "default", "shop", DeleteOptions.defaults());
    }

    @Override
    protected List<String> endState(Client user) {
        List<String> state = new ArrayList<>();
        for (Website site : user.list(SITES, null, ListOptions.all()).items()) {
            state.add("Website " + site.getMetadata().getName() + " "
                    + site.getMetadata().getFinalizers() + " " + site.getStatus().observedGeneration);
        }
        for (Deployment each : user.list(ResourceType.of(Deployment.class), "default", ListOptions.all())
                .items()) {
            state.add("Deployment " + each.getMetadata().getName());
        }
        for (ConfigMap each : user.list(ResourceType.of(ConfigMap.class), "default", ListOptions.all())
                .items()) {
            state.add("ConfigMap " + each.getMetadata().getName() + " " + each.getData());
        }
        state.add("DNS " + dns);
        return state;
    }
}
