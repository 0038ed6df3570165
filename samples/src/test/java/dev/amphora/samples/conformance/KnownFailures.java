package dev.amphora.samples.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Cases that are known to differ, one a line. A case that differs and isn't listed fails the test, and so does one that is listed and
 * doesn't differ: the list only shrinks.
 *
 * <p>The lists are written anew by {@code mvn -pl samples -am test -Dtest='*Conformance*' -Dsurefire.failIfNoSpecifiedTests=false
 * -Dconformance.record=true}.
 */
final class KnownFailures {
    /** Begins a message about a case that differs. */
    static final String FAILS = "fails: ";

    private static final Path FOLDER = Path.of("src/test/resources/conformance/known-failures");
    private static final boolean RECORD = Boolean.getBoolean("conformance.record");

    private final Path file;

    private KnownFailures(Path file) {
        this.file = file;
    }

    /**
     * Those of a part of the recordings.
     *
     * @param way how it is replayed
     */
    static KnownFailures of(String way, String part) {
        return new KnownFailures(FOLDER.resolve(way).resolve(part + ".txt"));
    }

    /** What the list and the outcome disagree about; nothing when the list is being written. */
    List<String> disagreement(Set<String> replayed, Set<String> failed) {
        try {
            if (RECORD) {
                Files.createDirectories(file.getParent());
                Files.write(file, new TreeSet<>(failed));
            }
            Set<String> known = Files.exists(file) ? new TreeSet<>(Files.readAllLines(file)) : new TreeSet<>();
            Set<String> out = new TreeSet<>();
            failed.stream().filter(name -> !known.contains(name)).forEach(name -> out.add(FAILS + name));
            known.stream()
                    .filter(name -> replayed.contains(name) && !failed.contains(name))
                    .forEach(name -> out.add("passes, though it is listed in " + file + ": " + name));
            return List.copyOf(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
