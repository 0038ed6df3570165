package dev.amphora.controller.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TtlAfterFinishedControllerTest {
    private static Job job(@Nullable Integer ttl, String condition) {
        return new JobBuilder()
                .withNewMetadata()
                .withName("work")
                .endMetadata()
                .withNewSpec()
                .withTtlSecondsAfterFinished(ttl)
                .endSpec()
                .withNewStatus()
                .addNewCondition()
                .withType(condition)
                .withStatus("True")
                .withLastTransitionTime("2026-01-01T00:00:10Z")
                .endCondition()
                .endStatus()
                .build();
    }

    @Test
    @DisplayName("TTL-1: the time counts from when the Job became complete or failed")
    void countsFromTheEnd() {
        Instant end = Instant.parse("2026-01-01T00:00:10Z");
        assertThat(TtlAfterFinishedController.expiry(job(30, "Complete"))).isEqualTo(end.plusSeconds(30));
        assertThat(TtlAfterFinishedController.expiry(job(0, "Failed"))).isEqualTo(end);
    }

    @Test
    @DisplayName("TTL-1: a Job without a time stays, and one that still runs does")
    void leavesOthersAlone() {
        assertThat(TtlAfterFinishedController.expiry(job(null, "Complete"))).isNull();
        assertThat(TtlAfterFinishedController.expiry(job(0, "Suspended"))).isNull();
    }
}
