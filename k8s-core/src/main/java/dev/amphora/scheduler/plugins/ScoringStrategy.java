package dev.amphora.scheduler.plugins;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How {@link NodeResourcesFit} scores.
 *
 * @param type which rule
 * @param resources what counts; null for CPU and memory alike
 * @param requestedToCapacityRatio the shape, for that rule only
 */
public record ScoringStrategy(
        Type type,
        @Nullable List<ResourceSpec> resources,
        @Nullable RequestedToCapacityRatio requestedToCapacityRatio) {

    /** The rules. */
    public enum Type {
        /** Prefers nodes with much left. */
        LeastAllocated,
        /** Prefers nodes with little left. */
        MostAllocated,
        /** Follows a shape over utilisation. */
        RequestedToCapacityRatio
    }

    /** The default: least allocated by CPU and memory. */
    public static final ScoringStrategy DEFAULT = new ScoringStrategy(Type.LeastAllocated, null, null);

    /** This, with CPU and memory if nothing is named that counts. */
    ScoringStrategy defaulted() {
        return resources != null && !resources.isEmpty()
                ? this
                : new ScoringStrategy(type, ResourceSpec.CPU_AND_MEMORY, requestedToCapacityRatio);
    }

    /**
     * The shape of {@link Type#RequestedToCapacityRatio}.
     *
     * @param shape points by rising utilisation
     */
    public record RequestedToCapacityRatio(List<Point> shape) {}

    /**
     * A point of a shape.
     *
     * @param utilization from 0 to 100
     * @param score from 0 to 10
     */
    public record Point(int utilization, int score) {}

    /** A score from what would be requested and what there is of each resource; what there is none of doesn't count. */
    long score(List<ResourceSpec> specs, long[] requested, long[] allocatable) {
        long sum = 0;
        long weights = 0;
        for (int i = 0; i < requested.length; i++) {
            if (allocatable[i] == 0) {
                continue;
            }
            long weight = specs.get(i).weight();
            long score =
                    switch (type) {
                        case LeastAllocated -> leastAllocated(requested[i], allocatable[i]);
                        case MostAllocated -> mostAllocated(requested[i], allocatable[i]);
                        case RequestedToCapacityRatio -> ratio(requested[i], allocatable[i]);
                    };
            if (type == Type.RequestedToCapacityRatio && score <= 0) {
                continue;
            }
            sum += score * weight;
            weights += weight;
        }
        if (weights == 0) {
            return 0;
        }
        return type == Type.RequestedToCapacityRatio ? Math.round((double) sum / (double) weights) : sum / weights;
    }

    static long leastAllocated(long requested, long capacity) {
        return requested > capacity ? 0 : (capacity - requested) * 100 / capacity;
    }

    static long mostAllocated(long requested, long capacity) {
        return Math.min(requested, capacity) * 100 / capacity;
    }

    private long ratio(long requested, long capacity) {
        List<Point> shape = requestedToCapacityRatio == null ? List.of() : requestedToCapacityRatio.shape();
        return onShape(shape, requested > capacity ? 100 : requested * 100 / capacity);
    }

    /** The height of a broken line over a utilisation, with scores stretched from 10 to 100. */
    static long onShape(List<Point> shape, long utilization) {
        for (int i = 0; i < shape.size(); i++) {
            Point right = shape.get(i);
            if (utilization <= right.utilization) {
                if (i == 0) {
                    return right.score * 10L;
                }
                Point left = shape.get(i - 1);
                return left.score * 10L
                        + (right.score - left.score)
                                * 10L
                                * (utilization - left.utilization)
                                / (right.utilization - left.utilization);
            }
        }
        return shape.isEmpty() ? 0 : shape.get(shape.size() - 1).score * 10L;
    }
}
