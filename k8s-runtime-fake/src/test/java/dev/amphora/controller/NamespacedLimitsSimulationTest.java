package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LimitRange;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Quotas, ranges, budgets, volumes and schedules from end to end. */
class NamespacedLimitsSimulationTest {
    private static final String POD =
            "{'metadata':{'name':'%s','namespace':'default','labels':{'app':'web'}},'spec':{'containers':[{'name':'c','image':'x'%s}]}}";

    @Test
    @DisplayName(
            "QUOTA-2: whatever kind a quota counts, what goes is given back at once; what was charged wrongly within 5 minutes")
    void givesBackAndRecounts() {
        try (ControllerWorld world = new ControllerWorld(1, "resourcequota-controller")) {
            create(
                    world,
                    ResourceQuota.class,
                    "{'metadata':{'name':'q','namespace':'default'},'spec':{'hard':{"
                            + "'count/leases.coordination.k8s.io':'2','pods':'9'}}}");
            world.settle();
            create(world, Lease.class, "{'metadata':{'name':'l','namespace':'default'}}");
            assertThat(used(world, "count/leases.coordination.k8s.io")).isEqualTo("1");
            world.delete(Lease.class, "l", "Background");
            assertThat(used(world, "count/leases.coordination.k8s.io")).isEqualTo("0");

            create(world, Pod.class, POD.formatted("a", ""));
            world.changeStatus(
                    world.get(ResourceQuota.class, "q"),
                    quota -> quota.getStatus().getUsed().put("pods", new Quantity("7")));
            world.kernel.advance(Duration.ofMinutes(4));
            assertThat(used(world, "pods")).isEqualTo("7");
            world.kernel.advance(Duration.ofSeconds(61));
            assertThat(used(world, "pods")).isEqualTo("1");

            world.merge(ResourceQuota.class, "q", "{\"spec\":{\"hard\":{\"pods\":\"3\"}}}");
            world.settle();
            assertThat(world.get(ResourceQuota.class, "q").getStatus().getHard())
                    .containsEntry("pods", new Quantity("3"));
        }
    }

    @Test
    @DisplayName(
            "QUOTA-1: with a quota of CPU a pod must say what it requests; ended pods and other scopes don't count")
    void knowsScopes() {
        try (ControllerWorld world = new ControllerWorld(1, "resourcequota-controller")) {
            create(
                    world,
                    ResourceQuota.class,
                    "{'metadata':{'name':'q','namespace':'default'},'spec':{'hard':{'pods':'1'},"
                            + "'scopes':['NotBestEffort']}}");
            create(
                    world,
                    ResourceQuota.class,
                    "{'metadata':{'name':'cpu','namespace':'default'},'spec':{'hard':{'requests.cpu':'1'}}}");
            world.settle();
            assertThatThrownBy(() -> create(world, Pod.class, POD.formatted("a", "")))
                    .hasMessage("pods \"a\" is forbidden: failed quota: cpu: must specify requests.cpu for: c");
            world.delete(ResourceQuota.class, "cpu", "Background");
            create(world, Pod.class, POD.formatted("a", ""));
            world.settle();
            assertThat(used(world)).as("a pod of best effort").isEqualTo("0");
        }
    }

    @Test
    @DisplayName("QUOTA-1, QUOTA-2: admission charges, refuses what is too much, and the controller counts down")
    void holdsQuotas() {
        try (ControllerWorld world = new ControllerWorld(1, "resourcequota-controller")) {
            create(
                    world,
                    ResourceQuota.class,
                    "{'metadata':{'name':'q','namespace':'default'},'spec':{'hard':{'pods':'1'}}}");
            world.settle();
            create(world, Pod.class, POD.formatted("a", ""));
            assertThat(used(world)).isEqualTo("1");
            assertThatThrownBy(() -> create(world, Pod.class, POD.formatted("b", "")))
                    .isInstanceOf(StatusException.class)
                    .hasMessage(
                            "pods \"b\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1");
            world.finish(world.get(Pod.class, "a"));
            world.settle();
            assertThat(used(world)).isEqualTo("0");
            create(world, Pod.class, POD.formatted("b", ""));
        }
    }

    private static String used(ControllerWorld world) {
        return used(world, "pods");
    }

    private static String used(ControllerWorld world, String resource) {
        return world.get(ResourceQuota.class, "q")
                .getStatus()
                .getUsed()
                .get(resource)
                .toString();
    }

