package dev.amphora.apiserver;

import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.MetricFamily;
import dev.amphora.kernel.MetricFamily.Series;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One half of admission: the plugins that have something to say in it, in order, and how long each took, by the reference's names.
 * Thread-safe.
 */
final class AdmissionSteps {
    private static final double[] SECONDS = {0.005, 0.025, 0.1, 0.5, 1, 2.5};
    private static final int OPERATIONS = Operation.values().length;

    private final Kernel kernel;
    private final String type;
    private final BiConsumer<AdmissionPlugin, AdmissionRequest> question;
    private final ImmutableList<Step> steps;
    private final Times all;

    /** A plugin; one without a name, which belongs to the server, is not measured alone. */
    private record Step(AdmissionPlugin plugin, @Nullable Times times) {}

    /**
     * The halves of admission.
     *
     * @param method what a plugin implements if it has something to say
     * @param type what the half is called in measurements
     * @param question asks a plugin
     */
    AdmissionSteps(
            Kernel kernel,
            List<AdmissionPlugin> plugins,
            String method,
            String type,
            BiConsumer<AdmissionPlugin, AdmissionRequest> question) {
        this.kernel = kernel;
        this.type = type;
        this.question = question;
        MetricFamily each = kernel.meters()
                .histogram(
                        "apiserver_admission_controller_admission_duration_seconds",
                        "[STABLE] How long single admission plugins took, in seconds.",
                        SECONDS,
                        "name",
                        "operation",
                        "rejected",
                        "type");
        MetricFamily together = kernel.meters()
                .histogram(
                        "apiserver_admission_step_admission_duration_seconds",
                        "[STABLE] How long all admission plugins of one half took, in seconds.",
                        SECONDS,
                        "operation",
                        "rejected",
                        "type");
        steps = plugins.stream()
                .filter(plugin -> implementsIt(plugin, method))
                .map(plugin -> new Step(plugin, plugin.name().isEmpty() ? null : new Times(each, plugin.name())))
                .collect(ImmutableList.toImmutableList());
        all = new Times(together, null);
    }

    private static boolean implementsIt(AdmissionPlugin plugin, String method) {
        try {
            return !plugin.getClass()
                    .getMethod(method, AdmissionRequest.class)
                    .getDeclaringClass()
                    .equals(AdmissionPlugin.class);
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Asks every plugin until one refuses. */
    void ask(AdmissionRequest request) {
        long began = kernel.nanoTime();
        long last = began;
        for (Step step : steps) {
            boolean rejected = true;
            try {
                question.accept(step.plugin, request);
                rejected = false;
            } finally {
                long now = kernel.nanoTime();
                if (step.times != null) {
                    step.times.took(request.operation(), rejected, last, now);
                }
                if (rejected) {
                    all.took(request.operation(), true, began, now);
                }
                last = now;
            }
        }
        all.took(request.operation(), false, began, last);
    }

    /** The measurements of one plugin or of all, by operation and by whether it refused. */
    private final class Times {
        private final MetricFamily family;
        private final @Nullable String name;
        private final AtomicReferenceArray<Series> series = new AtomicReferenceArray<>(2 * OPERATIONS);

        Times(MetricFamily family, @Nullable String name) {
            this.family = family;
            this.name = name;
        }

        void took(Operation operation, boolean rejected, long from, long to) {
            int place = 2 * operation.ordinal() + (rejected ? 1 : 0);
            Series known = series.get(place);
            if (known == null) {
                String refused = Boolean.toString(rejected);
                known = name == null
                        ? family.series(operation.name(), refused, type)
                        : family.series(name, operation.name(), refused, type);
                series.set(place, known);
            }
            known.observe((to - from) / 1e9);
        }
    }
}
