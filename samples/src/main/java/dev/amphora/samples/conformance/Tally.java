package dev.amphora.samples.conformance;

/** How many cases passed, failed and were skipped. */
final class Tally {
    private int passed;
    private int failed;
    private int skipped;

    void passed() {
        passed++;
    }

    void failed() {
        failed++;
    }

    void skipped() {
        skipped++;
    }

    void count(boolean good) {
        if (good) {
            passed();
        } else {
            failed();
        }
    }

    boolean hasFailures() {
        return failed > 0;
    }

    @Override
    public String toString() {
        return passed + " passed, " + failed + " failed" + (skipped > 0 ? ", " + skipped + " skipped" : "");
    }
}
