package dev.amphora.apiserver.cel;

import com.google.re2j.PatternSyntaxException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Refuses a regular expression that would take too long or too much memory to compile, before it is compiled. Repetitions within one
 * another, and how deeply groups may stand in one another, are counted as Go's parser counts them; how large it may be is less than there.
 * Whatever else may be wrong with an expression is left to its compiler.
 */
final class PatternLimits {
    private static final int LONGEST = 100_000;
    private static final long MOST_INSTRUCTIONS = 300_000;
    /** Instructions times groups: a search notes for each instruction where each group was found, some bytes apiece. */
    private static final long MOST_NOTES = 8_000_000;

    private static final long MOST_REPETITIONS = 1_000;
    private static final int DEEPEST = 1_000;
    private static final int LONGEST_SHOWN = 100;

    private final String text;
    private final Deque<Group> open = new ArrayDeque<>();
    private Group group = new Group();
    private int groups;
    private int at;

    /** What is known of a group, or of the whole, as far as it has been read. */
    private static final class Group {
        /** Instructions of all but the last atom. */
        long size;
        /** The most repetitions of anything in all but the last atom. */
        long repeated = 1;

        long lastSize;
        long lastRepeated = 1;

        void atom(long newSize, long newRepeated) {
            size += lastSize;
            repeated = Math.max(repeated, lastRepeated);
            lastSize = newSize;
            lastRepeated = newRepeated;
        }
    }

    private PatternLimits(String text) {
        this.text = text;
    }

    /**
     * Looks at an expression.
     *
     * @throws PatternSyntaxException if it is too much, in Go's words
     */
    static void check(String text) {
        if (text.length() > LONGEST) {
            throw tooLarge(text);
        }
        new PatternLimits(text).read();
    }

    private void read() {
        while (at < text.length()) {
            char c = text.charAt(at);
            switch (c) {
                case '\\' -> escape();
                case '[' -> characterClass();
                case '(' -> begin();
                case ')' -> end();
                case '|' -> {
                    group.atom(1, 1);
                    group.atom(0, 1);
                    at++;
                }
                case '*', '+', '?' -> {
                    grow(group.lastSize + 2, group.lastRepeated);
                    at++;
                    lazy();
                }
                case '{' -> counted();
                default -> {
                    group.atom(1, 1);
                    at++;
                }
            }
            long size = group.size + group.lastSize;
            if (size > MOST_INSTRUCTIONS || size * groups > MOST_NOTES) {
                throw tooLarge(text);
            }
        }
    }

    private void grow(long size, long repeated) {
        group.lastSize = size;
        group.lastRepeated = repeated;
    }

    private void lazy() {
        if (at < text.length() && text.charAt(at) == '?') {
            at++;
        }
    }

    private void escape() {
        char kind = at + 1 < text.length() ? text.charAt(at + 1) : ' ';
        if (kind == 'Q') {
            int end = text.indexOf("\\E", at);
            int after = end < 0 ? text.length() : end + 2;
            group.atom(after - at, 1);
            at = after;
            return;
        }
        at += 2;
        boolean named = kind == 'p' || kind == 'P' || kind == 'x';
        if (named && at < text.length() && text.charAt(at) == '{') {
            int end = text.indexOf('}', at);
            at = end < 0 ? text.length() : end + 1;
        }
        group.atom(1, 1);
    }

    private void characterClass() {
        at++;
        if (at < text.length() && text.charAt(at) == '^') {
            at++;
        }
        boolean first = true;
        while (at < text.length() && (first || text.charAt(at) != ']')) {
            first = false;
            int named = text.startsWith("[:", at) ? text.indexOf(":]", at + 2) : -1;
            if (named >= 0) {
                at = named + 2;
            } else {
                at += text.charAt(at) == '\\' ? 2 : 1;
            }
        }
        at++;
        group.atom(1, 1);
    }

    private void begin() {
        open.push(group);
        if (open.size() >= DEEPEST) {
            throw new PatternSyntaxException("expression nests too deeply", shown(text));
        }
        group = new Group();
        at++;
        if (at < text.length() && text.charAt(at) == '?') {
            at++;
        } else {
            groups++;
        }
    }

    private void end() {
        at++;
        if (open.isEmpty()) {
            return;
        }
        Group inner = group;
        inner.atom(0, 1);
        group = open.pop();
        group.atom(inner.size + 2, inner.repeated);
    }

    /** A count in braces; braces that hold none stand for themselves. */
    private void counted() {
        int end = text.indexOf('}', at);
        String count = end < 0 ? "" : text.substring(at + 1, end);
        int comma = count.indexOf(',');
        int least = number(comma < 0 ? count : count.substring(0, comma));
        boolean endless = comma == count.length() - 1;
        int most = comma < 0 || endless ? least : number(count.substring(comma + 1));
        if (least < 0 || most < 0) {
            group.atom(1, 1);
            at++;
            return;
        }
        long repeated = most == 0 ? 1 : most * group.lastRepeated;
        if (most >= 2 && repeated > MOST_REPETITIONS) {
            throw new PatternSyntaxException("invalid repeat count", text.substring(at, end + 1));
        }
        grow(most * group.lastSize + (most - least) + 2, repeated);
        at = end + 1;
        lazy();
    }

    /** A number of at most four digits; a longer one counts as 1,001, which is too many; -1 if it is none. */
    private static int number(String digits) {
        if (digits.isEmpty()) {
            return -1;
        }
        for (int i = 0; i < digits.length(); i++) {
            if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
                return -1;
            }
        }
        return digits.length() > 4 ? (int) MOST_REPETITIONS + 1 : Integer.parseInt(digits);
    }

    private static PatternSyntaxException tooLarge(String text) {
        return new PatternSyntaxException("expression too large", shown(text));
    }

    private static String shown(String text) {
        return text.substring(0, Math.min(text.length(), LONGEST_SHOWN));
    }
}
