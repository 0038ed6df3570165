package dev.amphora.apiserver.strategy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What names, label keys, label values and their like may look like. Each check returns what is wrong, in order; empty if nothing. */
final class Names {
    private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final String LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
    private static final String SUBDOMAIN = LABEL + "(\\." + LABEL + ")*";
    private static final String SUBDOMAIN_UNDERSCORE =
            "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
    private static final String NAME_PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    private static final String LABEL_VALUE = "(" + NAME_PART + ")?";
    private static final String CONFIG_KEY = "[-._a-zA-Z0-9]+";
    private static final String HEADER = "[-A-Za-z0-9]+";
    private static final String PERCENT = "[0-9]+%";
    private static final String IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*";
    private static final String REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";

    private static final Pattern LABEL_PATTERN = Pattern.compile(LABEL);
    private static final Pattern LABEL_1035_PATTERN = Pattern.compile(LABEL_1035);
    private static final Pattern SUBDOMAIN_PATTERN = Pattern.compile(SUBDOMAIN);
    private static final Pattern SUBDOMAIN_UNDERSCORE_PATTERN = Pattern.compile(SUBDOMAIN_UNDERSCORE);
    private static final Pattern WILDCARD_PATTERN = Pattern.compile("\\*\\." + SUBDOMAIN);
    private static final Pattern NAME_PART_PATTERN = Pattern.compile(NAME_PART);
    private static final Pattern LABEL_VALUE_PATTERN = Pattern.compile(LABEL_VALUE);
    private static final Pattern CONFIG_KEY_PATTERN = Pattern.compile(CONFIG_KEY);
    private static final Pattern HEADER_PATTERN = Pattern.compile(HEADER);
    private static final Pattern PERCENT_PATTERN = Pattern.compile(PERCENT);
    private static final Pattern IDENTIFIER_PATTERN = Pattern.compile(IDENTIFIER);
    private static final Pattern REASON_PATTERN = Pattern.compile(REASON);
    private static final Pattern PORT_NAME_CHARACTERS = Pattern.compile("[-a-z0-9]+");
    private static final Pattern PORT_NAME_LETTER = Pattern.compile("[a-z]");

    private static final String LABEL_TEXT =
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or"
                    + " '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for"
                    + " validation is '" + LABEL + "')";
    private static final String SUBDOMAIN_TEXT =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric"
                    + " characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex"
                    + " used for validation is '" + SUBDOMAIN + "')";
    private static final String NAME_PART_RULE =
            "must consist of alphanumeric characters, '-', '_' or '.', and must start"
                    + " and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for"
                    + " validation is '" + NAME_PART + "')";

    private Names() {}

    /** Whether a text is a label of RFC 1123 for certain, and so a subdomain too: most names are. */
    private static boolean isPlainLabel(String text) {
        int length = text.length();
        if (length == 0 || length > 63 || !isLowerOrDigit(text.charAt(0)) || !isLowerOrDigit(text.charAt(length - 1))) {
            return false;
        }
        for (int i = 1; i < length - 1; i++) {
            char c = text.charAt(i);
            if (!isLowerOrDigit(c) && c != '-') {
                return false;
            }
        }
        return true;
    }

