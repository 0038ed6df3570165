package dev.amphora.samples.conformance;

import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How to replay.
 *
 * @param controllers whether a controller manager runs
 * @param namespaceController whether the namespace controller runs
 * @param pauseFactor what recorded pauses are multiplied with; 0 for a server without caches
 * @param patience for how long, in all, reads are repeated that don't fit yet
 * @param only cases whose file and name it finds; null for all
 */
record Options(
        boolean controllers,
        boolean namespaceController,
        double pauseFactor,
        Duration patience,
        @Nullable Pattern only) {

    boolean wants(String file, String name) {
        return only == null || only.matcher(file + " " + name).find();
    }
}
