package dev.amphora.apiserver.customresource;

import com.google.re2j.Pattern;

/** One mail address as a header holds it: with or without a name before it. */
final class EmailFormat {
    private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\x{80}-\\x{10FFFF}-]+";
    private static final String DOT_ATOM = ATOM + "(\\." + ATOM + ")*";
    private static final String QUOTED = "\"([^\"\\\\\\x00-\\x08\\x0b-\\x1f]|\\\\[^\\x00-\\x1f])*\"";
    private static final String ADDRESS =
            "(" + DOT_ATOM + "|" + QUOTED + ")\\s*@\\s*(" + DOT_ATOM + "|\\[[^\\[\\]\\s]*\\])";
    private static final String NAME = "((" + DOT_ATOM + "\\.?|" + QUOTED + ")\\s*)*";
    private static final Pattern PATTERN =
            Pattern.compile("\\s*(" + ADDRESS + "|" + NAME + "<\\s*" + ADDRESS + "\\s*>)\\s*");

    private EmailFormat() {}

    static boolean isAddress(String text) {
        return PATTERN.matcher(text).matches();
    }
}
