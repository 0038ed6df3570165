package dev.amphora.scheduler;

import com.google.common.base.CaseFormat;
import dev.amphora.kernel.Meters;
import dev.amphora.kernel.MetricFamily;
import dev.amphora.kernel.MetricFamily.Series;
import dev.amphora.scheduler.framework.Status;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** How long the plugins of one profile take together at the extension points of a cycle, taken from one cycle in ten. */
final class ExtensionPointTimes {
    private static final int ONE_IN = 10;

    private final String profile;
    private final InstantSource clock;
    private final MetricFamily family;
    private final @Nullable Series[][] series = new Series[Point.values().length][Status.Code.values().length];
    private int cycles;
    private boolean measuring;

    /** The extension points that are measured, by the reference's names. */
    enum Point {
        PreFilter,
        Filter,
        PostFilter,
        PreScore,
        Score,
        Reserve
    }

    ExtensionPointTimes(Meters meters, InstantSource clock, String profile) {
        this.profile = profile;
        this.clock = clock;
        family = meters.histogram(
                "scheduler_framework_extension_point_duration_seconds",
                "[STABLE] How long the plugins at an extension point took, in one cycle of ten, in seconds.",
                DoubleStream.iterate(0.0001, bound -> bound * 2).limit(12).toArray(),
                "extension_point",
                "profile",
                "status");
    }

    /** A cycle begins; the first one is measured. */
    void nextCycle() {
        measuring = cycles++ % ONE_IN == 0;
    }

    /** When an extension point begins; null if this cycle is not measured. */
    @Nullable Instant begin() {
        return measuring ? clock.instant() : null;
    }

    /** An extension point is over. */
    void end(Point point, @Nullable Instant began, Status.Code outcome) {
        if (began == null) {
            return;
        }
        Series known = series[point.ordinal()][outcome.ordinal()];
        if (known == null) {
            String status = CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.UPPER_CAMEL, outcome.name());
            known = family.series(point.name(), profile, status);
            series[point.ordinal()][outcome.ordinal()] = known;
        }
        known.observe(Duration.between(began, clock.instant()).toNanos() / 1e9);
    }
}
