package dev.amphora.scheduler.framework;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodInfoTest {

    @ParameterizedTest
    @CsvSource({
        "500m, 500, 1",
        "2, 2000, 2",
        "0.1, 100, 1",
        "1.0005, 1001, 2",
        "1Ki, 1024000, 1024",
        "1.5Gi, 1610612736000, 1610612736",
        "1e3, 1000000, 1000",
        "1G, 1000000000000, 1000000000",
        "0, 0, 0",
    })
    void quantitiesAreRoundedUp(String text, long thousandths, long whole) {
        assertThat(Quantities.milliValue(new Quantity(text))).isEqualTo(thousandths);
        assertThat(Quantities.value(new Quantity(text))).isEqualTo(whole);
    }

    @Test
    void containersAddUpAndOverheadComesOnTop() {
        PodInfo pod = pod(
                """
                {"containers": [{"name": "a", "resources": {"requests": {"cpu": "1", "example.com/gpu": "1"}}},
                                {"name": "b", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}],
                 "overhead": {"cpu": "50m"}}""");

        assertThat(pod.requests()).hasToString("cpu=1550m, memory=1073741824, example.com/gpu=1");
    }

    @Test
    void theLargestInitContainerCountsOnTopOfTheSidecarsBeforeIt() {
        PodInfo pod = pod(
                """
                {"containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}],
                 "initContainers": [{"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
                                    {"name": "i", "resources": {"requests": {"cpu": "3"}}}]}""");

        assertThat(pod.requests().milliCpu()).isEqualTo(4000);
    }

    @Test
    void podLevelRequestsWinExceptInScores() {
        PodInfo pod = pod(
                """
                {"containers": [{"name": "a", "resources": {"requests": {"cpu": "100m"}}}],
                 "resources": {"requests": {"cpu": "2"}}}""");

        assertThat(pod.requests().milliCpu()).isEqualTo(2000);
        assertThat(pod.scoredRequests().milliCpu()).isEqualTo(100);
    }

    @Test
    void whatIsNotAskedForCountsInScoresOnly() {
        PodInfo pod = pod("{\"containers\": [{\"name\": \"a\"}]}");

        assertThat(pod.requests().isZero()).isTrue();
        assertThat(pod.nonZeroMilliCpu()).isEqualTo(100);
        assertThat(pod.nonZeroMemory()).isEqualTo(200L * 1024 * 1024);
    }

    @ParameterizedTest
    @CsvSource({
        "9E, 0, 9000000000000000000",
        "10E, 0, 0",
        "16Ei, -1000, 9223372036854775807",
        "9223372036854775807, -1000, 9223372036854775807",
    })
    void valuesBeyond64BitsComeOutAsInTheReference(String text, long thousandths, long whole) {
        assertThat(Quantities.milliValue(new Quantity(text))).isEqualTo(thousandths);
        assertThat(Quantities.value(new Quantity(text))).isEqualTo(whole);
    }

    @Test
    void fractionsAreRoundedUpWhenAllAreAdded() {
        PodInfo pod = pod(
                """
                {"containers": [{"name": "a", "resources": {"requests": {"cpu": "0.0005", "memory": "500m"}}},
                                {"name": "b", "resources": {"requests": {"cpu": "0.0005", "memory": "500m"}}},
                                {"name": "c"}],
                 "initContainers": [{"name": "i", "resources": {"requests": {"memory": "1500m"}}}]}""");

        assertThat(pod.requests()).hasToString("cpu=1m, memory=2");
        assertThat(pod.nonZeroMilliCpu()).isEqualTo(101);
        assertThat(pod.nonZeroMemory()).isEqualTo(200L * 1024 * 1024 + 1);
    }

    @Test
    void withPodLevelRequestsThereIsNoMinimumForWhatAnyContainerAsksFor() {
        PodInfo pod = pod(
                """
                {"containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}, {"name": "b"}],
                 "resources": {"requests": {"memory": "1Gi"}}}""");

        assertThat(pod.nonZeroMilliCpu()).isEqualTo(1000);
        assertThat(pod.nonZeroMemory()).isEqualTo(1L << 30);
        assertThat(pod.scoredRequests().milliCpu()).isEqualTo(1100);
    }

    @ParameterizedTest
    @CsvSource({
        // what is allocated, what the pod has, why it can't have more, what counts
        "1, 1, Deferred, 3000",
        "5, 1, Deferred, 4500",
        "1, 6, Deferred, 5500",
        "1, 2, Infeasible, 1500",
    })
    void ofPodLevelRequestsThatChangeTheGreatestCounts(String allocated, String actual, String why, long milliCpu) {
        String text =
                """
                {"metadata": {"name": "p", "namespace": "default", "uid": "u"},
                 "spec": {"containers": [{"name": "a"}], "resources": {"requests": {"cpu": "3"}}, "overhead": {"cpu": "500m"}},
                 "status": {"allocatedResources": {"cpu": "%s"}, "resources": {"requests": {"cpu": "%s"}},
                            "conditions": [{"type": "PodResizePending", "status": "True", "reason": "%s"}]}}"""
                        .formatted(allocated, actual, why);
        PodInfo pod = PodInfo.of(Json.fromTree(Json.read(text.getBytes(StandardCharsets.UTF_8)), Pod.class));

        assertThat(pod.requests().milliCpu()).isEqualTo(milliCpu + 500);
    }

    @Test
    void affinityThatMakesNoSenseIsToldAndLeftOut() {
        PodInfo pod = pod(
                """
                {"containers": [{"name": "a"}], "affinity": {
                 "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                   {"topologyKey": "zone", "labelSelector": {"matchExpressions": [{"key": "app", "operator": "Like", "values": ["x"]}]}}]},
                 "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                   {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "x"}}}]}}}""");

        assertThat(pod.affinityError())
                .isEqualTo("requiredAffinityTerms: \"Like\" is not a valid label selector operator");
        assertThat(pod.requiredAffinity()).isEmpty();
        assertThat(pod.requiredAntiAffinity()).hasSize(1);
    }

    @Test
    void podsWithOtherImagesInTheirVolumesAreNotAlike() {
        PodInfo one = pod("{\"volumes\": [{\"name\": \"v\", \"image\": {\"reference\": \"data:1\"}}]}");
        PodInfo same = pod("{\"volumes\": [{\"name\": \"w\", \"image\": {\"reference\": \"data:1\"}}]}");
        PodInfo other = pod("{\"volumes\": [{\"name\": \"v\", \"image\": {\"reference\": \"data:2\"}}]}");

        assertThat(one.signature()).isEqualTo(same.signature()).isNotEqualTo(other.signature());
    }

    @Test
    void portsOfSidecarsCountAndThoseOfInitContainersDoNot() {
        PodInfo pod = pod(
                """
                {"containers": [{"name": "a", "ports": [{"containerPort": 1, "hostPort": 1}, {"containerPort": 9}]}],
                 "initContainers": [{"name": "s", "restartPolicy": "Always", "ports": [{"containerPort": 2, "hostPort": 2}]},
                                    {"name": "i", "ports": [{"containerPort": 3, "hostPort": 3}]}]}""");

        assertThat(pod.hostPorts()).extracting(HostPort::port).containsExactly(1, 2);
        assertThat(pod.hostPorts()).extracting(HostPort::ip).containsOnly(HostPort.ANY_IP);
    }

    @Test
    void aLaterStateIsWhatItWouldBeByItself() {
        PodInfo pod = pod(
                """
                {"containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}], "nodeName": "n"}""");

        Pod bound = Json.copy(pod.pod());
        bound.setSpec(pod.pod().getSpec());
        bound.setMetadata(new ObjectMetaBuilder(bound.getMetadata())
                .addToLabels("new", "label")
                .build());
        assertThat(pod.later(bound).requests()).isSameAs(pod.requests());
        assertThat(pod.later(bound).labels()).containsEntry("new", "label");
        assertThat(pod.later(bound).pod()).isSameAs(bound);

        Pod resized = Json.copy(bound);
        resized.setSpec(bound.getSpec());
        resized.setStatus(new PodStatusBuilder()
                .addNewContainerStatus()
                .withName("a")
                .withNewResources()
                .addToRequests("cpu", new Quantity("3"))
                .endResources()
                .endContainerStatus()
                .build());
        assertThat(pod.later(resized).requests().milliCpu()).isEqualTo(3000);
        assertThat(pod.later(resized).later(bound).requests().milliCpu()).isEqualTo(1000);

        Pod another = Json.copy(bound);
        another.getSpec().getContainers().get(0).getResources().setRequests(Map.of("cpu", new Quantity("2")));
        assertThat(pod.later(another).requests().milliCpu()).isEqualTo(2000);
    }

    private static PodInfo pod(String spec) {
        String text =
                "{\"metadata\": {\"name\": \"p\", \"namespace\": \"default\", \"uid\": \"u\"}, \"spec\": " + spec + "}";
        return PodInfo.of(Json.fromTree(Json.read(text.getBytes(StandardCharsets.UTF_8)), Pod.class));
    }
}
