package dev.amphora.controller.autoscaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.api.Selector;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What each type of metric asks for, and in which words that is told. */
class MetricsReadingTest {
    private static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");

    private final List<Pod> pods = new ArrayList<>();
    private final Map<String, Map<String, Map<String, BigDecimal>>> used = new TreeMap<>();
    private final Map<String, CustomMetrics.Sample> custom = new TreeMap<>();
    private final List<BigDecimal> external = new ArrayList<>();
    private final List<String> asked = new ArrayList<>();

    @BeforeEach
    void twoPods() {
        for (String name : List.of("a", "b")) {
            pods.add(new PodBuilder()
                    .withNewMetadata()
                    .withName(name)
                    .endMetadata()
                    .withNewSpec()
                    .endSpec()
                    .withNewStatus()
                    .withPhase("Running")
                    .withStartTime("2026-01-01T00:00:00Z")
                    .addNewCondition()
                    .withType("Ready")
                    .withStatus("True")
                    .withLastTransitionTime("2026-01-01T00:00:01Z")
                    .endCondition()
                    .endStatus()
                    .build());
        }
    }

    private MetricsReading.Wish read(String spec) throws MetricsReading.Failure {
        CustomMetrics customMetrics = new CustomMetrics() {
            @Override
            public Map<String, Sample> ofPods(String namespace, Selector selected, String metric, Selector series) {
                asked.add(namespace + " " + selected + " " + metric + " " + series);
                return custom;
            }

            @Override
            public BigDecimal ofObject(String namespace, Described object, String metric, Selector series)
                    throws MetricsUnavailable {
                asked.add(namespace + " " + object + " " + metric + " " + series);
                if (custom.isEmpty()) {
                    throw new MetricsUnavailable("none");
                }
                return custom.values().iterator().next().value();
            }
        };
        return new MetricsReading(
                        (namespace, selector) -> {
                            Map<String, PodMetrics.Usage> measured = new TreeMap<>();
                            used.forEach((pod, containers) ->
                                    measured.put(pod, new PodMetrics.Usage(NOW, Duration.ofSeconds(15), containers)));
                            return measured;
                        },
                        customMetrics,
                        (namespace, metric, series) -> external,
                        "ns",
                        Selector.parse("app=web"),
                        new ReplicaCount(
                                HorizontalController.Settings.defaults(),
                                new ReplicaCount.Tolerance(0.1, 0.1),
                                new ReplicaCount.Present(2, 2, pods),
                                NOW))
                .read(Json.fromTree(json(spec), MetricSpec.class));
    }

