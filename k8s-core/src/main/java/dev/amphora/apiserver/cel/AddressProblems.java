package dev.amphora.apiserver.cel;

import dev.amphora.api.FieldError;

/** Why a text is no IP address, as the reference says it. */
final class AddressProblems {
    private AddressProblems() {}

    /** Why a text that is no address is none. */
    static String of(String text) {
        boolean six = text.indexOf(':') >= 0;
        if (six && text.indexOf('.') > 0 && text.indexOf('%') < 0) {
            return "IPv4-mapped IPv6 address %s is not allowed".formatted(FieldError.quoted(text));
        }
        if (six && text.indexOf('%') > 0) {
            return "IP address %s with zone value is not allowed".formatted(FieldError.quoted(text));
        }
        return "IP Address %1$s parse error during conversion from string: ParseAddr(%1$s): %2$s"
                .formatted(FieldError.quoted(text), detail(text));
    }

    /** What is wrong with the text itself. */
    static String detail(String text) {
        for (int i = 0; i < text.length(); i++) {
            switch (text.charAt(i)) {
                case '.' -> {
                    return four(text);
                }
                case '%' -> {
                    return "missing IPv6 address";
                }
                case ':' -> {
                    return "unable to parse IP";
                }
                default -> {}
            }
        }
        return "unable to parse IP";
    }

    private static String four(String text) {
        int fields = 0;
        int value = 0;
        int digits = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= '0' && c <= '9') {
                if (digits == 1 && value == 0) {
                    return "IPv4 field has octet with leading zero";
                }
                value = value * 10 + (c - '0');
                digits++;
                if (value > 255) {
                    return "IPv4 field has value >255";
                }
            } else if (c == '.') {
                if (digits == 0 || i == text.length() - 1) {
                    return "IPv4 field must have at least one digit (at %s)"
                            .formatted(FieldError.quoted(text.substring(i)));
                }
                if (fields == 3) {
                    return "IPv4 address too long";
                }
                fields++;
                value = 0;
                digits = 0;
            } else {
                return "unexpected character (at %s)".formatted(FieldError.quoted(text.substring(i)));
            }
        }
        return fields < 3 ? "IPv4 address too short" : "unable to parse IP";
    }
}
