package dev.amphora.runtime.fake;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What pulling an image is like. Immutable; by default an image is absent until it is pulled, and a pull succeeds at once.
 *
 * @param present whether the image is there from the start
 * @param pullDelay how long a pull takes
 * @param pullErrors what the first pulls fail with, in order; later ones succeed
 * @param everyPullError what every pull fails with; null for none
 * @param sizeBytes of the image
 */
public record ImageBehavior(
        boolean present, Duration pullDelay, List<String> pullErrors, @Nullable String everyPullError, long sizeBytes) {
    private static final ImageBehavior DEFAULTS = new ImageBehavior(false, Duration.ZERO, List.of(), null, 1000);

    /** Absent at first, pulled at once. */
    public static ImageBehavior pulls() {
        return DEFAULTS;
    }

    /** There from the start. */
    public static ImageBehavior isPresent() {
        return new ImageBehavior(true, Duration.ZERO, List.of(), null, 1000);
    }

    /**
     * Cannot be pulled.
     *
     * @param error the message of every pull
     */
    public static ImageBehavior fails(String error) {
        return new ImageBehavior(false, Duration.ZERO, List.of(), error, 1000);
    }

    /** The same, but a pull takes time. */
    public ImageBehavior after(Duration delay) {
        return new ImageBehavior(present, delay, pullErrors, everyPullError, sizeBytes);
    }

    /** The same, but the first pulls fail with these messages. */
    public ImageBehavior failingFirst(String... errors) {
        return new ImageBehavior(present, pullDelay, List.of(errors), everyPullError, sizeBytes);
    }

    /** The same with a size in bytes. */
    public ImageBehavior size(long bytes) {
        return new ImageBehavior(present, pullDelay, pullErrors, everyPullError, bytes);
    }
}
