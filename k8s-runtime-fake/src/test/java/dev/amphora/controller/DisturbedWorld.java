package dev.amphora.controller;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.kernel.Actor;
import dev.amphora.tck.Disturbance;
import dev.amphora.tck.DisturbedControllers;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;

/** A world whose controllers are disturbed: they crash, meet conflicts, and come back; pods run by themselves. */
final class DisturbedWorld implements AutoCloseable {
    private static final Duration LOOK = Duration.ofMillis(300);

    final ControllerWorld world;
    final DisturbedControllers controllers;
    private final Actor kubelet;

    /**
     * @param controllers which are disturbed
     * @param disturbance what happens to them
     */
    DisturbedWorld(long seed, String controllers, Disturbance disturbance) {
        this.world = new ControllerWorld(seed, "root-ca-certificate-publisher-controller");
        Client client = new InProcessClient(
                world.server, User.of("system:kube-controller-manager", User.MASTERS), "controllers");
        this.controllers = new DisturbedControllers(
                world.kernel,
                client,
                () -> new Controllers(world::types, () -> "PEM").select(controllers),
                disturbance);
        this.kubelet = world.kernel.actor("kubelet");
        for (int i = 1; i <= 3; i++) {
            world.node("n" + i, "z");
        }
        this.controllers.start();
        kubelet.schedule(LOOK, this::look);
    }

    int writes() {
        return controllers.writes();
    }

    private void look() {
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
                // it changes meanwhile: the next look sees it
            }
        }
        kubelet.schedule(LOOK, this::look);
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
        controllers.close();
        world.close();
    }
}
