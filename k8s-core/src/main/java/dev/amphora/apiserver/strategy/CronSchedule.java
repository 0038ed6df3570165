package dev.amphora.apiserver.strategy;

import com.google.common.collect.ImmutableMap;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The form of cron schedules: five fields, or a word such as {@code @daily}. */
final class CronSchedule {
    private static final List<String> DESCRIPTORS =
            List.of("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly");
    private static final Map<String, Integer> MONTHS =
            numbered(1, "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
    private static final Map<String, Integer> DAYS = numbered(0, "sun", "mon", "tue", "wed", "thu", "fri", "sat");
    private static final int[][] BOUNDS = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}};

    private CronSchedule() {}

    private static Map<String, Integer> numbered(int first, String... names) {
        ImmutableMap.Builder<String, Integer> numbers = ImmutableMap.builder();
        for (int i = 0; i < names.length; i++) {
            numbers.put(names[i], first + i);
        }
        return numbers.buildOrThrow();
    }

    /** What is wrong with a schedule, in the reference's words; empty if nothing. */
    static String problem(String schedule) {
        String text = schedule;
        if (text.startsWith("TZ=") || text.startsWith("CRON_TZ=")) {
            int space = text.indexOf(' ');
            text = space < 0 ? "" : text.substring(space).strip();
        }
        if (text.startsWith("@")) {
            if (DESCRIPTORS.contains(text)) {
                return "";
            }
            if (text.startsWith("@every ")) {
                String duration = text.substring("@every ".length());
                return duration.matches("([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+")
                        ? ""
                        : "failed to parse duration %s: time: invalid duration \"%s\"".formatted(text, duration);
            }
            return "unrecognized descriptor: " + text;
        }
        String[] fields = text.strip().split("\\s+");
        int count = text.isBlank() ? 0 : fields.length;
        if (count != 5) {
            return "expected exactly 5 fields, found %d: %s"
                    .formatted(count, Arrays.asList(fields).toString().replace(",", ""));
        }
        for (int i = 0; i < 5; i++) {
            Map<String, Integer> names = i == 3 ? MONTHS : i == 4 ? DAYS : Map.of();
            for (String part : fields[i].split(",")) {
                String problem = part.isEmpty() ? "" : range(part, BOUNDS[i], names);
                if (!problem.isEmpty()) {
                    return problem;
                }
            }
        }
        return "";
    }

    private static String range(String part, int[] bounds, Map<String, Integer> names) {
        String[] rangeAndStep = part.split("/", -1);
        String[] lowAndHigh = rangeAndStep[0].split("-", -1);
        boolean single = lowAndHigh.length == 1;
        long start;
        long end;
        long step = 1;
        try {
            if (lowAndHigh[0].equals("*") || lowAndHigh[0].equals("?")) {
                start = bounds[0];
                end = bounds[1];
            } else {
                start = number(lowAndHigh[0], names);
                if (lowAndHigh.length > 2) {
                    return "too many hyphens: " + part;
                }
                end = single ? start : number(lowAndHigh[1], names);
            }
            if (rangeAndStep.length == 2) {
                step = number(rangeAndStep[1], ImmutableMap.of());
                if (single && end == start) {
                    end = bounds[1];
                }
            } else if (rangeAndStep.length > 2) {
                return "too many slashes: " + part;
            }
        } catch (Unreadable e) {
            return e.problem;
        }
        if (start < bounds[0]) {
            return "beginning of range (%d) below minimum (%d): %s".formatted(start, bounds[0], part);
        }
        if (end > bounds[1]) {
            return "end of range (%d) above maximum (%d): %s".formatted(end, bounds[1], part);
        }
        if (start > end) {
            return "beginning of range (%d) beyond end of range (%d): %s".formatted(start, end, part);
        }
        return step == 0 ? "step of range should be a positive number: " + part : "";
    }

    private static long number(String text, Map<String, Integer> names) throws Unreadable {
        Integer named = names.get(text.toLowerCase(Locale.ROOT));
        if (named != null) {
            return named;
        }
        long number;
        try {
            number = Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new Unreadable(
                    "failed to parse int from %s: strconv.Atoi: parsing \"%s\": invalid syntax".formatted(text, text));
        }
        if (number < 0) {
            throw new Unreadable("negative number (%d) not allowed: %s".formatted(number, text));
        }
        return number;
    }

    /** A number that is none. */
    private static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1L;
        private final String problem;

        Unreadable(String problem) {
            super(problem, null, false, false);
            this.problem = problem;
        }
    }
}
