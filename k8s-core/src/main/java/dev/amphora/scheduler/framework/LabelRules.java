package dev.amphora.scheduler.framework;

import dev.amphora.api.FieldError;
import dev.amphora.api.Names;
import java.util.List;

/** What a label can be. Selectors are read for each pod that comes, so that what is fine is told without regular expressions. */
final class LabelRules {
    private static final int LONGEST = 63;

    private LabelRules() {}

    /**
     * Looks at the key and the values of a requirement.
     *
     * @throws IllegalArgumentException if one of them can't be that of a label
     */
    static void check(String key, List<String> values) {
        checkKey(key, "key");
        for (int i = 0; i < values.size(); i++) {
            checkValue(values.get(i), "values[" + i + "][" + key + "]");
        }
    }

    static void checkKey(String key, String path) {
        int slash = key.indexOf('/');
        boolean plain = slash < 0 ? isName(key, 0) : isLowerCaseName(key, slash) && isName(key, slash + 1);
        if (!plain) {
            refuse(key, Names.qualifiedName(key), path);
        }
    }

    static void checkValue(String value, String path) {
        if (!value.isEmpty() && !isName(value, 0)) {
            refuse(value, Names.labelValue(value), path);
        }
    }

    private static void refuse(String text, List<String> why, String path) {
        if (!why.isEmpty()) {
            throw new IllegalArgumentException(
                    path + ": Invalid value: " + FieldError.quoted(text) + ": " + String.join("; ", why));
        }
    }

    private static boolean isName(String text, int from) {
        int end = text.length();
        if (end == from || end - from > LONGEST || !isLetterOrDigit(text.charAt(from))) {
            return false;
        }
        for (int i = from + 1; i < end; i++) {
            char c = text.charAt(i);
            if (!isLetterOrDigit(c) && c != '-' && c != '_' && c != '.') {
                return false;
            }
        }
        return isLetterOrDigit(text.charAt(end - 1));
    }

    /** A prefix that is certainly fine; others are looked at thoroughly. */
    private static boolean isLowerCaseName(String text, int end) {
        if (end == 0 || end > LONGEST) {
            return false;
        }
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            boolean letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
            boolean inside = i > 0 && i < end - 1 && (c == '.' || c == '-') && isLetterOrDigit(text.charAt(i - 1));
            if (!letter && !inside) {
                return false;
            }
            if (c == '-' && text.charAt(i + 1) == '.') {
                return false;
            }
        }
        return true;
    }

    private static boolean isLetterOrDigit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
}
