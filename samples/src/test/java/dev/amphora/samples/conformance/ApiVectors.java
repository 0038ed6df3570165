package dev.amphora.samples.conformance;

import dev.amphora.samples.conformance.EmbeddedRuns.Way;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The recordings that the repository carries, replayed against fresh servers. */
final class ApiVectors {
    private ApiVectors() {}

    /**
     * Replays a topic and fails unless what differs is what is known to differ.
     *
     * @param files which of its files, by a part of their paths
     */
    static void replay(String topic, Way way, Pattern files) throws IOException, URISyntaxException {
        URL archive = ApiVectors.class.getResource("/conformance/api/" + topic + ".zip");
        Outcomes outcomes = new Outcomes();
        try (VectorFiles.Opened opened = VectorFiles.open(List.of(Path.of(archive.toURI())), "api")) {
            List<Path> chosen = opened.files().stream()
                    .filter(Replay::holdsCases)
                    .filter(file -> files.matcher(file.toString()).find())
                    .toList();
            new EmbeddedRuns(0, null).replay(chosen, way, file -> outcomes.of(file.toString()));
        }
        outcomes.assertOnly(KnownFailures.of(way.toString(), topic));
    }
}
