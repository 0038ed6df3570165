package dev.amphora.controller;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.InProcessClient;
import dev.amphora.kernel.Actor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A world whose controllers are disturbed: they crash, meet conflicts, and come back; pods run by themselves. */
final class DisturbedWorld implements AutoCloseable {
    private static final Set<String> WRITES =
            Set.of("create", "update", "updateStatus", "patch", "delete", "deleteAll", "subresource");
    private static final Duration LOOK = Duration.ofMillis(300);

    final ControllerWorld world;
    private final String controllers;
    private final Actor kubelet;
    private final Actor undertaker;
    private final double conflicts;
    private @Nullable ControllerManager running;
    private int crashAfter = -1;
    private int writes;

    /**
     * @param controllers which are disturbed
     * @param conflicts how often a write meets one, as a share
     */
    DisturbedWorld(long seed, String controllers, double conflicts) {
        this.world = new ControllerWorld(seed, "root-ca-certificate-publisher-controller");
        this.controllers = controllers;
        this.conflicts = conflicts;
        this.kubelet = world.kernel.actor("kubelet");
        this.undertaker = world.kernel.actor("undertaker");
        for (int i = 1; i <= 3; i++) {
            world.node("n" + i, "z");
        }
        restart();
        kubelet.schedule(LOOK, this::look);
    }

    /** Lets the controllers crash right after so many more writes, and start anew a second later. */
    void crashAfter(int count) {
        crashAfter = writes + count;
    }

    int writes() {
        return writes;
    }

    private void restart() {
        Client client = new InProcessClient(
                world.server, User.of("system:kube-controller-manager", User.MASTERS), "controllers");
        boolean[] dead = {false};
        Client disturbed = (Client) Proxy.newProxyInstance(
                Client.class.getClassLoader(),
                new Class<?>[] {Client.class},
                (proxy, method, arguments) -> call(client, dead, method, arguments));
        ControllerManager manager = new ControllerManager(
                world.kernel, disturbed, new Controllers(List::of, () -> "PEM").select(controllers));
        running = manager;
        manager.start();
    }

    private Object call(Client client, boolean[] dead, Method method, Object[] arguments) throws Throwable {
        boolean isWrite =
                WRITES.contains(method.getName()) && !(method.getName().equals("subresource") && arguments.length == 4);
        if (dead[0]) {
            throw StatusException.internalError("crashed");
        }
        boolean about =
                arguments[0] instanceof HasMetadata object && object.getKind().equals("Event");
        // What is made has no version, and a deletion names a uid: only changes meet conflicts.
        boolean isChange = isWrite
                && (method.getName().startsWith("update") || method.getName().equals("patch"));
        if (isChange && !about && world.kernel.random().nextDouble() < conflicts) {
            throw StatusException.conflict("", "things", "x", "somebody else was faster");
        }
        Object result;
        try {
            result = method.invoke(client, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        if (isWrite && !about && ++writes == crashAfter) {
            dead[0] = true;
            ControllerManager crashed = running;
            undertaker.execute(() -> {
                if (crashed != null) {
                    crashed.close();
                }
            });
            undertaker.schedule(Duration.ofSeconds(1), this::restart);
            throw StatusException.internalError("crashed");
        }
        return result;
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
        undertaker.close();
        if (running != null) {
            running.close();
        }
        world.close();
    }
}
