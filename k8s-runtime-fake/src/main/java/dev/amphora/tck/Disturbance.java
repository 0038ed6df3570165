package dev.amphora.tck;

import java.time.Duration;

/**
 * What a controller has to live with while it is tried: all of it happens in a real cluster, though seldom so often.
 *
 * @param conflicts how often an update or a patch is refused because somebody else was faster, as a share from 0 to 1
 * @param failures how often any call fails before it reaches the server, as a share from 0 to 1
 * @param lostAnswers how often a write is done, but its answer gets lost, as a share from 0 to 1
 * @param delay how long a call, and an event of a watch, takes at most; zero for none
 * @param watchLife how long a watch lasts on average before it is cut; zero for ever
 * @param crashAfter after how many writes the controllers crash, once; zero for never. Events are not counted
 * @param restartAfter how long it takes until they are back after a crash
 */
public record Disturbance(
        double conflicts,
        double failures,
        double lostAnswers,
        Duration delay,
        Duration watchLife,
        int crashAfter,
        Duration restartAfter) {

    /** Peace. */
    public static Disturbance none() {
        return new Disturbance(0, 0, 0, Duration.ZERO, Duration.ZERO, 0, Duration.ofSeconds(1));
    }

    /** A bit of everything but crashes: conflicts, failures, delays of up to half a second, watches that last twenty seconds. */
    public static Disturbance everything() {
        return none().withConflicts(0.2)
                .withFailures(0.05)
                .withDelay(Duration.ofMillis(500))
                .withWatchLife(Duration.ofSeconds(20));
    }

    /** The same with conflicts. */
    public Disturbance withConflicts(double share) {
        return new Disturbance(share, failures, lostAnswers, delay, watchLife, crashAfter, restartAfter);
    }

    /** The same with calls that fail before they reach the server. */
    public Disturbance withFailures(double share) {
        return new Disturbance(conflicts, share, lostAnswers, delay, watchLife, crashAfter, restartAfter);
    }

    /** The same with writes that are done though the caller is told that they failed. */
    public Disturbance withLostAnswers(double share) {
        return new Disturbance(conflicts, failures, share, delay, watchLife, crashAfter, restartAfter);
    }

    /** The same with calls and events that take time. */
    public Disturbance withDelay(Duration longest) {
        return new Disturbance(conflicts, failures, lostAnswers, longest, watchLife, crashAfter, restartAfter);
    }

    /** The same with watches that are cut. */
    public Disturbance withWatchLife(Duration average) {
        return new Disturbance(conflicts, failures, lostAnswers, delay, average, crashAfter, restartAfter);
    }

    /** The same with a crash right after so many writes, before their caller hears of the last. */
    public Disturbance withCrashAfter(int writes) {
        return new Disturbance(conflicts, failures, lostAnswers, delay, watchLife, writes, restartAfter);
    }
}
