package dev.amphora.samples.conformance;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parts of texts that depend on how the reference was built or on the language it is written in. They are not compared. */
final class Masks {
    /** A part that is replaced on both sides before texts are compared. */
    private record Mask(Pattern part, String by) {}

    private static final List<Mask> ALL = List.of(
            new Mask(Pattern.compile("in scheme \"[^\"]*\""), "in scheme \"...\""),
            new Mask(Pattern.compile("\\n@@ .*", Pattern.DOTALL), "\n@@ ..."),
            new Mask(Pattern.compile("Go struct field \\S+ of type \\S+"), "Go struct field ... of type ..."),
            new Mask(Pattern.compile("selfType(?:\\d+|\\$\\{n\\})"), "selfType..."));

    private Masks() {}

    static String apply(String text) {
        String masked = text;
        for (Mask mask : ALL) {
            masked = mask.part.matcher(masked).replaceAll(Matcher.quoteReplacement(mask.by));
        }
        return masked;
    }
}
