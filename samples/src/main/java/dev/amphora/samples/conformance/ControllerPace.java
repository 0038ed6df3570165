package dev.amphora.samples.conformance;

import java.time.Duration;
import java.util.List;

/**
 * How fast those are who meet at the server.
 *
 * @param call how long a call of the recorder takes
 * @param write how long a write of a controller takes
 * @param patient whether the recorder waits in each step for as long as it did, and not only until all is due
 */
record ControllerPace(Duration call, Duration write, boolean patient) {
    /** The likeliest first. */
    static final List<ControllerPace> ALL = List.of(
            micros(1000, 8000, true),
            micros(1000, 8000, false),
            micros(2000, 4000, true),
            micros(2000, 4000, false),
            micros(500, 20_000, true),
            micros(2000, 0, false),
            micros(1000, 5000, true),
            micros(1500, 3000, true),
            micros(20, 2000, true));

    private static ControllerPace micros(long call, long write, boolean patient) {
        return new ControllerPace(Duration.ofNanos(call * 1000), Duration.ofNanos(write * 1000), patient);
    }
}
