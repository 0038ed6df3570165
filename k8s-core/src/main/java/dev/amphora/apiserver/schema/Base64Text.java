package dev.amphora.apiserver.schema;

/** Base64 as JSON carries bytes: padded, the standard alphabet, line breaks ignored. */
final class Base64Text {
    private Base64Text() {}

    /** The offset at which decoding fails; -1 if it doesn't. */
    static int firstIllegal(String text) {
        int inGroup = 0;
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            if (c == '\r' || c == '\n') {
                i++;
            } else if (isDigit(c)) {
                inGroup = (inGroup + 1) % 4;
                i++;
            } else if (c == '=' && inGroup >= 2) {
                return padding(text, i, inGroup);
            } else {
                return i;
            }
        }
        return inGroup == 0 ? -1 : text.length() - inGroup;
    }

    /** Checks what follows the first padding character. */
    private static int padding(String text, int start, int inGroup) {
        int i = skipBreaks(text, start + 1);
        if (inGroup == 2) {
            if (i == text.length()) {
                return text.length();
            }
            if (text.charAt(i) != '=') {
                return i - 1;
            }
            i = skipBreaks(text, i + 1);
        }
        return i < text.length() ? i : -1;
    }

    private static int skipBreaks(String text, int from) {
        int i = from;
        while (i < text.length() && (text.charAt(i) == '\r' || text.charAt(i) == '\n')) {
            i++;
        }
        return i;
    }

    private static boolean isDigit(char c) {
        return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/';
    }

    static String withoutLineBreaks(String text) {
        return text.indexOf('\n') < 0 && text.indexOf('\r') < 0
                ? text
                : text.replace("\n", "").replace("\r", "");
    }
}
