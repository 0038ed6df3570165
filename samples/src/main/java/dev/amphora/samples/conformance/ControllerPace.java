package dev.amphora.samples.conformance;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * How fast those are who meet at the server.
 *
 * @param call how long a call of the recorder takes
 * @param write how long a write of a controller takes
 * @param patience how long the recorder waits in each step: from 0, until all is due, to 1, for as long as it did
 * @param spread whether calls and writes take now less and now more than that, up to twice as long
 * @param prompt how many of the writes take no time at all, from 0 to 1: their writer goes on before anybody else does
 */
record ControllerPace(Duration call, Duration write, double patience, boolean spread, double prompt) {
    /** The likeliest first. */
    private static final List<ControllerPace> LIKELY = List.of(
            steady(1000, 8000, 1),
            steady(1000, 8000, 0),
            steady(2000, 4000, 1),
            steady(2000, 4000, 0),
            steady(500, 20_000, 1),
            steady(2000, 0, 0),
            steady(1000, 5000, 1),
            steady(1500, 3000, 1),
            steady(4000, 4000, 1),
            steady(3000, 4000, 1),
            steady(6000, 4000, 1),
            steady(20, 2000, 1));

    private static final double FASTEST_CALL = 20;
    private static final double SLOWEST_CALL = 20_000;
    private static final double FASTEST_WRITE = 200;
    private static final double SLOWEST_WRITE = 60_000;
    private static final double SLOWEST_UNDER_LOAD = 8_000_000;
    private static final int SELDOM = 8;

    /** The paces to try first. */
    static List<ControllerPace> likely() {
        return LIKELY;
    }

    /** A likely pace, or any. */
    static ControllerPace next(RandomGenerator random) {
        if (random.nextBoolean()) {
            return LIKELY.get(random.nextInt(LIKELY.size()));
        }
        double write = random.nextInt(SELDOM) == 0
                ? between(SLOWEST_WRITE, SLOWEST_UNDER_LOAD, random)
                : between(FASTEST_WRITE, SLOWEST_WRITE, random);
        return new ControllerPace(
                micros(between(FASTEST_CALL, SLOWEST_CALL, random)),
                micros(write),
                random.nextBoolean() ? 1 : random.nextDouble(),
                random.nextBoolean(),
                Math.max(0, random.nextDouble() * 1.5 - 0.5));
    }

    private static ControllerPace steady(long call, long write, double patience) {
        return new ControllerPace(micros(call), micros(write), patience, false, 0);
    }

    /** A number whose order of magnitude is as likely as any other. */
    private static double between(double least, double most, RandomGenerator random) {
        return least * Math.pow(most / least, random.nextDouble());
    }

    private static Duration micros(double micros) {
        return Duration.ofNanos(Math.round(micros * 1000));
    }

    /** How long the next call of the recorder takes. */
    Duration nextCall(RandomGenerator random) {
        return next(call, random);
    }

    /** How long the next write of a controller takes. */
    SlowClient.Taken nextWrite(RandomGenerator random) {
        if (prompt > 0 && random.nextDouble() < prompt) {
            return new SlowClient.Taken(Duration.ZERO, Duration.ZERO);
        }
        if (!spread) {
            return new SlowClient.Taken(Duration.ZERO, write);
        }
        Duration taken = next(write, random);
        Duration before = Duration.ofNanos(Math.round(taken.toNanos() * random.nextDouble()));
        return new SlowClient.Taken(before, taken.minus(before));
    }

    private Duration next(Duration usual, RandomGenerator random) {
        return spread ? Duration.ofNanos(Math.round(usual.toNanos() * 2 * random.nextDouble())) : usual;
    }
}
