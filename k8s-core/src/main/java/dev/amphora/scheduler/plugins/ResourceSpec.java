package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Resources;
import java.util.List;

/**
 * A resource that counts in a score.
 *
 * @param name such as {@code cpu}
 * @param weight at least 1; 0 stands for 1
 */
public record ResourceSpec(String name, long weight) {
    /** What counts unless something else is named. */
    static final List<ResourceSpec> CPU_AND_MEMORY =
            List.of(new ResourceSpec(Resources.CPU, 1), new ResourceSpec(Resources.MEMORY, 1));

    /** A resource whose weight is at least 1. */
    public ResourceSpec {
        weight = weight == 0 ? 1 : weight;
    }
}
