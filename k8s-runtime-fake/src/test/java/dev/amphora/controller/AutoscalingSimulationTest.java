package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.outside.LocalServer;
import dev.amphora.apiserver.outside.LocalServers;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ListOptions;
import dev.amphora.client.Patch;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.APIService;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerCondition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Autoscalers in a whole cluster in virtual time, that read from the metrics APIs what containers are scripted to use. */
class AutoscalingSimulationTest {
    private static final String CUSTOM = "/apis/custom.metrics.k8s.io/v1beta2";
    private static final String EXTERNAL = "/apis/external.metrics.k8s.io/v1beta1";
    private static final String CPU = "{'type':'Resource','resource':{'name':'cpu','target':{'type':'Utilization',"
            + "'averageUtilization':50}}}";

    private final SimulatedKernel kernel = new SimulatedKernel(7);
    private final FakeRuntime runtime = new FakeRuntime();
    private final Map<String, String> served = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private @Nullable Cluster cluster;
    private @Nullable Client client;

    @AfterEach
    void close() {
        Objects.requireNonNull(cluster).close();
        kernel.close();
    }

    private void start(UnaryOperator<ClusterBuilder> settings) {
        cluster = settings.apply(Cluster.builder()
                        .kernel(kernel)
                        .store(new MemoryStore())
                        .node("worker", runtime)
                        .metrics(Duration.ofSeconds(15)))
                .start();
        client = cluster.api("test");
    }

    private Client admin() {
        return Objects.requireNonNull(client);
    }

    /** A cluster beside which somebody serves metrics by a path. */
    private void startWithAdapter() {
        LocalServers local = new LocalServers().service("monitoring", "adapter", this::answer);
        start(builder -> builder.localServers(local));
        for (String group : List.of("custom.metrics.k8s.io v1beta2", "external.metrics.k8s.io v1beta1")) {
            String[] parts = group.split(" ");
            ObjectNode service =
                    Json.object().put("apiVersion", "apiregistration.k8s.io/v1").put("kind", "APIService");
            service.putObject("metadata").put("name", parts[1] + "." + parts[0]);
            ObjectNode spec = service.putObject("spec").put("group", parts[0]).put("version", parts[1]);
            spec.put("groupPriorityMinimum", 100).put("versionPriority", 100).put("insecureSkipTLSVerify", true);
            spec.putObject("service").put("namespace", "monitoring").put("name", "adapter");
            admin().create(Json.fromTree(service, APIService.class));
        }
    }

    private LocalServer.Reply answer(LocalServer.Request request) {
        String known = served.get(request.path());
        if (request.path().equals(CUSTOM) || request.path().equals(EXTERNAL)) {
            return LocalServer.Reply.json(200, "{\"kind\":\"APIResourceList\",\"resources\":[]}");
        }
        asked.add(request.target());
        return known == null
                ? LocalServer.Reply.of(404, "text/plain", "404 page not found".getBytes(StandardCharsets.UTF_8))
                : LocalServer.Reply.json(200, known.replace('\'', '"'));
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private <T extends HasMetadata> void create(Class<T> type, String object) {
        ObjectNode tree = (ObjectNode) json(object);
        tree.put("apiVersion", ResourceType.of(type).apiVersion()).put("kind", type.getSimpleName());
        ((ObjectNode) tree.path("metadata")).put("namespace", "default");
        admin().create(Json.fromTree(tree, type));
    }

    private void deployment(String name, int replicas) {
        create(
                Deployment.class,
                ("{'metadata':{'name':'%s'},'spec':{'replicas':%d,'selector':{'matchLabels':{'app':'web'}},"
                                + "'template':{'metadata':{'labels':{'app':'web'}},'spec':{'containers':[{'name':'c',"
                                + "'image':'c','resources':{'requests':{'cpu':'100m'}}}]}}}}")
                        .formatted(name, replicas));
    }

    private void autoscaler(String name, String target, int most, String metrics, String more) {
        create(
                HorizontalPodAutoscaler.class,
                ("{'metadata':{'name':'%s'},'spec':{'minReplicas':1,'maxReplicas':%d,'scaleTargetRef':{"
                                + "'apiVersion':'apps/v1','kind':'Deployment','name':'%s'},'metrics':[%s]%s}}")
                        .formatted(name, most, target, metrics, more));
    }

    private int replicas() {
        return admin().get(ResourceType.of(Deployment.class), "default", "web")
                .getSpec()
                .getReplicas();
    }

    private HorizontalPodAutoscaler autoscaler(String name) {
        return admin().get(ResourceType.of(HorizontalPodAutoscaler.class), "default", name);
    }

    private String condition(String name, String type) {
        return autoscaler(name).getStatus().getConditions().stream()
                .filter(each -> each.getType().equals(type))
                .map(each -> each.getStatus() + " " + each.getReason())
                .findFirst()
                .orElse("");
    }

    private List<String> events(String reason) {
        return admin().list(ResourceType.of(Event.class), "default", ListOptions.all()).items().stream()
                .filter(event -> event.getReason().equals(reason))
                .map(Event::getMessage)
                .toList();
    }

    private void advance(int seconds) {
        kernel.advance(Duration.ofSeconds(seconds));
    }

    @Test
    @DisplayName(
            "HPA-1, HPA-3: as many pods as a scripted load needs, shared among them; fewer only 5 minutes after it went down")
    void followsAScriptedLoad() {
        start(UnaryOperator.identity());
        long[] milliCpus = {40};
        runtime.behave("c", ContainerBehavior.runs().uses(running -> {
            long pods = admin().list(ResourceType.of(Pod.class), "default", ListOptions.all()).items().stream()
                    .filter(pod -> Pods.isReady(pod) && !Pods.isTerminating(pod))
                    .count();
            return new ContainerRuntime.Usage(milliCpus[0] * 1_000_000 / Math.max(1, pods), 1 << 20);
        }));
        deployment("web", 1);
        autoscaler("web", "web", 12, CPU, "");
        advance(120);
        assertThat(replicas()).isEqualTo(1);
        assertThat(condition("web", "ScalingActive")).isEqualTo("True ValidMetricFound");

        milliCpus[0] = 380;
        List<Integer> sizes = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            advance(5);
            if (sizes.isEmpty() || sizes.get(sizes.size() - 1) != replicas()) {
                sizes.add(replicas());
            }
        }
        assertThat(sizes).as("no more than 4 at first").containsExactly(1, 4, 8);
        assertThat(events("SuccessfulRescale"))
                .contains("New size: 4; reason: cpu resource utilization (percentage of request) above target");

        milliCpus[0] = 40;
        advance(240);
        assertThat(replicas()).isEqualTo(8);
        assertThat(condition("web", "AbleToScale")).isEqualTo("True ScaleDownStabilized");
        advance(120);
        assertThat(replicas()).isEqualTo(1);
        assertThat(events("SuccessfulRescale")).contains("New size: 1; reason: All metrics below target");
        assertThat(kernel.failures()).isEmpty();
    }

