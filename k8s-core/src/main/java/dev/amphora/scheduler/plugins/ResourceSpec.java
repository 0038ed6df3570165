package dev.amphora.scheduler.plugins;

/**
 * A resource that counts in a score.
 *
 * @param name such as {@code cpu}
 * @param weight at least 1; 0 stands for 1
 */
public record ResourceSpec(String name, long weight) {
    /** A resource whose weight is at least 1. */
    public ResourceSpec {
        weight = weight == 0 ? 1 : weight;
    }
}
