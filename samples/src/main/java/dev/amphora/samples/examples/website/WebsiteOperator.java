package dev.amphora.samples.examples.website;

import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ChangeFilter;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Reconciliation;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.util.Map;
import java.util.Set;

/** An operator: each Website has its pages in a ConfigMap, a Deployment that serves them and a Service, and says whether it is ready. */
public final class WebsiteOperator {
    /** Keeps a website until its name is given back. */
    public static final String FINALIZER = "example.dev/dns";

    private final Set<String> dns;

    /** @param dns stands for a name server outside the cluster: the names that it knows. Safe for use by threads */
    public WebsiteOperator(Set<String> dns) {
        this.dns = dns;
    }

    /** The controller, to run in a cluster or against one. */
    // guide: controller
    public Controller controller() {
        return Controller.of("website-controller", Website.class)
                .when(ChangeFilter.generation()) // not what it writes to the status itself
                .owns(ConfigMap.class)
                .owns(Deployment.class)
                .owns(Service.class)
                .workers(2)
                .finalizer(FINALIZER, this::giveNameBack)
                .reconciler(this::reconcile);
    }

    private Result giveNameBack(Website site, Reconciliation<Website> work) {
        dns.remove(nameOf(site));
        return Result.done(); // now the finalizer goes, and the website with it
    }
    // end

    // guide: reconciler
    private Result reconcile(Website site, Reconciliation<Website> work) {
        String name = site.getMetadata().getName();
        dns.add(nameOf(site));
        work.apply(pages(site));
        Deployment deployment = work.apply(servers(site));
        work.apply(service(name));
        int ready = deployment.getStatus() == null || deployment.getStatus().getReadyReplicas() == null
                ? 0
                : deployment.getStatus().getReadyReplicas();
        boolean enough = ready >= site.getSpec().replicas;
        work.updateStatus(next -> {
            Website.Status status = next.getStatus();
            status.observedGeneration = site.getMetadata().getGeneration();
            status.readyReplicas = ready;
            work.condition(
                    status.conditions, "Ready", enough, enough ? "Serving" : "Starting", ready + " servers are ready");
        });
        if (enough && site.getStatus().readyReplicas < ready) {
            work.event("Serving", "http://" + nameOf(site) + " is served by " + ready);
        }
        return Result.done();
    }
    // end

    private static String nameOf(Website site) {
        return ObjectKey.of(site).name() + "." + ObjectKey.of(site).namespace() + ".example.dev";
    }

    private static ConfigMap pages(Website site) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(site.getMetadata().getName())
                .endMetadata()
                .withData(Map.of("index.html", site.getSpec().html))
                .build();
    }

    // guide: wanted
    private static Deployment servers(Website site) {
        String name = site.getMetadata().getName();
        return new DeploymentBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withReplicas(site.getSpec().replicas)
                .withNewSelector()
                .addToMatchLabels("website", name)
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("website", name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("web")
                .withImage("httpd:2")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }
    // end

    private static Service service(String name) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addToSelector("website", name)
                .addNewPort()
                .withPort(80)
                .endPort()
                .endSpec()
                .build();
    }
}