    @Test
    @DisplayName("HPA-2: a pod that has just begun to work hard doesn't count before it has been ready for a while")
    void waitsForYoungPods() {
        start(builder -> builder.metrics(Duration.ofSeconds(30)));
        runtime.behave("c", ContainerBehavior.runs().uses("90m", "1Mi").usesFrom(Duration.ofMinutes(10), "50m", "1Mi"));
        deployment("web", 2);
        autoscaler("web", "web", 10, CPU, "");
        advance(17);
        assertThat(replicas()).isEqualTo(2);
        assertThat(condition("web", "ScalingActive")).isEqualTo("False FailedGetResourceMetric");
        advance(60);
        assertThat(replicas()).isGreaterThan(2);
    }

    @Test
    @DisplayName(
            "HPA-1: metrics of pods, of an object and of elsewhere are read from who serves these APIs; the most counts")
    void readsEveryKindOfMetric() {
        startWithAdapter();
        deployment("web", 2);
        create(Service.class, "{'metadata':{'name':'front'},'spec':{'ports':[{'port':80}]}}");
        autoscaler(
                "web",
                "web",
                20,
                "{'type':'Pods','pods':{'metric':{'name':'rps'},'target':{'type':'AverageValue','averageValue':'10'}}},"
                        + "{'type':'Object','object':{'describedObject':{'apiVersion':'v1','kind':'Service','name':'front'},"
                        + "'metric':{'name':'hits','selector':{'matchLabels':{'verb':'GET'}}},'target':{'type':'Value',"
                        + "'value':'100'}}},"
                        + "{'type':'External','external':{'metric':{'name':'queue'},'target':{'type':'AverageValue',"
                        + "'averageValue':'30'}}}",
                "");
        advance(31);
        assertThat(condition("web", "ScalingActive")).isEqualTo("False FailedGetPodsMetric");
        assertThat(events("FailedComputeMetricsReplicas"))
                .contains(
                        "invalid metrics (3 invalid out of 3), first error is: failed to get pods metric value: unable to"
                                + " get metric rps: unable to fetch metrics from custom metrics API: the server could not find the"
                                + " requested resource (get pods.custom.metrics.k8s.io *)");
        assertThat(asked)
                .contains(
                        CUSTOM + "/namespaces/default/pods/*/rps?labelSelector=app%3Dweb",
                        CUSTOM + "/namespaces/default/services/front/hits?metricLabelSelector=verb%3DGET",
                        EXTERNAL + "/namespaces/default/queue");

        String at = "'timestamp':'2026-01-01T00:00:00Z'";
        String first = admin().list(ResourceType.of(Pod.class), "default", ListOptions.all())
                .items()
                .get(0)
                .getMetadata()
                .getName();
        served.put(
                CUSTOM + "/namespaces/default/pods/*/rps",
                "{'items':[{'describedObject':{'kind':'Pod','name':'" + first + "'},'metric':{'name':'rps'}," + at
                        + ",'value':'10'}]}");
        served.put(
                CUSTOM + "/namespaces/default/services/front/hits",
                "{'items':[{'describedObject':{'kind':'Service','name':'front'}," + at + ",'value':'150'}]}");
        served.put(
                EXTERNAL + "/namespaces/default/queue",
                "{'items':[{'metricName':'queue','metricLabels':{}," + at + ",'value':'70'},{'metricName':'queue',"
                        + "'metricLabels':{'k':'v'}," + at + ",'value':'45500m'}]}");
        advance(16);
        assertThat(replicas()).isEqualTo(4);
        assertThat(autoscaler("web").getStatus().getCurrentMetrics())
                .extracting(each -> each.getType())
                .containsExactly("Pods", "Object", "External");
        assertThat(events("SuccessfulRescale"))
                .containsExactly("New size: 4; reason: external metric queue(nil) above target");
    }

