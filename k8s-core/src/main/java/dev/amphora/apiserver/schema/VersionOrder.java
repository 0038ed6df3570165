package dev.amphora.apiserver.schema;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The order of API versions: {@code v2} before {@code v1} before {@code v1beta2} before {@code v1alpha1} before other names. */
public final class VersionOrder {
    /** What is to be preferred comes first. */
    public static final Comparator<String> PREFERRED_FIRST = Comparator.comparingInt(VersionOrder::stability)
            .thenComparing(Comparator.comparingLong(VersionOrder::major).reversed())
            .thenComparing(Comparator.comparingLong(VersionOrder::minor).reversed())
            .thenComparing(Comparator.naturalOrder());

    private static final Pattern VERSION = Pattern.compile("v([0-9]{1,9})(?:(alpha|beta)([0-9]{1,9}))?");

    private VersionOrder() {}

    private static int stability(String version) {
        Matcher matcher = VERSION.matcher(version);
        if (!matcher.matches()) {
            return 3;
        }
        return matcher.group(2) == null ? 0 : matcher.group(2).equals("beta") ? 1 : 2;
    }

    private static long major(String version) {
        return number(version, 1);
    }

    private static long minor(String version) {
        return number(version, 3);
    }

    private static long number(String version, int group) {
        Matcher matcher = VERSION.matcher(version);
        return matcher.matches() && matcher.group(group) != null ? Long.parseLong(matcher.group(group)) : 0;
    }
}
