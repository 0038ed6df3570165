package dev.amphora.samples;

import static dev.amphora.samples.NodeTemplates.HOSTNAME;
import static dev.amphora.samples.NodeTemplates.ZONE;
import static dev.amphora.samples.PodTemplates.ASKING_ONE_NODE;
import static dev.amphora.samples.PodTemplates.FILLING;
import static dev.amphora.samples.PodTemplates.HIGH;
import static dev.amphora.samples.PodTemplates.HOST_PORT;
import static dev.amphora.samples.PodTemplates.LIGHT;
import static dev.amphora.samples.PodTemplates.LOW;
import static dev.amphora.samples.PodTemplates.PLAIN;
import static dev.amphora.samples.PodTemplates.SPREAD_OVER_ITS_NODES;
import static dev.amphora.samples.PodTemplates.TOO_LARGE;
import static dev.amphora.samples.PodTemplates.apart;
import static dev.amphora.samples.PodTemplates.gated;
import static dev.amphora.samples.PodTemplates.held;
import static dev.amphora.samples.PodTemplates.in;
import static dev.amphora.samples.PodTemplates.inZones;
import static dev.amphora.samples.PodTemplates.labelled;
import static dev.amphora.samples.PodTemplates.near;
import static dev.amphora.samples.PodTemplates.onNode;
import static dev.amphora.samples.PodTemplates.podsOfBoth;
import static dev.amphora.samples.PodTemplates.podsOfTeam;
import static dev.amphora.samples.PodTemplates.ratherApart;
import static dev.amphora.samples.PodTemplates.ratherNear;
import static dev.amphora.samples.PodTemplates.spread;
import static dev.amphora.samples.PodTemplates.spreadOver;
import static dev.amphora.samples.SchedulerWorkload.named;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.samples.PodTemplates.Template;
import dev.amphora.samples.SchedulerWorkload.Builder;
import dev.amphora.samples.SchedulerWorkload.Setup;
import dev.amphora.samples.SchedulerWorkload.Step;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.plugins.Coscheduling;
import dev.amphora.scheduler.plugins.PodGroup;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The rows of the reference's own benchmark, {@code test/integration/scheduler_perf}, with its templates and the counts that it has
 * thresholds for. Its gangs are those of its own alpha API; ours are those of scheduler-plugins.
 */
final class ReferenceWorkloads {
    private static final int GANG = 3;

    private ReferenceWorkloads() {}

