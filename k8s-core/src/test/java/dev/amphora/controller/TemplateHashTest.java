package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.controller.history.Revisions;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TemplateHashTest {
    private static final String REST =
            "\"resources\":{},\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\","
                    + "\"imagePullPolicy\":\"IfNotPresent\"}],\"restartPolicy\":\"Always\","
                    + "\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\",\"securityContext\":{},"
                    + "\"schedulerName\":\"default-scheduler\"}}";

    @Test
    @DisplayName("DEP-1: the hash of a Deployment's template is the reference's")
    void namesReplicaSets() {
        assertThat(TemplateHash.of(
                        template("web", "nginx:1.25", "\"ports\":[{\"containerPort\":80,\"protocol\":\"TCP\"}],"),
                        null))
                .isEqualTo("7455596866");
    }

    @Test
    @DisplayName("DS-6: the hash of a DaemonSet's template is the reference's")
    void namesDaemonRevisions() {
        assertThat(TemplateHash.of(template("agent", "agent:1", ""), null)).isEqualTo("57d7748fd");
    }

    @Test
    @DisplayName("STS-13: the hash of a StatefulSet's revision is the reference's")
    void namesRevisionsOfStatefulSets() {
        assertThat(Revisions.hash(Revisions.data(template("db", "postgres:16", "")), 0))
                .isEqualTo("645754ccb6");
    }

    @Test
    void collisionsGiveOtherHashes() {
        PodTemplateSpec template = template("web", "img:1", "");
        assertThat(TemplateHash.of(template, 1))
                .isNotEqualTo(TemplateHash.of(template, null))
                .isNotEqualTo(TemplateHash.of(template, 2));
    }

    private static PodTemplateSpec template(String app, String image, String more) {
        String json =
                "{\"metadata\":{\"labels\":{\"app\":\"%s\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"%s\",%s"
                        .formatted(app, image, more);
        return Json.fromTree(Json.read((json + REST).getBytes(StandardCharsets.UTF_8)), PodTemplateSpec.class);
    }
}
