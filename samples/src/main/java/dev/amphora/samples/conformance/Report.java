package dev.amphora.samples.conformance;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Prints what differs as it is found, and the totals. Safe for concurrent use. */
final class Report {
    private static final int LONGEST_LINE = 600;

    private final PrintWriter out;
    private final @Nullable PrintWriter everything;
    private final boolean verbose;
    private final Tally total = new Tally();
    private final Map<String, Tally> folders = new TreeMap<>();

    /**
     * @param out gets the first difference of each case, or all if verbose
     * @param everything gets every difference; null if nothing does
     */
    Report(PrintWriter out, @Nullable PrintWriter everything, boolean verbose) {
        this.out = out;
        this.everything = everything;
        this.verbose = verbose;
    }

    /**
     * What hears about the cases of a file.
     *
     * @param way how the server is reached, for messages
     */
    Results of(Path file, String way) {
        String folder = "[" + way + "] " + file.getParent();
        return new Results() {
            @Override
            public void replayed(String name, List<String> differences) {
                tell(folder, way + " " + file + " " + name, differences);
            }

            @Override
            public void skipped(String name, String reason) {
                skip(folder, way + " " + file + " " + name, reason);
            }
        };
    }

    private synchronized Tally[] tallies(String folder) {
        return new Tally[] {total, folders.computeIfAbsent(folder, name -> new Tally())};
    }

    private synchronized void tell(String folder, String title, List<String> differences) {
        for (Tally tally : tallies(folder)) {
            tally.count(differences.isEmpty());
        }
        if (differences.isEmpty()) {
            return;
        }
        String first = differences.get(0);
        if (verbose) {
            out.printf("FAIL %s:%n     %s%n", title, String.join(System.lineSeparator() + "     ", differences));
        } else {
            out.printf(
                    "FAIL %s: %s%s%n",
                    title,
                    first.substring(0, Math.min(first.length(), LONGEST_LINE)),
                    differences.size() > 1 ? "  (+" + (differences.size() - 1) + ")" : "");
        }
        out.flush();
        if (everything != null) {
            everything.println(title);
            differences.forEach(difference -> everything.println("    " + difference));
        }
    }

    private synchronized void skip(String folder, String title, String reason) {
        for (Tally tally : tallies(folder)) {
            tally.skipped();
        }
        out.printf("SKIP %s: %s%n", title, reason);
        out.flush();
    }

    /** Prints the totals, the one of all last; returns whether nothing failed. */
    synchronized boolean finish() {
        out.println();
        List<String> lines = new ArrayList<>();
        folders.forEach((folder, tally) -> lines.add(folder + ": " + tally));
        lines.forEach(out::println);
        out.println(total);
        out.flush();
        return !total.hasFailures();
    }
}
