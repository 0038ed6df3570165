package dev.amphora.apiserver.strategy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A unified diff of lines, by the method of Python's {@code difflib}, which the reference uses too: the longest run of equal lines first,
 * then the same to its left and right. Among 200 lines or more those that are in more than one of a hundred places don't begin a run.
 */
final class UnifiedDiff {
    private static final int MANY = 200;
    private static final int SHARE = 100;

    private final List<String> a;
    private final List<String> b;
    private final Map<String, List<Integer>> places = new HashMap<>();

    /** Equal lines: {@code size} of them from {@code a} and {@code b} on. */
    private record Run(int a, int b, int size) {}

    /** What becomes of the lines from {@code a} to {@code aEnd}: those from {@code b} to {@code bEnd}; the same if {@code equal}. */
    private record Step(boolean equal, int a, int aEnd, int b, int bEnd) {}

    private UnifiedDiff(List<String> a, List<String> b) {
        this.a = a;
        this.b = b;
        for (int i = 0; i < b.size(); i++) {
            places.computeIfAbsent(b.get(i), line -> new ArrayList<>()).add(i);
        }
        if (b.size() >= MANY) {
            places.values().removeIf(each -> each.size() > b.size() / SHARE + 1);
        }
    }

    /**
     * The difference.
     *
     * @param context how many equal lines are shown around what differs
     * @return lines, each with its end; empty if nothing differs
     */
    static String of(List<String> before, List<String> now, int context) {
        UnifiedDiff diff = new UnifiedDiff(before, now);
        StringBuilder text = new StringBuilder();
        for (List<Step> group : groups(diff.steps(), context)) {
            diff.print(group, text);
        }
        return text.toString();
    }

    private void print(List<Step> group, StringBuilder text) {
        Step first = group.get(0);
        Step last = group.get(group.size() - 1);
        text.append("@@ -%s +%s @@\n".formatted(range(first.a, last.aEnd), range(first.b, last.bEnd)));
        for (Step step : group) {
            if (step.equal) {
                a.subList(step.a, step.aEnd).forEach(line -> line(' ', line, text));
            } else {
                a.subList(step.a, step.aEnd).forEach(line -> line('-', line, text));
                b.subList(step.b, step.bEnd).forEach(line -> line('+', line, text));
            }
        }
    }

    private static void line(char sign, String line, StringBuilder text) {
        text.append(sign).append(line).append('\n');
    }

    private static String range(int start, int end) {
        int length = end - start;
        return length == 1 ? Integer.toString(start + 1) : (length == 0 ? start : start + 1) + "," + length;
    }

    private static List<List<Step>> groups(List<Step> steps, int context) {
        List<List<Step>> groups = new ArrayList<>();
        List<Step> group = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            if (!step.equal) {
                group.add(step);
                continue;
            }
            boolean isFirst = i == 0;
            boolean isLast = i == steps.size() - 1;
            int length = step.aEnd - step.a;
            if (!isFirst && (isLast || length > 2 * context)) {
                int shown = Math.min(context, length);
                group.add(new Step(true, step.a, step.a + shown, step.b, step.b + shown));
                groups.add(group);
                group = new ArrayList<>();
            }
            if (!isLast && (isFirst || length > 2 * context)) {
                int shown = Math.min(context, length);
                group.add(new Step(true, step.aEnd - shown, step.aEnd, step.bEnd - shown, step.bEnd));
            } else if (!isLast) {
                group.add(step);
            }
        }
        if (group.stream().anyMatch(step -> !step.equal)) {
            groups.add(group);
        }
        return groups;
    }

    private List<Step> steps() {
        List<Step> steps = new ArrayList<>();
        int fromA = 0;
        int fromB = 0;
        List<Run> runs = runs();
        runs.add(new Run(a.size(), b.size(), 0));
        for (Run run : runs) {
            if (fromA < run.a || fromB < run.b) {
                steps.add(new Step(false, fromA, run.a, fromB, run.b));
            }
            fromA = run.a + run.size;
            fromB = run.b + run.size;
            if (run.size > 0) {
                steps.add(new Step(true, run.a, fromA, run.b, fromB));
            }
        }
        return steps;
    }

    /** All runs in order; those that touch are one. */
    private List<Run> runs() {
        List<Run> found = new ArrayList<>();
        Deque<Step> open = new ArrayDeque<>();
        open.push(new Step(false, 0, a.size(), 0, b.size()));
        while (!open.isEmpty()) {
            Step part = open.pop();
            Run run = longest(part);
            if (run.size > 0) {
                found.add(run);
                open.push(new Step(false, part.a, run.a, part.b, run.b));
                open.push(new Step(false, run.a + run.size, part.aEnd, run.b + run.size, part.bEnd));
            }
        }
        found.sort(
                (one, other) -> one.a != other.a ? Integer.compare(one.a, other.a) : Integer.compare(one.b, other.b));
        List<Run> joined = new ArrayList<>();
        for (Run run : found) {
            Run last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
            if (last != null && last.a + last.size == run.a && last.b + last.size == run.b) {
                joined.set(joined.size() - 1, new Run(last.a, last.b, last.size + run.size));
            } else {
                joined.add(run);
            }
        }
        return joined;
    }

    /** The longest run within a part, the first if there are several. */
    private Run longest(Step part) {
        Run best = new Run(part.a, part.b, 0);
        Map<Integer, Integer> lengths = new HashMap<>();
        for (int i = part.a; i < part.aEnd; i++) {
            Map<Integer, Integer> ending = new HashMap<>();
            for (int j : places.getOrDefault(a.get(i), List.of())) {
                if (j < part.b) {
                    continue;
                }
                if (j >= part.bEnd) {
                    break;
                }
                int length = lengths.getOrDefault(j - 1, 0) + 1;
                ending.put(j, length);
                if (length > best.size) {
                    best = new Run(i - length + 1, j - length + 1, length);
                }
            }
            lengths = ending;
        }
        int startA = best.a;
        int startB = best.b;
        while (startA > part.a && startB > part.b && a.get(startA - 1).equals(b.get(startB - 1))) {
            startA--;
            startB--;
        }
        int endA = best.a + best.size;
        int endB = best.b + best.size;
        while (endA < part.aEnd && endB < part.bEnd && a.get(endA).equals(b.get(endB))) {
            endA++;
            endB++;
        }
        return new Run(startA, startB, endA - startA);
    }
}