    static List<SchedulerWorkload> all() {
        return List.of(
                named("basic-50k")
                        .init(5_000, PLAIN)
                        .measured(50_000, PLAIN)
                        .threshold(810)
                        .build(),
                named("daemonset")
                        .nodes(15_001, NodeTemplates::oneThatIsNamed)
                        .measured(30_000, onNode(NodeTemplates.NAMED))
                        .threshold(1_100)
                        .build(),
                inBoth("pod-anti-affinity", 1_000, 2_000, APART).threshold(180).build(),
                inBoth("matching-anti-affinity", 1_000, 0, APART)
                        .measured(5_000, PLAIN.and(GREEN).and(in("sched-1")))
                        .threshold(600)
                        .build(),
                inBoth("pod-affinity", 5_000, 5_000, NEAR)
                        .nodes(5_000, NodeTemplates::inOneZone)
                        .threshold(70)
                        .build(),
                inBoth("preferred-pod-affinity", 5_000, 5_000, RATHER_NEAR)
                        .threshold(160)
                        .build(),
                inBoth("preferred-pod-anti-affinity", 5_000, 5_000, RATHER_APART)
                        .threshold(190)
                        .build(),
                named("node-affinity")
                        .nodes(5_000, NodeTemplates::inOneZone)
                        .init(5_000, PLAIN.and(inZones("zone1", "zone2")))
                        .measured(10_000, PLAIN.and(inZones("zone1", "zone2")))
                        .threshold(540)
                        .build(),
                named("mixed")
                        .nodes(5_000, NodeTemplates::inOneZone)
                        .with(namespaces("sched", 2))
                        .init(
                                10_000,
                                oneOf(PLAIN, NEAR, APART, RATHER_NEAR, RATHER_APART)
                                        .and(in("sched-0")))
                        .measured(5_000, PLAIN)
                        .threshold(540)
                        .build(),
                ofTeam("ns-anti-affinity", 40, 2_000, GREEN.and(apart(podsOfTeam(HOSTNAME, "green"))))
                        .nodes(6_000, NodeTemplates::plain)
                        .threshold(140)
                        .build(),
                ofTeam("ns-preferred-anti-affinity", 40, 2_000, YELLOW.and(ratherApart(podsOfTeam(HOSTNAME, "yellow"))))
                        .threshold(180)
                        .build(),
                ofTeam("ns-affinity", 50, 2_000, BLUE.and(near(podsOfTeam(ZONE, "blue"))))
                        .nodes(5_000, NodeTemplates::inOneZone)
                        .threshold(180)
                        .build(),
                ofTeam("ns-preferred-affinity", 50, 5_000, RED.and(ratherNear(podsOfTeam(HOSTNAME, "red"))))
                        .threshold(190)
                        .build(),
                named("gated-affinity")
                        .nodes(1, NodeTemplates::oneThatIsNamed)
                        .waiting(
                                10_000,
                                OF_PERF.and(gated("scheduling-gate-1"))
                                        .and(near(PodTemplates.pods(HOSTNAME, "")
                                                .withNewLabelSelector()
                                                .withMatchLabels(Map.of("app", "scheduler-perf"))
                                                .endLabelSelector()
                                                .build())))
                        .measured(20_000, LIGHT)
                        .inACluster()
                        .threshold(750)
                        .build(),
                named("topology-spreading")
                        .nodes(5_000, NodeTemplates::onMoons)
                        .init(5_000, PLAIN)
                        .measured(5_000, PLAIN.and(BLUE).and(spread("DoNotSchedule")))
                        .threshold(460)
                        .build(),
                named("preferred-spreading")
                        .nodes(5_000, NodeTemplates::onMoons)
                        .init(5_000, PLAIN)
                        .measured(5_000, PLAIN.and(BLUE).and(spread("ScheduleAnyway")))
                        .threshold(340)
                        .build(),
                named("default-spreading")
                        .nodes(5_000, NodeTemplates::onMoons)
                        .with((sized, to) -> {
                            to.accept(namespace("service-ns"));
                            to.accept(service("service-ns", "service"));
                        })
                        .init(5_000, PLAIN)
                        .measured(50_000, OF_PERF.and(in("service-ns")))
                        .threshold(160)
                        .build(),
                named("node-inclusion")
                        .nodes(5_000, NodeTemplates::someTainted)
                        .measured(4_000, PLAIN.and(SPREAD_OVER_ITS_NODES))
                        .threshold(270)
                        .build(),
                named("preemption-basic")
                        .nodes(1_000, NodeTemplates::plain)
                        .init(4_000, LOW)
                        .measured(1_000, HIGH)
                        .known("no threshold (18 of 500 nodes)")
                        .build(),
                named("preemption-async")
                        .init(20_000, LOW)
                        .measured(5_000, PLAIN)
                        .meanwhile(200, creating(HIGH))
                        .threshold(570)
                        .build(),
                named("unschedulable")
                        .init(100, PLAIN)
                        .measured(10_000, PLAIN)
                        .meanwhile(200, creating(TOO_LARGE))
                        .threshold(590)
                        .build(),
                named("unschedulable-20k")
                        .init(20_000, PLAIN)
                        .measured(10_000, PLAIN)
                        .meanwhile(200, creating(TOO_LARGE))
                        .threshold(600)
                        .build(),
                named("mixed-churn")
                        .measured(10_000, PLAIN)
                        .meanwhile(1_000, ReferenceWorkloads::recreate)
                        .threshold(710)
                        .build(),
                named("while-gated")
                        .nodes(1, NodeTemplates::oneThatIsNamed)
                        .init(20_000, LIGHT)
                        .waiting(10_000, gated("test.k8s.io/hold"))
                        .measured(20_000, LIGHT)
                        .meanwhile(20, (sized, client, number) -> deletePod(client, "p" + number, sized.init(), number))
                        .threshold(910)
                        .build(),
                named("deleted-with-finalizers")
                        .waiting(5_000, held("test.k8s.io/finalizer"))
                        .measured(5_000, LIGHT)
                        .meanwhile(
                                10, (sized, client, number) -> deletePod(client, "w" + number, sized.waiting(), number))
                        .threshold(830)
                        .build(),
                named("extended-resource")
                        .nodes(5_000, NodeTemplates::withItsOwnResource)
                        .measured(5_000, ASKING_ONE_NODE)
                        .threshold(180)
                        .build(),
                named("secrets")
                        .init(1_000, PLAIN.and(StorageTemplates.SECRETIVE))
                        .measured(10_000, PLAIN.and(StorageTemplates.SECRETIVE))
                        .threshold(790)
                        .build(),
                named("in-tree-pvs")
                        .with(StorageTemplates.inTreeVolumes(true))
                        .init(1_000, CLAIMING)
                        .measured(2_000, CLAIMING)
                        .threshold(290)
                        .build(),
                named("migrated-pvs")
                        .nodes(5_000, NodeTemplates::takingVolumes)
                        .with(StorageTemplates.csiNodes(true))
                        .with(StorageTemplates.inTreeVolumes(true))
                        .init(5_000, CLAIMING)
                        .measured(5_000, CLAIMING)
                        .threshold(100)
                        .build(),
                named("csi-pvs")
                        .nodes(5_000, NodeTemplates::takingVolumes)
                        .with(StorageTemplates.csiNodes(false))
                        .with(StorageTemplates.csiVolumes(true))
                        .init(5_000, CLAIMING)
                        .measured(5_000, CLAIMING)
                        .threshold(100)
                        .build(),
                named("preemption-pvs")
                        .nodes(1_000, NodeTemplates::plain)
                        .with(StorageTemplates.inTreeVolumes(false))
                        .init(4_000, LOW)
                        .measured(1_000, HIGH.and(StorageTemplates.CLAIMING))
                        .threshold(0)
                        .build(),
                named("claim-template")
                        .nodes(500, NodeTemplates::plain)
                        .with(StorageTemplates.DEVICES_OF_NODES)
                        .init(2_500, StorageTemplates.WANTING_A_DEVICE)
                        .measured(2_500, StorageTemplates.WANTING_A_DEVICE)
                        .controllers("resourceclaim-controller")
                        .threshold(56)
                        .build(),
                named("gang")
                        .defining(podGroups())
                        .defining(readingPodGroups())
                        .defining(schedulerReading())
                        .with(ReferenceWorkloads::gangs)
                        .init(0, PLAIN)
                        .measured(3_000, PLAIN.and((pod, number) -> pod.editMetadata()
                                .addToLabels(PodGroup.LABEL, "gang-" + number / GANG)
                                .endMetadata()))
                        .profile(profile -> profile.with(Coscheduling.NAME, 0, Coscheduling.factory())
                                .without("PrioritySort", QueueSortPlugin.class))
                        .known("its own API: 3.7 ms a group of 3")
                        .build(),
                named("host-port")
                        .nodes(20_000, NodeTemplates::plain)
                        .measured(20_000, HOST_PORT)
                        .profile(SchedulerWorkloads::withoutSpreading)
                        .threshold(0)
                        .build(),
                named("saturation")
                        .nodes(20_000, NodeTemplates::plain)
                        .measured(20_000, FILLING)
                        .profile(SchedulerWorkloads::withoutSpreading)
                        .threshold(0)
                        .build());
    }

