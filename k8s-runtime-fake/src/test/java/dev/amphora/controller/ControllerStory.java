package dev.amphora.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import dev.amphora.tck.Disturbance;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of controllers, what is asked next, and which kinds show the end.
 *
 * @param name what it is about
 * @param controllers which are disturbed meanwhile
 * @param begin what is there first
 * @param pause how long that goes on
 * @param then what is asked next
 * @param seen the kinds that are compared in the end
 * @param facts what else is compared, such as what chance gave but once only
 */
record ControllerStory(
        String name,
        String controllers,
        Consumer<ControllerWorld> begin,
        Duration pause,
        Consumer<ControllerWorld> then,
        List<Class<? extends HasMetadata>> seen,
        Function<ControllerWorld, List<String>> facts) {
    static final Duration SOON = Duration.ofSeconds(20);
    private static final Duration REST = Duration.ofMinutes(3);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final String NEW_IMAGE =
            "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'img:2'}]}}}}";
    private static final String POD = "'spec':{'containers':[{'name':'c','image':'img:1'}]}";
    /** What chance gives: who it is, when it was, which version; and what other writers of the world leave. */
    private static final Set<String> CHANCE = Set.of(
            "uid",
            // there only where the last write had a change of pods to tell of
            "endpoints.kubernetes.io/last-change-trigger-time",
            "resourceVersion",
            "generation",
            "observedGeneration",
            "managedFields",
            "podIP",
            "podIPs",
            "hostIPs",
            "clusterIP",
            "clusterIPs",
            "nodePort",
            "podCIDR",
            "podCIDRs");

    ControllerStory(
            String name,
            String controllers,
            Consumer<ControllerWorld> begin,
            Duration pause,
            Consumer<ControllerWorld> then,
            List<Class<? extends HasMetadata>> seen) {
        this(name, controllers, begin, pause, then, seen, world -> List.of());
    }

    static final List<ControllerStory> ALL = List.of(
            new ControllerStory(
                    "rollout",
                    "deployment-controller,replicaset-controller",
                    world -> world.client.create(DeploymentSimulationTest.deployment(4)),
                    SOON,
                    world -> merge(world, Deployment.class, "web", NEW_IMAGE),
                    List.of(Deployment.class, ReplicaSet.class, Pod.class)),
            new ControllerStory(
                    "ordered",
                    "statefulset-controller",
                    world ->
                            world.client.create(StatefulSetSimulationTest.set(3).build()),
                    SOON,
                    world -> merge(world, StatefulSet.class, "db", NEW_IMAGE),
                    List.of(StatefulSet.class, Pod.class)),
            new ControllerStory(
                    "on every node",
                    "daemonset-controller",
                    world -> world.client.create(DaemonSetSimulationTest.set()),
                    SOON,
                    world -> merge(world, DaemonSet.class, "agent", NEW_IMAGE),
                    List.of(DaemonSet.class, Pod.class)),
            new ControllerStory(
                    "work",
                    "job-controller",
                    world -> world.client.create(JobSimulationTest.job()
                            .editSpec()
                            .withCompletions(4)
                            .withParallelism(2)
                            .endSpec()
                            .build()),
                    SOON,
                    world -> {},
                    List.of(Job.class, Pod.class)),
            new ControllerStory(
                    "replicas",
                    "replicaset-controller",
                    world -> create(world, ReplicaSet.class, set("ReplicaSet", "web", 3)),
                    SOON,
                    world -> merge(world, ReplicaSet.class, "web", "{'spec':{'replicas':5}}"),
                    List.of(ReplicaSet.class, Pod.class)),
            new ControllerStory(
                    "replicas of old",
                    "replicationcontroller-controller",
                    world -> create(
                            world,
                            ReplicationController.class,
                            "{'metadata':{'name':'web'},'spec':{'replicas':4,'selector':{'app':'web'},"
                                    + "'template':{'metadata':{'labels':{'app':'web'}}," + POD + "}}}"),
                    SOON,
                    world -> merge(world, ReplicationController.class, "web", "{'spec':{'replicas':2}}"),
                    List.of(ReplicationController.class, Pod.class)),
            new ControllerStory(
                    "every five minutes",
                    "cronjob-controller,job-controller",
                    world -> create(
                            world,
                            CronJob.class,
                            "{'metadata':{'name':'tick'},'spec':{'schedule':'*/5 * * * *','jobTemplate':{'spec':{"
                                    + "'template':{'spec':{'restartPolicy':'Never','containers':[{'name':'c',"
                                    + "'image':'img:1'}]}}}}}}"),
                    // Half a minute after the second start. The third one falls into the peace: by then also he has
                    // heard of it who has lost his watch.
                    Duration.ofSeconds(630),
                    world -> merge(world, CronJob.class, "tick", "{'spec':{'suspend':true}}"),
                    List.of(CronJob.class, Job.class)),
            new ControllerStory(
                    "behind a service",
                    "replicaset-controller,endpointslice-controller,endpoints-controller",
                    world -> {
                        create(world, Service.class, service("'selector':{'app':'web'},"));
                        create(world, ReplicaSet.class, set("ReplicaSet", "web", 3));
                    },
                    SOON,
                    world -> merge(world, ReplicaSet.class, "web", "{'spec':{'replicas':2}}"),
                    List.of(Endpoints.class, EndpointSlice.class)),
            new ControllerStory(
                    "mirrored",
                    "endpointslice-mirroring-controller",
                    world -> {
                        create(world, Service.class, service(""));
                        create(world, Endpoints.class, endpoints("'ip':'192.0.2.1'"));
                    },
                    SOON,
                    world -> merge(
                            world,
                            Endpoints.class,
                            "web",
                            "{'subsets':[{'addresses':[{'ip':'192.0.2.2'},{'ip':'192.0.2.3'}],"
                                    + "'ports':[{'port':80,'protocol':'TCP'}]}]}"),
                    List.of(EndpointSlice.class)),
            new ControllerStory(
                    "done and gone",
                    "job-controller,ttl-after-finished-controller,garbage-collector-controller",
                    world -> world.client.create(JobSimulationTest.job()
                            .editSpec()
                            .withCompletions(2)
                            .withParallelism(1)
                            .withTtlSecondsAfterFinished(10)
                            .endSpec()
                            .build()),
                    SOON,
                    world -> {},
                    List.of(Job.class, Pod.class)),
            new ControllerStory(
                    "a namespace ends",
                    "namespace-controller",
                    world -> {
                        create(world, Namespace.class, "{'metadata':{'name':'ending'}}");
                        world.configMap("ending", "one");
                        world.configMap("ending", "two");
                    },
                    SOON,
                    world -> delete(world, Namespace.class, null, "ending", "Background"),
                    List.of(Namespace.class)),
            new ControllerStory(
                    "dependents",
                    "garbage-collector-controller",
                    world -> {
                        for (String policy : List.of("background", "foreground", "orphan")) {
                            ConfigMap owner = world.configMap("default", policy);
                            ConfigMap child = world.owned(policy + "-1", owner, true);
                            world.owned(policy + "-2", owner, false);
                            world.owned(policy + "-1-1", child, true);
                        }
                    },
                    SOON,
                    world -> {
                        delete(world, ConfigMap.class, "default", "background", "Background");
                        delete(world, ConfigMap.class, "default", "foreground", "Foreground");
                        delete(world, ConfigMap.class, "default", "orphan", "Orphan");
                    },
                    List.of(ConfigMap.class)),
            new ControllerStory(
                    "on a node that is not there",
                    "pod-garbage-collector-controller",
                    world -> {
                        for (String name : List.of("one", "two")) {
                            create(
                                    world,
                                    Pod.class,
                                    "{'metadata':{'name':'" + name + "'},'spec':{'nodeName':'nowhere',"
                                            + "'containers':[{'name':'c','image':'img:1'}]}}");
                        }
                    },
                    // each try that fails is followed by a quarantine anew
                    Duration.ofMinutes(10),
                    world -> {},
                    List.of(Pod.class)),
            new ControllerStory(
                    "counted",
                    "resourcequota-controller",
                    world -> {
                        create(
                                world,
                                ResourceQuota.class,
                                "{'metadata':{'name':'few'},'spec':{'hard':{'configmaps':'10','pods':'5'}}}");
                        world.configMap("default", "one");
                    },
                    SOON,
                    world -> {
                        world.configMap("default", "two");
                        delete(world, ConfigMap.class, "default", "one", "Background");
                        merge(world, ResourceQuota.class, "few", "{'spec':{'hard':{'pods':'7'}}}");
                    },
                    List.of(ResourceQuota.class)),
            new ControllerStory(
                    "a budget",
                    "replicaset-controller,disruption-controller",
                    world -> {
                        create(
                                world,
                                PodDisruptionBudget.class,
                                "{'metadata':{'name':'most'},'spec':{'maxUnavailable':1,"
                                        + "'selector':{'matchLabels':{'app':'web'}}}}");
                        create(world, ReplicaSet.class, set("ReplicaSet", "web", 3));
                    },
                    SOON,
                    world -> merge(world, ReplicaSet.class, "web", "{'spec':{'replicas':4}}"),
                    List.of(PodDisruptionBudget.class)),
            new ControllerStory(
                    "storage",
                    "persistentvolume-binder-controller,persistentvolumeclaim-protection-controller,"
                            + "persistentvolume-protection-controller",
                    world -> {
                        create(
                                world,
                                PersistentVolume.class,
                                "{'metadata':{'name':'disk'},'spec':{'capacity':{'storage':'1Gi'},"
                                        + "'accessModes':['ReadWriteOnce'],'hostPath':{'path':'/disk'},"
                                        + "'persistentVolumeReclaimPolicy':'Retain'}}");
                        create(
                                world,
                                PersistentVolumeClaim.class,
                                "{'metadata':{'name':'data'},'spec':{'accessModes':['ReadWriteOnce'],"
                                        + "'storageClassName':'','resources':{'requests':{'storage':'1Gi'}}}}");
                    },
                    SOON,
                    world -> delete(world, PersistentVolumeClaim.class, "default", "data", "Background"),
                    List.of(PersistentVolume.class, PersistentVolumeClaim.class)),
            new ControllerStory(
                    "as long as its pod",
                    "ephemeral-volume-controller",
                    world -> create(
                            world,
                            Pod.class,
                            "{'metadata':{'name':'p','labels':{'app':'p'}},'spec':{'containers':[{'name':'c',"
                                    + "'image':'img:1'}],'volumes':[{'name':'scratch','ephemeral':{"
                                    + "'volumeClaimTemplate':{'spec':{'accessModes':['ReadWriteOnce'],"
                                    + "'resources':{'requests':{'storage':'1Gi'}}}}}}]}}"),
                    SOON,
                    world -> {},
                    List.of(PersistentVolumeClaim.class)),
            new ControllerStory(
                    "at least so many",
                    "replicaset-controller,horizontal-pod-autoscaler-controller",
                    world -> {
                        create(world, ReplicaSet.class, set("ReplicaSet", "web", 1));
                        create(
                                world,
                                HorizontalPodAutoscaler.class,
                                "{'metadata':{'name':'web'},'spec':{'minReplicas':3,'maxReplicas':5,"
                                        + "'scaleTargetRef':{'apiVersion':'apps/v1','kind':'ReplicaSet','name':'web'},"
                                        + "'metrics':[{'type':'Resource','resource':{'name':'cpu','target':{"
                                        + "'type':'Utilization','averageUtilization':50}}}]}}");
                    },
                    SOON,
                    world -> {},
                    List.of(ReplicaSet.class, Pod.class)),
            new ControllerStory(
                    "roles of roles",
                    "clusterrole-aggregation-controller",
                    world -> {
                        create(
                                world,
                                ClusterRole.class,
                                "{'metadata':{'name':'all'},'aggregationRule':{'clusterRoleSelectors':[{"
                                        + "'matchLabels':{'to':'all'}}]},'rules':[]}");
                        create(world, ClusterRole.class, role("one", "pods"));
                    },
                    SOON,
                    world -> create(world, ClusterRole.class, role("two", "secrets")),
                    List.of(ClusterRole.class)),
            new ControllerStory(
                    "a silent node",
                    "node-lifecycle-controller,taint-eviction-controller,ttl-controller",
                    world -> {
                        world.kubelet("n1");
                        world.kubelet("n2");
                        create(
                                world,
                                Pod.class,
                                "{'metadata':{'name':'there','labels':{'app':'p'}},'spec':{'nodeName':'n3',"
                                        + "'containers':[{'name':'c','image':'img:1'}],'tolerations':[{"
                                        + "'key':'node.kubernetes.io/unreachable','operator':'Exists',"
                                        + "'effect':'NoExecute','tolerationSeconds':20}]}}");
                    },
                    Duration.ofMinutes(2),
                    world -> {},
                    List.of(Node.class, Pod.class)),
            new ControllerStory(
                    "a new namespace",
                    "serviceaccount-controller,root-ca-certificate-publisher-controller",
                    world -> {
                        world.manager.close();
                        create(world, Namespace.class, "{'metadata':{'name':'fresh'}}");
                    },
                    SOON,
                    world -> {
                        delete(world, ServiceAccount.class, "fresh", "default", "Background");
                        delete(world, ConfigMap.class, "fresh", "kube-root-ca.crt", "Background");
                    },
                    List.of(ServiceAccount.class, ConfigMap.class)));

    private static String set(String kind, String name, int replicas) {
        return "{'kind':'" + kind + "','metadata':{'name':'" + name + "'},'spec':{'replicas':" + replicas
                + ",'selector':{'matchLabels':{'app':'web'}},'template':{'metadata':{'labels':{'app':'web'}}," + POD
                + "}}}";
    }

    private static String service(String selector) {
        return "{'metadata':{'name':'web'},'spec':{" + selector + "'ports':[{'port':80,'protocol':'TCP'}]}}";
    }

    private static String endpoints(String address) {
        return "{'metadata':{'name':'web'},'subsets':[{'addresses':[{" + address
                + "}],'ports':[{'port':80,'protocol':'TCP'}]}]}";
    }

    private static String role(String name, String resource) {
        return "{'metadata':{'name':'" + name + "','labels':{'to':'all'}},'rules':[{'apiGroups':[''],'resources':['"
                + resource + "'],'verbs':['get']}]}";
    }

    static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    static <T extends HasMetadata> void create(ControllerWorld world, Class<T> type, String text) {
        T object = Json.fromTree(json(text), type);
        if (ResourceType.of(type).namespaced() && object.getMetadata().getNamespace() == null) {
            object.getMetadata().setNamespace("default");
        }
        world.client.create(object);
    }

    static void merge(ControllerWorld world, Class<? extends HasMetadata> type, String name, String change) {
        world.merge(type, name, change.replace('\'', '"'));
    }

    static <T extends HasMetadata> void delete(
            ControllerWorld world, Class<T> type, @Nullable String namespace, String name, String propagation) {
        world.client.delete(
                ResourceType.of(type), namespace, name, DeleteOptions.defaults().withPropagation(propagation));
    }

    /** Plays it until all is quiet. */
    void play(ControllerWorld world) {
        begin.accept(world);
        world.kernel.advance(pause);
        then.accept(world);
        world.kernel.advance(REST);
    }

    /**
     * What happens meanwhile. A namespace is let go only after a pass over all kinds in which nothing fails, as in the reference; of a
     * hundred calls in a row some always would, so fewer do.
     */
    Disturbance disturbance() {
        Disturbance everything = Disturbance.everything();
        if (controllers.equals("namespace-controller")) {
            return everything.withFailures(0.005);
        }
        // What takes hours and days has no use for watches that are cut every few seconds.
        return pause.compareTo(HOUR) < 0 ? everything : everything.withWatchLife(pause.dividedBy(10));
    }

    /**
     * How long nothing must happen any more before the end shows. Who has lost sight of the Leases of nodes takes them for silent, as
     * the reference would, and undoes that only later; who has lost sight of a CronJob goes on to start its Jobs; and a Service whose
     * writes failed several times waits up to five minutes.
     */
    Duration peace() {
        return switch (controllers.split(",", 2)[0]) {
            case "node-lifecycle-controller", "cronjob-controller" -> Duration.ofMinutes(2);
            case "service-lb-controller" -> Duration.ofMinutes(6);
            default -> Duration.ZERO;
        };
    }

    /** All objects of the kinds in question, without what chance gives. */
    List<String> end(ControllerWorld world) {
        List<String> end = new ArrayList<>();
        for (Class<? extends HasMetadata> type : seen) {
            for (HasMetadata each : world.list(type)) {
                end.add(type.getSimpleName() + " " + bare(Json.toTree(each)));
            }
        }
        Collections.sort(end);
        end.addAll(facts.apply(world));
        return end;
    }

    private static JsonNode bare(JsonNode node) {
        if (node instanceof ObjectNode object) {
            ObjectNode out = Json.object();
            boolean generated = object.has("generateName") || object.has("uid") && object.has("kind");
            object.fields().forEachRemaining(each -> {
                String key = each.getKey();
                if (CHANCE.contains(key) || key.endsWith("Time") || key.endsWith("Timestamp")) {
                    return;
                }
                JsonNode value = generated && key.equals("name") ? Json.object() : bare(each.getValue());
                if (!key.equals("annotations") || !value.isEmpty()) {
                    out.set(key, value);
                }
            });
            return out;
        }
        if (node instanceof ArrayNode array) {
            List<JsonNode> items = new ArrayList<>();
            array.forEach(each -> items.add(bare(each)));
            items.sort((a, b) -> a.toString().compareTo(b.toString()));
            return Json.mapper().createArrayNode().addAll(items);
        }
        if (node.isTextual()) {
            return Json.mapper()
                    .getNodeFactory()
                    .textNode(node.asText()
                            .replaceAll("\\b(10\\.9\\.0|198\\.51\\.100)\\.\\d+", "ADDRESS")
                            .replaceAll("^LS0tLS1CRUdJTiB.*", "PEM")
                            .replaceAll("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z", "TIME")
                            .replaceAll("^\\d{4}-\\d\\d-\\d\\d$", "DAY")
                            .replaceAll("-[bcdfghjklmnpqrstvwxz2456789]{5}\\b", "-CHANCE")
                            .replaceAll("\\b[0-9a-f]{8}-[0-9a-f-]{27}\\b", "UID"));
        }
        return node;
    }

    @Override
    public String toString() {
        return name;
    }
}