    /** Whether a text is a subdomain of RFC 1123 for certain. */
    private static boolean isPlainSubdomain(String text) {
        char before = '.';
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean fits = isLowerOrDigit(c) || c == '-' && before != '.' || c == '.' && isLowerOrDigit(before);
            if (!fits) {
                return false;
            }
            before = c;
        }
        return text.length() <= 253 && isLowerOrDigit(before);
    }

    private static boolean isLowerOrDigit(char c) {
        return c >= 'a' && c <= 'z' || c >= '0' && c <= '9';
    }

    private static boolean isAlphanumeric(char c) {
        return isLowerOrDigit(c) || c >= 'A' && c <= 'Z';
    }

    /** Whether a text may be the name in a label's key, and so a label's value too. */
    private static boolean isNamePart(String text) {
        int length = text.length();
        if (length == 0 || length > 63 || !isAlphanumeric(text.charAt(0)) || !isAlphanumeric(text.charAt(length - 1))) {
            return false;
        }
        for (int i = 1; i < length - 1; i++) {
            char c = text.charAt(i);
            if (!isAlphanumeric(c) && c != '-' && c != '_' && c != '.') {
                return false;
            }
        }
        return true;
    }

    /** An RFC 1123 label, such as a namespace's name. */
    static List<String> label(String text) {
        if (isPlainLabel(text)) {
            return List.of();
        }
        List<String> errors = new ArrayList<>();
        if (bytes(text) > 63) {
            errors.add("must be no more than 63 characters");
        }
        if (!LABEL_PATTERN.matcher(text).matches()) {
            errors.add(SUBDOMAIN_PATTERN.matcher(text).matches() ? "must not contain dots" : LABEL_TEXT);
        }
        return errors;
    }

    /** An RFC 1035 label: a letter first. */
    static List<String> label1035(String text) {
        return matching(
                text,
                63,
                LABEL_1035_PATTERN,
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic"
                        + " character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used"
                        + " for validation is '" + LABEL_1035 + "')");
    }

    /** An RFC 1123 subdomain: what most objects may be called. */
    static List<String> subdomain(String text) {
        if (isPlainSubdomain(text)) {
            return List.of();
        }
        return matching(text, 253, SUBDOMAIN_PATTERN, SUBDOMAIN_TEXT);
    }

    /** A subdomain in which labels may have underscores, such as a DNS search path. */
    static List<String> subdomainWithUnderscores(String text) {
        return matching(
                text,
                253,
                SUBDOMAIN_UNDERSCORE_PATTERN,
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must"
                        + " start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '"
                        + SUBDOMAIN_UNDERSCORE + "')");
    }

    /** A host with a star for its first label. */
    static List<String> wildcardSubdomain(String text) {
        return matching(
                text,
                253,
                WILDCARD_PATTERN,
                "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of"
                        + " lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g."
                        + " '*.example.com', regex used for validation is '\\*\\." + SUBDOMAIN + "')");
    }

    private static List<String> matching(String text, int longest, Pattern pattern, String rule) {
        List<String> errors = new ArrayList<>();
        if (bytes(text) > longest) {
            errors.add("must be no more than " + longest + " characters");
        }
        if (!pattern.matcher(text).matches()) {
            errors.add(rule);
        }
        return errors;
    }

    /** The name of a variable in C. */
    static List<String> identifier(String text) {
        return IDENTIFIER_PATTERN.matcher(text).matches()
                ? List.of()
                : List.of("a valid C identifier must start with alphabetic character or '_', followed by a string of"
                        + " alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for"
                        + " validation is '" + IDENTIFIER + "')");
    }

    /** Why a condition is as it is, in one word. */
    static List<String> conditionReason(String text) {
        return REASON_PATTERN.matcher(text).matches()
                ? List.of()
                : List.of("a condition reason must start with alphabetic character, optionally followed by a string of"
                        + " alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g."
                        + " 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex"
                        + " used for validation is '" + REASON + "')");
    }

    /** What may stand as one part of a path, such as the name of a role. */
    static List<String> pathSegment(String text) {
        if (text.equals(".") || text.equals("..")) {
            return List.of("may not be '" + text + "'");
        }
        List<String> errors = new ArrayList<>();
        for (String illegal : List.of("/", "%")) {
            if (text.contains(illegal)) {
                errors.add("may not contain '" + illegal + "'");
            }
        }
        return errors;
    }

    /** The key of a label: a name with an optional prefix. */
    static List<String> labelKey(String text) {
        int slash = text.indexOf('/');
        if (isNamePart(text.substring(slash + 1)) && (slash < 0 || isPlainSubdomain(text.substring(0, slash)))) {
            return List.of();
        }
        List<String> errors = new ArrayList<>();
        String[] parts = text.split("/", -1);
        if (parts.length > 2) {
            errors.add("a valid label key " + NAME_PART_RULE + " with an optional DNS subdomain prefix and '/' (e.g."
                    + " 'example.com/MyName')");
            return errors;
        }
        if (parts.length == 2) {
            if (parts[0].isEmpty()) {
                errors.add("prefix part must be non-empty");
            } else {
                if (bytes(parts[0]) > 253) {
                    errors.add("prefix part must be no more than 253 bytes");
                }
                if (!SUBDOMAIN_PATTERN.matcher(parts[0]).matches()) {
                    errors.add("prefix part " + SUBDOMAIN_TEXT);
                }
            }
        }
        String name = parts[parts.length - 1];
        if (name.isEmpty()) {
            errors.add("name part must be non-empty");
        } else if (bytes(name) > 63) {
            errors.add("name part must be no more than 63 bytes");
        }
        if (!NAME_PART_PATTERN.matcher(name).matches()) {
            errors.add("name part " + NAME_PART_RULE);
        }
        return errors;
    }

    /** The value of a label. */
    static List<String> labelValue(String text) {
        if (text.isEmpty() || isNamePart(text)) {
            return List.of();
        }
        List<String> errors = new ArrayList<>();
        if (bytes(text) > 63) {
            errors.add("must be no more than 63 bytes");
        }
        if (!LABEL_VALUE_PATTERN.matcher(text).matches()) {
            errors.add(
                    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and"
                            + " must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345',"
                            + " regex used for validation is '" + LABEL_VALUE + "')");
        }
        return errors;
    }

    /** The key of an entry of a ConfigMap or Secret. */
    static List<String> configKey(String text) {
        List<String> errors = new ArrayList<>();
        if (bytes(text) > 253) {
            errors.add("must be no more than 253 characters");
        }
        if (!CONFIG_KEY_PATTERN.matcher(text).matches()) {
            errors.add(
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or"
                            + " 'KEY_NAME',  or 'key-name', regex used for validation is '" + CONFIG_KEY + "')");
        }
        if (text.equals(".")) {
            errors.add("must not be '.'");
        } else if (text.equals("..")) {
            errors.add("must not be '..'");
        } else if (text.startsWith("..")) {
            errors.add("must not start with '..'");
        }
        return errors;
    }

    /** The name of an environment variable. */
    static List<String> environmentVariable(String text) {
        List<String> errors = new ArrayList<>();
        if (text.isEmpty()) {
            errors.add(
                    "a valid environment variable name must consist only of printable ASCII characters other than '='");
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~' || c == '=') {
                errors.add(
                        "a valid environment variable name must consist only of printable ASCII characters other than '='");
                break;
            }
        }
        return errors;
    }

    /** The name of a port: what IANA takes for a service name. */
    static List<String> portName(String text) {
        List<String> errors = new ArrayList<>();
        if (bytes(text) > 15) {
            errors.add("must be no more than 15 characters");
        }
        if (!PORT_NAME_CHARACTERS.matcher(text).matches()) {
            errors.add("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
        }
        if (!PORT_NAME_LETTER.matcher(text).find()) {
            errors.add("must contain at least one letter (a-z)");
        }
        if (text.contains("--")) {
            errors.add("must not contain consecutive hyphens");
        }
        if (!text.isEmpty() && (text.startsWith("-") || text.endsWith("-"))) {
            errors.add("must not begin or end with a hyphen");
        }
        return errors;
    }

    /** The name of an HTTP header. */
    static List<String> httpHeader(String text) {
        return HEADER_PATTERN.matcher(text).matches()
                ? List.of()
                : List.of(
                        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex"
                                + " used for validation is '" + HEADER + "')");
    }

    /** A percentage, such as {@code 25%}. */
    static List<String> percent(String text) {
        return PERCENT_PATTERN.matcher(text).matches()
                ? List.of()
                : List.of(
                        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%',"
                                + " regex used for validation is '" + PERCENT + "')");
    }

    /** How long a text is where the reference counts bytes. */
    static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