    // -- pods --------------------------------------------------------------------------------------------------------

    private static final Template GREEN = labelled("color", "green");
    private static final Template BLUE = labelled("color", "blue");
    private static final Template RED = labelled("color", "red");
    private static final Template YELLOW = labelled("color", "yellow");
    private static final Template OF_PERF = labelled("app", "scheduler-perf");
    private static final Template CLAIMING = PLAIN.and(StorageTemplates.CLAIMING);
    private static final Template APART = PLAIN.and(GREEN).and(apart(podsOfBoth(HOSTNAME, "green")));
    private static final Template NEAR = PLAIN.and(BLUE).and(near(podsOfBoth(ZONE, "blue")));
    private static final Template RATHER_NEAR = PLAIN.and(RED).and(ratherNear(podsOfBoth(HOSTNAME, "red")));
    private static final Template RATHER_APART = PLAIN.and(YELLOW).and(ratherApart(podsOfBoth(HOSTNAME, "yellow")));

    /** Those before in one namespace, those that are measured in another. */
    private static Builder inBoth(String name, int init, int measured, Template pod) {
        return named(name)
                .with(namespaces("sched", 2))
                .init(init, pod.and(in("sched-0")))
                .measured(measured, pod.and(in("sched-1")));
    }

    /** Those before in a hundred namespaces of a team, those that are measured in one more. */
    private static Builder ofTeam(String name, int each, int measured, Template pod) {
        return named(name)
                .with(namespaces("init-ns", 100))
                .with(namespaces("measure-ns", 1))
                .init(100 * each, PLAIN.and(pod).and(spreadOver("init-ns", 100)))
                .measured(measured, PLAIN.and(pod).and(in("measure-ns-0")));
    }

