package dev.amphora.samples.conformance;

import java.time.Duration;
import java.util.List;

/**
 * How fast those are who meet at the server.
 *
 * @param call how long a call of the recorder takes
 * @param write how long a write of a controller takes
 */
record ControllerPace(Duration call, Duration write) {
    /** The likeliest first. */
    static final List<ControllerPace> ALL = List.of(
            micros(1000, 8000),
            micros(2000, 4000),
            micros(500, 20_000),
            micros(2000, 0),
            micros(1000, 5000),
            micros(1500, 3000),
            micros(20, 2000));

    private static ControllerPace micros(long call, long write) {
        return new ControllerPace(Duration.ofNanos(call * 1000), Duration.ofNanos(write * 1000));
    }
}