    private static JsonNode json(String text) {
        return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private MetricsReading.Failure failure(String spec) {
        return catchThrowableOfType(MetricsReading.Failure.class, () -> read(spec));
    }

    private static CustomMetrics.Sample sample(String value) {
        return new CustomMetrics.Sample(NOW, Duration.ofMinutes(1), new BigDecimal(value));
    }

    @Test
    @DisplayName("HPA-1: Resource and ContainerResource, by their average value")
    void readsResources() throws Exception {
        used.put("a", Map.of("c", Map.of("memory", new BigDecimal(100)), "d", Map.of("memory", new BigDecimal(300))));
        used.put("b", Map.of("c", Map.of("memory", new BigDecimal(100)), "d", Map.of("memory", new BigDecimal(300))));
        MetricsReading.Wish whole = read(
                "{'type':'Resource','resource':{'name':'memory','target':{'type':'AverageValue','averageValue':'200'}}}");
        assertThat(whole.replicas()).isEqualTo(4);
        assertThat(whole.name()).isEqualTo("memory resource");
        assertThat(Json.toTree(whole.status()))
                .isEqualTo(json("{'type':'Resource','resource':{'name':'memory','current':{'averageValue':'400'}}}"));

        MetricsReading.Wish one =
                read("{'type':'ContainerResource','containerResource':{'name':'memory','container':'c',"
                        + "'target':{'type':'AverageValue','averageValue':'200'}}}");
        assertThat(one.replicas()).isEqualTo(1);
        assertThat(one.name()).isEqualTo("memory resource");
        assertThat(Json.toTree(one.status()))
                .isEqualTo(json("{'type':'ContainerResource','containerResource':{'name':'memory','container':'c',"
                        + "'current':{'averageValue':'100'}}}"));
        assertThat(failure("{'type':'ContainerResource','containerResource':{'name':'memory','container':'e',"
                                + "'target':{'type':'AverageValue','averageValue':'200'}}}")
                        .whole())
                .isEqualTo(
                        "failed to get e container metric value: failed to get memory usage: unable to get metrics for"
                                + " resource memory: failed to get container metrics: container e not present in metrics for"
                                + " pod ns/a");
    }

    @Test
    @DisplayName("HPA-2: a pod one of whose containers doesn't say what it uses counts as one without a sample")
    void leavesOutHalfKnownPods() throws Exception {
        used.put("a", Map.of("c", Map.of("memory", new BigDecimal(100)), "d", Map.of()));
        used.put("b", Map.of("c", Map.of("memory", new BigDecimal(100)), "d", Map.of("memory", new BigDecimal(500))));
        assertThat(read("{'type':'Resource','resource':{'name':'memory','target':{'type':'AverageValue',"
                                + "'averageValue':'200'}}}")
                        .replicas())
                .isEqualTo(3);
    }

    @Test
    @DisplayName("HPA-1: Pods, by the average of a metric of theirs")
    void readsMetricsOfPods() throws Exception {
        String spec = "{'type':'Pods','pods':{'metric':{'name':'rps','selector':{'matchLabels':{'verb':'GET'}}},"
                + "'target':{'type':'AverageValue','averageValue':'10'}}}";
        assertThat(failure(spec).whole())
                .isEqualTo("failed to get pods metric value: unable to get metric rps: no metrics returned from custom"
                        + " metrics API");
        custom.put("a", sample("12.5"));
        custom.put("b", sample("20"));
        MetricsReading.Wish wish = read(spec);
        assertThat(wish.replicas()).isEqualTo(4);
        assertThat(wish.name()).isEqualTo("pods metric rps");
        assertThat(Json.toTree(wish.status()))
                .isEqualTo(
                        json("{'type':'Pods','pods':{'metric':{'name':'rps','selector':{'matchLabels':{'verb':'GET'}}},"
                                + "'current':{'averageValue':'16250m'}}}"));
        assertThat(asked).contains("ns app=web rps verb=GET");
    }

    @Test
    @DisplayName("HPA-1: Object, by a value of it or by that value for each pod")
    void readsMetricsOfObjects() throws Exception {
        String about = "'describedObject':{'apiVersion':'networking.k8s.io/v1','kind':'Ingress','name':'front'},"
                + "'metric':{'name':'rps'},'target':";
        String value = "{'type':'Object','object':{" + about + "{'type':'Value','value':'10'}}}";
        String average = "{'type':'Object','object':{" + about + "{'type':'AverageValue','averageValue':'10'}}}";
        assertThat(failure(value).whole())
                .isEqualTo("failed to get object metric value: unable to get metric rps: Ingress on ns front/none");
        assertThat(failure(average).whole())
                .isEqualTo(
                        "failed to get object metric value: failed to get rps object metric: unable to get metric rps:"
                                + " Ingress on ns front/none");
        custom.put("front", sample("31"));

        MetricsReading.Wish byValue = read(value);
        assertThat(byValue.replicas()).isEqualTo(7);
        assertThat(byValue.name()).isEqualTo("Ingress metric rps");
        assertThat(Json.toTree(byValue.status()))
                .isEqualTo(json("{'type':'Object','object':{'describedObject':{'apiVersion':'networking.k8s.io/v1',"
                        + "'kind':'Ingress','name':'front'},'metric':{'name':'rps'},'current':{'value':'31'}}}"));
        MetricsReading.Wish perPod = read(average);
        assertThat(perPod.replicas()).isEqualTo(4);
        assertThat(perPod.name()).isEqualTo("external metric rps(nil)");
        assertThat(Json.toTree(perPod.status())
                        .at("/object/current/averageValue")
                        .asText())
                .isEqualTo("15500m");
        assertThat(asked).contains("ns Described[group=networking.k8s.io, kind=Ingress, name=front] rps ");
    }

    @Test
    @DisplayName("HPA-1: External, by the sum of its series or by that sum for each pod")
    void readsMetricsOfElsewhere() throws Exception {
        String metric = "'metric':{'name':'queue','selector':{'matchLabels':{'b':'2','a':'1'},'matchExpressions':[{"
                + "'key':'k','operator':'In','values':['x','y']}]}},'target':";
        String text = "&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:"
                + "[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}";
        String value = "{'type':'External','external':{" + metric + "{'type':'Value','value':'10'}}}";
        String average = "{'type':'External','external':{" + metric + "{'type':'AverageValue','averageValue':'10'}}}";
        assertThat(failure(value).whole())
                .isEqualTo(
                        "failed to get queue external metric value: failed to get external metric queue: unable to get"
                                + " external metric ns/queue/" + text
                                + ": no metrics returned from external metrics API");
        assertThat(failure(average).getMessage())
                .isEqualTo("unable to get external metric ns/queue/" + text
                        + ": no metrics returned from external metrics API");
        external.add(new BigDecimal("30"));
        external.add(new BigDecimal("15"));

        assertThat(read(value).replicas()).isEqualTo(9);
        assertThat(Json.toTree(read(value).status())
                        .at("/external/current/value")
                        .asText())
                .isEqualTo("45");
        assertThat(read(average).replicas()).isEqualTo(5);
        assertThat(read(average).name()).isEqualTo("external metric queue(" + text + ")");
        assertThat(Json.toTree(read(average).status())
                        .at("/external/current/averageValue")
                        .asText())
                .isEqualTo("22500m");
    }
}
