package dev.amphora.controller.autoscaling;

import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.LabelIndex;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerStatus;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the sizes of what HorizontalPodAutoscalers target at what their metrics call for: the reference's
 * {@code horizontal-pod-autoscaler-controller}.
 */
public final class HorizontalController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(HorizontalController.class);
    private static final ResourceType<HorizontalPodAutoscaler> SCALERS = ResourceType.of(HorizontalPodAutoscaler.class);
    private static final String BY_LABELS = "autoscaling/labels";

    private final Supplier<? extends List<? extends ResourceType<?>>> types;
    private final MetricsSources sources;
    private final Settings settings;
    private final Map<ObjectKey, ScalingHistory> histories = new ConcurrentHashMap<>();
    private final Overlaps overlaps = new Overlaps();
    private @Nullable ControlLoop<ObjectKey> loop;

    /**
     * How it works, by the names of the reference's flags.
     *
     * @param period {@code --horizontal-pod-autoscaler-sync-period}
     * @param initialReadiness {@code --horizontal-pod-autoscaler-initial-readiness-delay}
     * @param initialization {@code --horizontal-pod-autoscaler-cpu-initialization-period}
     * @param downscaleStabilization {@code --horizontal-pod-autoscaler-downscale-stabilization}
     * @param tolerance {@code --horizontal-pod-autoscaler-tolerance}, as a share
     */
    public record Settings(
            Duration period,
            Duration initialReadiness,
            Duration initialization,
            Duration downscaleStabilization,
            double tolerance) {
        /** The reference's defaults. */
        public static Settings defaults() {
            return new Settings(
                    Duration.ofSeconds(15), Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofMinutes(5), 0.1);
        }

        /** The same with another period. */
        public Settings withPeriod(Duration other) {
            return new Settings(other, initialReadiness, initialization, downscaleStabilization, tolerance);
        }

        /** The same with another time in which a pod that was never ready doesn't count. */
        public Settings withInitialReadiness(Duration other) {
            return new Settings(period, other, initialization, downscaleStabilization, tolerance);
        }
    }

    /**
     * A controller that does not yet run.
     *
     * @param types every kind that the server serves
     * @param sources where metrics are read
     */
    public HorizontalController(
            Supplier<? extends List<? extends ResourceType<?>>> types, MetricsSources sources, Settings settings) {
        this.types = types;
        this.sources = sources;
        this.settings = settings;
    }

    @Override
    public String name() {
        return "horizontal-pod-autoscaler-controller";
    }

    @Override
    public String eventSource() {
        return "horizontal-pod-autoscaler";
    }

    @Override
    public void start(Context context) {
        Informer<HorizontalPodAutoscaler> scalers = context.informers().of(SCALERS);
        Informer<Pod> pods = context.informers().of(Pod.class);
        pods.addIndex(
                BY_LABELS,
                pod -> LabelIndex.ofLabels(
                        pod.getMetadata().getNamespace(), pod.getMetadata().getLabels()));
        Around around = new Around(context, pods);
        ControlLoop<ObjectKey> created = new ControlLoop<>(context.kernel(), name(), 5);
        loop = created.<HorizontalPodAutoscaler>watch(scalers, (old, now, keys) -> {
                    if (now == null && old != null) {
                        overlaps.remove(ObjectKey.of(old));
                    } else if (old == null && now != null) {
                        overlaps.add(ObjectKey.of(now));
                        created.addAfter(ObjectKey.of(now), settings.period);
                    }
                })
                .uses(pods)
                .start(key -> {
                    HorizontalPodAutoscaler scaler = scalers.find(key).orElse(null);
                    if (scaler == null) {
                        histories.remove(key);
                        return Result.done();
                    }
                    HorizontalPodAutoscalerStatus status = new Look(
                                    around, scaler, histories.computeIfAbsent(key, each -> new ScalingHistory()))
                            .look();
                    try {
                        if (!status.equals(scaler.getStatus())) {
                            HorizontalPodAutoscaler written = context.client()
                                    .updateStatus(new HorizontalPodAutoscalerBuilder(scaler)
                                            .withStatus(status)
                                            .build());
                            created.wrote(key, scalers, written);
                        }
                    } catch (StatusException e) {
                        // As in the reference the next look is as far away as ever: another one now would scale again.
                        log.debug("The status of {} was not written: {}", key, e.getMessage());
                    }
                    return Result.requeueAfter(settings.period);
                });
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    /** What each look needs. */
    private final class Around implements Look.Surroundings {
        private final Context context;
        private final Informer<Pod> pods;
        private final ServedMetrics served;

        Around(Context context, Informer<Pod> pods) {
            this.context = context;
            this.pods = pods;
            this.served = new ServedMetrics(context.client(), types);
        }

        @Override
        public Context context() {
            return context;
        }

        @Override
        public Settings settings() {
            return settings;
        }

        @Override
        public @Nullable ResourceType<?> type(String group, String kind) {
            for (ResourceType<?> type : types.get()) {
                if (type.group().equals(group) && type.kind().equals(kind)) {
                    return type;
                }
            }
            return null;
        }

        @Override
        public List<Pod> pods(String namespace, Selector selector) {
            return pods.byIndex(BY_LABELS, LabelIndex.ofSelector(namespace, selector)).stream()
                    .filter(pod -> selector.matches(pod.getMetadata().getLabels()))
                    .sorted(Comparator.comparing((Pod pod) -> pod.getMetadata().getName()))
                    .toList();
        }

        @Override
        public Overlaps overlaps() {
            return overlaps;
        }

        @Override
        public MetricsReading reading(String namespace, Selector selector, ReplicaCount count) {
            return new MetricsReading(
                    Objects.requireNonNullElse(sources.pods(), served),
                    Objects.requireNonNullElse(sources.custom(), served),
                    Objects.requireNonNullElse(sources.external(), served),
                    namespace,
                    selector,
                    count);
        }
    }
}