    @Test
    @DisplayName("HPA-1: if a metric fails the others may still grow the target, but not shrink it")
    void growsByWhatIsLeft() {
        startWithAdapter();
        deployment("web", 4);
        String queue = EXTERNAL + "/namespaces/default/queue";
        String at = "'timestamp':'2026-01-01T00:00:00Z'";
        served.put(queue, "{'items':[{" + at + ",'value':'20'}]}");
        autoscaler(
                "web",
                "web",
                20,
                "{'type':'External','external':{'metric':{'name':'gone'},'target':{'type':'Value','value':'10'}}},"
                        + "{'type':'External','external':{'metric':{'name':'queue'},'target':{'type':'AverageValue',"
                        + "'averageValue':'10'}}}",
                ",'behavior':{'scaleDown':{'stabilizationWindowSeconds':0}}");
        advance(31);
        assertThat(replicas()).isEqualTo(4);
        assertThat(condition("web", "ScalingActive")).isEqualTo("False FailedGetExternalMetric");
        int failures = events("FailedComputeMetricsReplicas").size();
        served.put(queue, "{'items':[{" + at + ",'value':'60'}]}");
        advance(15);
        assertThat(replicas()).isEqualTo(6);
        assertThat(condition("web", "ScalingActive")).isEqualTo("True ValidMetricFound");
        assertThat(events("FailedComputeMetricsReplicas")).hasSize(failures);
        served.put(EXTERNAL + "/namespaces/default/gone", "{'items':[{" + at + ",'value':'1'}]}");
        served.put(queue, "{'items':[{" + at + ",'value':'20'}]}");
        advance(15);
        assertThat(replicas()).isEqualTo(2);
    }

    @Test
    @DisplayName(
            "HPA-4: two autoscalers that select the same pods stop, and say so; a target without pods switches its own off")
    void refusesSharedPodsAndEmptyTargets() {
        start(UnaryOperator.identity());
        runtime.behave("c", ContainerBehavior.runs().uses("90m", "1Mi"));
        deployment("web", 2);
        deployment("other", 2);
        autoscaler("web", "web", 9, CPU, "");
        autoscaler("other", "other", 9, CPU, "");
        advance(60);
        int held = replicas();
        advance(60);
        assertThat(condition("web", "ScalingActive")).isEqualTo("False AmbiguousSelector");
        assertThat(autoscaler("web").getStatus().getConditions())
                .extracting(HorizontalPodAutoscalerCondition::getMessage)
                .contains("pods by selector app=web are controlled by multiple HPAs: [{other default} {web default}]");
        assertThat(replicas()).isEqualTo(held);
        admin().delete(ResourceType.of(HorizontalPodAutoscaler.class), "default", "other", DeleteOptions.defaults());
        advance(30);
        assertThat(replicas()).isGreaterThan(held);

        admin().patch(
                        ResourceType.of(Deployment.class),
                        "default",
                        "web",
                        Patch.merge(json("{'spec':{'replicas':0}}")),
                        null);
        advance(60);
        assertThat(replicas()).isZero();
        assertThat(condition("web", "ScalingActive")).isEqualTo("False ScalingDisabled");
        assertThat(autoscaler("web").getStatus().getCurrentMetrics()).isEmpty();
    }

    @Test
    @DisplayName("HPA-3: a size out of its bounds is set right at once, and a size that can't be set is told of")
    void keepsBoundsAndTellsOfRefusals() {
        start(UnaryOperator.identity());
        deployment("web", 5);
        autoscaler("web", "web", 3, CPU, "");
        advance(17);
        assertThat(replicas()).isEqualTo(3);
        assertThat(events("SuccessfulRescale"))
                .containsExactly("New size: 3; reason: Current number of replicas above Spec.MaxReplicas");
        assertThat(autoscaler("web").getStatus().getLastScaleTime()).isNotNull();
    }
}
