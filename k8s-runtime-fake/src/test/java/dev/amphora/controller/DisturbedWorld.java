package dev.amphora.controller;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.kernel.Actor;
import dev.amphora.tck.Disturbance;
import dev.amphora.tck.DisturbedControllers;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

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
                world.kernel, client, () -> new Controllers(List::of, () -> "PEM").select(controllers), disturbance);
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

    /** What there is in the end, without the names and times that chance gives. */
    List<String> state() {
        List<String> state = new ArrayList<>();
        for (Deployment each : world.list(Deployment.class)) {
            state.add("Deployment " + name(each) + " " + each.getStatus().getReadyReplicas() + "/"
                    + each.getStatus().getReplicas() + " updated "
                    + each.getStatus().getUpdatedReplicas());
        }
        for (ReplicaSet each : world.list(ReplicaSet.class)) {
            state.add("ReplicaSet of "
                    + each.getSpec()
                            .getTemplate()
                            .getSpec()
                            .getContainers()
                            .get(0)
                            .getImage() + " " + each.getSpec().getReplicas() + " "
                    + each.getStatus().getReplicas());
        }
        for (StatefulSet each : world.list(StatefulSet.class)) {
            state.add("StatefulSet " + name(each) + " " + each.getStatus().getReadyReplicas() + " "
                    + each.getStatus()
                            .getCurrentRevision()
                            .equals(each.getStatus().getUpdateRevision()));
        }
        for (DaemonSet each : world.list(DaemonSet.class)) {
            state.add("DaemonSet " + name(each) + " " + each.getStatus().getNumberReady() + " "
                    + each.getStatus().getUpdatedNumberScheduled());
        }
        for (Job each : world.list(Job.class)) {
            state.add("Job " + name(each) + " " + each.getStatus().getSucceeded() + " "
                    + each.getStatus().getFailed() + " " + each.getStatus().getActive());
        }
        for (Pod each : world.list(Pod.class)) {
            List<OwnerReference> owners = each.getMetadata().getOwnerReferences();
            state.add("Pod of " + (owners.isEmpty() ? "nobody" : owners.get(0).getKind()) + " "
                    + Pods.phase(each) + " "
                    + each.getSpec().getContainers().get(0).getImage() + " "
                    + each.getMetadata().getFinalizers());
        }
        Collections.sort(state);
        return state;
    }

    private static String name(HasMetadata object) {
        return object.getMetadata().getName();
    }

    @Override
    public void close() {
        kubelet.close();
        controllers.close();
        world.close();
    }
}
