package dev.amphora.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What came of cases that were replayed. Safe for concurrent use. */
final class Outcomes {
    private final Set<String> replayed = new TreeSet<>();
    private final Map<String, List<String>> failed = new TreeMap<>();

    /** What hears about the cases of a file or scenario. */
    Results of(String file) {
        return new Results() {
            @Override
            public void replayed(String name, List<String> differences) {
                add(file + " " + name, differences);
            }

            @Override
            public void skipped(String name, String reason) {
                // it can't be replayed this way
            }
        };
    }

    /** The same for a file that is replayed again: what it told before is forgotten. */
    synchronized Results again(String file) {
        replayed.removeIf(name -> name.startsWith(file + " "));
        failed.keySet().removeIf(name -> name.startsWith(file + " "));
        return of(file);
    }

    /** Whether a file differs in what isn't known to. */
    synchronized boolean surprises(KnownFailures known, String file) {
        return known.disagreement(replayed, failed.keySet()).stream()
                .anyMatch(message -> message.startsWith(KnownFailures.FAILS + file + " "));
    }

    private synchronized void add(String name, List<String> differences) {
        replayed.add(name);
        if (!differences.isEmpty()) {
            failed.put(name, differences);
        }
    }

    /** Fails unless what differed is what is known to differ. */
    synchronized void assertOnly(KnownFailures known) {
        List<String> disagreement = known.disagreement(replayed, failed.keySet());
        assertThat(replayed).isNotEmpty();
        assertThat(disagreement).as(() -> differences(disagreement)).isEmpty();
    }

    private String differences(List<String> messages) {
        Map<String, List<String>> out = new TreeMap<>(failed);
        out.keySet().removeIf(name -> !messages.contains(KnownFailures.FAILS + name));
        return out.toString();
    }
}