    @Test
    void rangesFillInAndBind() {
        try (ControllerWorld world = new ControllerWorld(1, "resourcequota-controller")) {
            create(
                    world,
                    LimitRange.class,
                    "{'metadata':{'name':'r','namespace':'default'},'spec':{'limits':[{'type':'Container','default':{'cpu':'500m'},'defaultRequest':{'cpu':'100m'},'max':{'cpu':'1'}}]}}");
            create(world, Pod.class, POD.formatted("a", ""));
            Pod pod = world.get(Pod.class, "a");
            assertThat(pod.getMetadata().getAnnotations())
                    .containsEntry(
                            "kubernetes.io/limit-ranger",
                            "LimitRanger plugin set: cpu request for container c; cpu limit for container c");
            assertThatThrownBy(
                            () -> create(world, Pod.class, POD.formatted("b", ",'resources':{'limits':{'cpu':'3'}}")))
                    .hasMessage("pods \"b\" is forbidden: maximum cpu usage per Container is 1, but limit is 3");
        }
    }

    @Test
    @DisplayName("PDB-1, PDB-2: as many may go as are healthy above what is wanted")
    void countsDisruptions() {
        try (ControllerWorld world =
                new ControllerWorld(1, "disruption-controller,deployment-controller,replicaset-controller")) {
            create(
                    world,
                    Deployment.class,
                    "{'metadata':{'name':'web','namespace':'default'},'spec':{'replicas':3,'selector':{'matchLabels':{'app':'web'}},'template':{'metadata':{'labels':{'app':'web'}},'spec':{'containers':[{'name':'c','image':'x'}]}}}}");
            create(
                    world,
                    PodDisruptionBudget.class,
                    "{'metadata':{'name':'p','namespace':'default'},'spec':{'maxUnavailable':1,'selector':{'matchLabels':{'app':'web'}}}}");
            world.settle();
            assertThat(world.get(PodDisruptionBudget.class, "p").getStatus().getDisruptionsAllowed())
                    .isZero();
            world.kubeletRounds(2);
            PodDisruptionBudget budget = world.get(PodDisruptionBudget.class, "p");
            assertThat(budget.getStatus().getExpectedPods()).isEqualTo(3);
            assertThat(budget.getStatus().getDesiredHealthy()).isEqualTo(2);
            assertThat(budget.getStatus().getDisruptionsAllowed()).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("PV-1, PV-2: the smallest volume that is large enough is bound, kept while used, and released")
    void bindsVolumes() {
        try (ControllerWorld world = new ControllerWorld(
                1,
                "persistentvolume-binder-controller,persistentvolumeclaim-protection-controller,persistentvolume-protection-controller")) {
            volume(world, "small", "1Gi");
            volume(world, "large", "5Gi");
            volume(world, "fitting", "3Gi");
            world.settle();
            create(
                    world,
                    PersistentVolumeClaim.class,
                    "{'metadata':{'name':'data','namespace':'default'},'spec':{'storageClassName':'','accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'2Gi'}}}}");
            world.kernel.advance(Duration.ofSeconds(20));
            PersistentVolumeClaim claim = world.get(PersistentVolumeClaim.class, "data");
            assertThat(claim.getSpec().getVolumeName()).isEqualTo("fitting");
            assertThat(claim.getStatus().getPhase()).isEqualTo("Bound");
            world.delete(PersistentVolumeClaim.class, "data", "Background");
            assertThat(world.exists(PersistentVolumeClaim.class, "data")).isFalse();
            assertThat(world.list(PersistentVolume.class))
                    .filteredOn(volume -> volume.getMetadata().getName().equals("fitting"))
                    .singleElement()
                    .satisfies(
                            volume -> assertThat(volume.getStatus().getPhase()).isEqualTo("Released"));
        }
    }

    private static void volume(ControllerWorld world, String name, String size) {
        create(
                world,
                PersistentVolume.class,
                "{'metadata':{'name':'%s'},'spec':{'capacity':{'storage':'%s'},'accessModes':['ReadWriteOnce'],'hostPath':{'path':'/x'}}}"
                        .formatted(name, size));
    }

    private static <T extends HasMetadata> void create(ControllerWorld world, Class<T> type, String json) {
        world.client.create(Json.fromTree(Json.read(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)), type));
    }
}