    private static Template oneOf(Template... templates) {
        return (pod, number) -> templates[number % templates.length].apply(pod, number);
    }

    // -- other objects -----------------------------------------------------------------------------------------------

    private static Setup namespaces(String prefix, int count) {
        return (sized, to) -> {
            for (int i = 0; i < count; i++) {
                to.accept(namespace(prefix + "-" + i));
            }
        };
    }

    private static Namespace namespace(String name) {
        return new NamespaceBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("team", "devops")
                .endMetadata()
                .build();
    }

    private static Service service(String namespace, String name) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addToSelector("app", "scheduler-perf")
                .addNewPort()
                .withPort(8080)
                .withNewTargetPort(8080)
                .withProtocol("TCP")
                .endPort()
                .endSpec()
                .build();
    }

    private static CustomResourceDefinition podGroups() {
        try (InputStream yaml = Coscheduling.class.getResourceAsStream("/dev/amphora/scheduler/podgroups.yaml")) {
            return new KubernetesSerialization().unmarshal(yaml, CustomResourceDefinition.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ClusterRole readingPodGroups() {
        return new ClusterRoleBuilder()
                .withNewMetadata()
                .withName("pod-groups")
                .endMetadata()
                .addNewRule()
                .withApiGroups("scheduling.x-k8s.io")
                .withResources("podgroups")
                .withVerbs("get", "list", "watch")
                .endRule()
                .build();
    }

    private static ClusterRoleBinding schedulerReading() {
        return new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName("pod-groups")
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "pod-groups")
                .addNewSubject("rbac.authorization.k8s.io", "User", "system:kube-scheduler", null)
                .build();
    }

    private static void gangs(SchedulerWorkload sized, Consumer<HasMetadata> to) {
        int total = sized.init() + sized.measured();
        for (int i = sized.init() / GANG; i * GANG < total; i++) {
            PodGroup group = new PodGroup();
            group.getMetadata().setNamespace(BenchObjects.NAMESPACE);
            group.getMetadata().setName("gang-" + i);
            group.setSpec(
                    new PodGroup.Spec(Math.min(total, i * GANG + GANG) - Math.max(sized.init(), i * GANG), null, null));
            to.accept(group);
        }
    }

    // -- what goes on ------------------------------------------------------------------------------------------------

    private static Step creating(Template template) {
        return (sized, client, number) -> client.create(PodTemplates.pod("churn-" + number, template, number));
    }

    /** A node, a pod that fits nowhere and a service, that go and come again. */
    private static void recreate(SchedulerWorkload sized, Client client, int number) {
        Node node = new NodeBuilder(NodeTemplates.plain(0))
                .editMetadata()
                .withName("churn")
                .endMetadata()
                .build();
        for (HasMetadata object :
                List.of(node, PodTemplates.pod("churn", TOO_LARGE, 0), service(BenchObjects.NAMESPACE, "churn"))) {
            if (number > 0) {
                delete(
                        client,
                        ResourceType.of(object),
                        object.getMetadata().getNamespace(),
                        object.getMetadata().getName());
            }
            client.create(object);
        }
    }

    private static void deletePod(Client client, String name, int count, int number) {
        if (number < count) {
            delete(client, ResourceType.of(Pod.class), BenchObjects.NAMESPACE, name);
        }
    }

    private static void delete(Client client, ResourceType<?> type, @Nullable String namespace, String name) {
        try {
            client.delete(type, namespace, name, DeleteOptions.defaults());
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }
}
