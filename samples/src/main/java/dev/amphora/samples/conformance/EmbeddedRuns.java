package dev.amphora.samples.conformance;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Replays files against a fresh Amphora for each setting in which they were recorded. */
final class EmbeddedRuns {
    /** Nothing here has caches to be waited for. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** How the server is reached. */
    enum Way {
        /** Without a socket, in the time of a simulation. */
        in_process("in-process"),
        /** Over HTTPS. */
        https("https");

        private final String word;

        Way(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    private final double pauseFactor;
    private final @Nullable Pattern only;

    EmbeddedRuns(double pauseFactor, @Nullable Pattern only) {
        this.pauseFactor = pauseFactor;
        this.only = only;
    }

    /** Replays files and tells of each what came of it. */
    void replay(List<Path> files, Way way, Function<Path, Results> results) {
        Map<Setting, List<Path>> bySetting = new LinkedHashMap<>();
        files.forEach(file -> bySetting
                .computeIfAbsent(Setting.of(file), setting -> new ArrayList<>())
                .add(file));
        bySetting.forEach((setting, its) -> {
            Options options = new Options(
                    setting.hasControllers(), setting.hasNamespaceController(), pauseFactor, PATIENCE, only);
            try (Target target =
                            way == Way.https ? EmbeddedTarget.overHttps(setting) : EmbeddedTarget.inProcess(setting);
                    Session session = new Session(target, options)) {
                Replay replay = new Replay(session);
                its.forEach(file -> replay.replay(file, results.apply(file)));
            }
        });
    }
}
