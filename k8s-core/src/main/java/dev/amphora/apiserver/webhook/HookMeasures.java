package dev.amphora.apiserver.webhook;

import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.MetricFamily;
import java.time.Duration;
import java.time.Instant;

/** How long webhooks took and what came of it, by the reference's names. Families are there once a webhook is. */
final class HookMeasures {
    private static final double[] SECONDS = {0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25};
    private static final int LARGEST_CODE = 600;

    private final String type;
    private final MetricFamily durations;
    private final MetricFamily requests;
    private final MetricFamily rejections;
    private final MetricFamily openings;

    /**
     * The measurements of one half of admission.
     *
     * @param type {@code admit} or {@code validating}
     */
    HookMeasures(Kernel kernel, String type) {
        this.type = type;
        durations = kernel.meters()
                .histogram(
                        "apiserver_admission_webhook_admission_duration_seconds",
                        "[STABLE] How long admission webhooks took, in seconds.",
                        SECONDS,
                        "name",
                        "operation",
                        "rejected",
                        "type");
        requests = kernel.meters()
                .counter(
                        "apiserver_admission_webhook_request_total",
                        "[ALPHA] Calls of admission webhooks, by what they answered.",
                        "code",
                        "name",
                        "operation",
                        "rejected",
                        "type");
        rejections = kernel.meters()
                .counter(
                        "apiserver_admission_webhook_rejection_count",
                        "[ALPHA] Requests that were refused because of an admission webhook.",
                        "error_type",
                        "name",
                        "operation",
                        "rejection_code",
                        "type");
        openings = kernel.meters()
                .counter(
                        "apiserver_admission_webhook_fail_open_count",
                        "[ALPHA] Requests that passed although an admission webhook could not be asked.",
                        "name",
                        "type");
    }

    /** A webhook has answered. */
    void answered(Hook hook, AdmissionRequest request, Instant from, Instant to, int code) {
        took(hook, request, from, to, code, code >= 400);
        if (code >= 400) {
            rejections
                    .series("no_error", hook.name(), request.operation().name(), text(code), type)
                    .add(1);
        }
    }

    /** A webhook could not be asked. */
    void failed(Hook hook, AdmissionRequest request, Instant from, Instant to) {
        took(hook, request, from, to, 0, hook.failsClosed());
        if (hook.failsClosed()) {
            rejections
                    .series(
                            "calling_webhook_error",
                            hook.name(),
                            request.operation().name(),
                            "0",
                            type)
                    .add(1);
        } else {
            openings.series(hook.name(), type).add(1);
        }
    }

    private void took(Hook hook, AdmissionRequest request, Instant from, Instant to, int code, boolean rejected) {
        String refused = Boolean.toString(rejected);
        String operation = request.operation().name();
        durations
                .series(hook.name(), operation, refused, type)
                .observe(Duration.between(from, to).toNanos() / 1e9);
        requests.series(text(code), hook.name(), operation, refused, type).add(1);
    }

    private static String text(int code) {
        return Integer.toString(Math.min(LARGEST_CODE, code));
    }
}
