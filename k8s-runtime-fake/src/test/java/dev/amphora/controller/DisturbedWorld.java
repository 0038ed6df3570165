package dev.amphora.controller;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Watcher;
import dev.amphora.controller.node.NodeIpamController;
import dev.amphora.controller.service.AddressPool;
import dev.amphora.kernel.Actor;
import dev.amphora.rest.tls.CertificateAuthority;
import dev.amphora.tck.Disturbance;
import dev.amphora.tck.DisturbedControllers;
import dev.amphora.tck.Rivals;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A world of three nodes whose pods run by themselves, and whose controllers are disturbed: they crash and come back, or are several. */
final class DisturbedWorld implements AutoCloseable {
    private static final Duration LOOK = Duration.ofMillis(300);

    final ControllerWorld world;
    private final Client client;
    private final Actor kubelet;
    private boolean looking;
    private @Nullable CertificateAuthority authority;

    DisturbedWorld(long seed) {
        this.world = new ControllerWorld(seed, "root-ca-certificate-publisher-controller");
        this.client = new InProcessClient(
                world.server, User.of("system:kube-controller-manager", User.MASTERS), "controllers");
        this.kubelet = world.kernel.actor("kubelet");
        for (int i = 1; i <= 3; i++) {
            world.node("n" + i, "z");
        }
        follow();
    }

    /** Starts controllers that meet with something. */
    DisturbedControllers disturb(String selection, Disturbance disturbance) {
        return new DisturbedControllers(world.kernel, client, () -> controllers(selection), disturbance).start();
    }

    /** Instances of controllers that elect a leader; they have not started. */
    Rivals rivals(String selection) {
        return new Rivals(world.kernel, client, () -> controllers(selection));
    }

    /** Controllers that lack nothing which they work with: as a process has them that has just started. */
    private List<Controller> controllers(String selection) {
        return new Controllers(world::types, () -> "PEM")
                .nodeRanges(new NodeIpamController.Settings("10.244.0.0/16", 24))
                .loadBalancer(AddressPool.of("198.51.100.0/28"))
                .signer((request, usages, validity) -> authority().sign(request, usages, validity))
                .tokens(claims -> "signed", () -> "PEM")
                .select(selection);
    }

    private CertificateAuthority authority() {
        if (authority == null) {
            authority = CertificateAuthority.generate(world.kernel);
        }
        return authority;
    }

    /** Looks at the pods a moment after one has changed. */
    private void follow() {
        client.watch(ResourceType.of(Pod.class), null, ListOptions.all(), new Watcher<Pod>() {
            @Override
            public void onEvent(EventType type, Pod pod) {
                lookSoon();
            }

            @Override
            public void onBookmark(String resourceVersion) {
                // nothing has changed
            }

            @Override
            public void onClose(@Nullable StatusException error) {
                kubelet.execute(DisturbedWorld.this::follow);
            }
        });
    }

    private void lookSoon() {
        if (!looking) {
            looking = true;
            kubelet.schedule(LOOK, this::look);
        }
    }

    private void look() {
        looking = false;
        for (Pod pod : world.list(Pod.class)) {
            try {
                if (Pods.isTerminating(pod)) {
                    world.finish(pod);
                } else if (Pods.phase(pod).equals("Pending")) {
                    world.runOn(pod, nodeOf(pod));
                } else if (Pods.phase(pod).equals("Running")
                        && pod.getMetadata().getLabels() != null
                        && pod.getMetadata().getLabels().containsKey("job-name")) {
                    world.setPhase(pod, "Succeeded", false);
                }
            } catch (StatusException e) {
                lookSoon(); // it changes meanwhile
            }
        }
    }

    private static String nodeOf(Pod pod) {
        if (pod.getSpec().getAffinity() == null) {
            return "n1";
        }
        return pod.getSpec()
                .getAffinity()
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms()
                .get(0)
                .getMatchFields()
                .get(0)
                .getValues()
                .get(0);
    }

    @Override
    public void close() {
        kubelet.close();
        world.close();
    }
}
