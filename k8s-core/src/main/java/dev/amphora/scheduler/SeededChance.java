package dev.amphora.scheduler;

import java.util.random.RandomGenerator;

/** Numbers that follow from a seed and from nothing else (SplitMix64). */
final class SeededChance implements RandomGenerator {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    SeededChance(long seed) {
        this.state = seed;
    }

    /** Gives the same numbers from here on. */
    SeededChance copy() {
        return new SeededChance(state);
    }

    @Override
    public long nextLong() {
        state += GAMMA;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
