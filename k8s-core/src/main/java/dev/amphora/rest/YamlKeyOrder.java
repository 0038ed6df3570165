package dev.amphora.rest;

import java.util.Comparator;

/** The order of keys in YAML as the reference writes it: other characters before letters, numbers within texts by their value. */
final class YamlKeyOrder implements Comparator<String> {
    static final YamlKeyOrder INSTANCE = new YamlKeyOrder();

    private YamlKeyOrder() {}

    @Override
    public int compare(String left, String right) {
        int[] a = left.codePoints().toArray();
        int[] b = right.codePoints().toArray();
        int i = 0;
        while (i < a.length && i < b.length && a[i] == b[i]) {
            i++;
        }
        if (i == a.length || i == b.length) {
            return Integer.compare(a.length, b.length);
        }
        boolean aLetter = Character.isLetter(a[i]);
        boolean bLetter = Character.isLetter(b[i]);
        if (aLetter && bLetter) {
            return Integer.compare(a[i], b[i]);
        }
        if (aLetter || bLetter) {
            boolean afterDigit = i > 0 && Character.isDigit(a[i - 1]);
            return aLetter == afterDigit ? -1 : 1;
        }
        return compareNumbers(a, b, i);
    }

    private static int compareNumbers(int[] a, int[] b, int start) {
        // A zero counts by its place only within a number that has begun.
        long begun = (a[start] == '0' || b[start] == '0') && follows(a, start) ? 1 : 0;
        int aEnd = end(a, start);
        int bEnd = end(b, start);
        long aNumber = number(a, start, aEnd, begun);
        long bNumber = number(b, start, bEnd, begun);
        if (aNumber != bNumber) {
            return Long.compare(aNumber, bNumber);
        }
        return aEnd != bEnd ? Integer.compare(aEnd, bEnd) : Integer.compare(a[start], b[start]);
    }

    private static boolean follows(int[] text, int start) {
        for (int i = start - 1; i >= 0 && Character.isDigit(text[i]); i--) {
            if (text[i] != '0') {
                return true;
            }
        }
        return false;
    }

    private static int end(int[] text, int start) {
        int end = start;
        while (end < text.length && Character.isDigit(text[end])) {
            end++;
        }
        return end;
    }

    private static long number(int[] text, int start, int end, long begun) {
        long number = begun;
        for (int i = start; i < end; i++) {
            number = number * 10 + text[i] - '0';
        }
        return number;
    }
}
