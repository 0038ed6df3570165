package dev.amphora.api;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The rules for names, label keys and label values, with the texts of {@code k8s.io/apimachinery/pkg/util/validation}. */
public final class Names {
    private static final Pattern DNS_LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
    private static final Pattern DNS_SUBDOMAIN =
            Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
    private static final Pattern DNS_1035 = Pattern.compile("[a-z]([-a-z0-9]*[a-z0-9])?");
    private static final Pattern QUALIFIED_PART = Pattern.compile("([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]");
    private static final Pattern LABEL_VALUE = Pattern.compile("(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?");

    private static final String SUBDOMAIN_TEXT =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric"
                    + " characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used"
                    + " for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private static final String LABEL_TEXT =
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters"
                    + " or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for"
                    + " validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private static final String LABEL_1035_TEXT =
            "a DNS-1035 label must consist of lower case alphanumeric characters or"
                    + " '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or"
                    + " 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    private static final String QUALIFIED_TEXT =
            "name part must consist of alphanumeric characters, '-', '_' or '.', and"
                    + " must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for"
                    + " validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    private static final String LABEL_VALUE_TEXT = "a valid label must be an empty string or consist of alphanumeric"
            + " characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or"
            + " 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private Names() {}

    /** What keeps a text from being an RFC 1123 subdomain of at most 253 characters; empty if nothing does. */
    public static List<String> dns1123Subdomain(String value) {
        return check(value, 253, DNS_SUBDOMAIN, SUBDOMAIN_TEXT);
    }

    /** What keeps a text from being an RFC 1123 label of at most 63 characters; empty if nothing does. */
    public static List<String> dns1123Label(String value) {
        List<String> errors = new ArrayList<>();
        if (value.length() > 63) {
            errors.add(tooLong(63));
        }
        if (!DNS_LABEL.matcher(value).matches()) {
            errors.add(DNS_SUBDOMAIN.matcher(value).matches() ? "must not contain dots" : LABEL_TEXT);
        }
        return errors;
    }

    /** What keeps a text from being an RFC 1035 label of at most 63 characters; empty if nothing does. */
    public static List<String> dns1035Label(String value) {
        return check(value, 63, DNS_1035, LABEL_1035_TEXT);
    }

    /** What keeps a text from being one segment of a path, as the names of RBAC kinds are; empty if nothing does. */
    public static List<String> pathSegment(String value) {
        List<String> errors = new ArrayList<>();
        if (value.equals(".") || value.equals("..")) {
            errors.add("may not be '" + value + "'");
            return errors;
        }
        for (String illegal : List.of("/", "%")) {
            if (value.contains(illegal)) {
                errors.add("may not contain '" + illegal + "'");
            }
        }
        return errors;
    }

    /** What keeps a text from being a label key, such as {@code example.com/team}; empty if nothing does. */
    public static List<String> qualifiedName(String value) {
        List<String> errors = new ArrayList<>();
        String name = value;
        int slash = value.indexOf('/');
        if (slash >= 0) {
            if (value.indexOf('/', slash + 1) >= 0) {
                errors.add(
                        "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end"
                                + " with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for"
                                + " validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix"
                                + " and '/' (e.g. 'example.com/MyName')");
                return errors;
            }
            String prefix = value.substring(0, slash);
            name = value.substring(slash + 1);
            if (prefix.isEmpty()) {
                errors.add("prefix part must be non-empty");
            } else {
                dns1123Subdomain(prefix).forEach(error -> errors.add("prefix part " + error));
            }
        }
        if (name.isEmpty()) {
            errors.add("name part must be non-empty");
        } else if (name.length() > 63) {
            errors.add("name part " + tooLong(63));
        }
        if (!QUALIFIED_PART.matcher(name).matches()) {
            errors.add(QUALIFIED_TEXT);
        }
        return errors;
    }

    /** What keeps a text from being a label value; empty if nothing does. */
    public static List<String> labelValue(String value) {
        return check(value, 63, LABEL_VALUE, LABEL_VALUE_TEXT);
    }

    private static List<String> check(String value, int length, Pattern pattern, String text) {
        List<String> errors = new ArrayList<>();
        if (value.length() > length) {
            errors.add(tooLong(length));
        }
        if (!pattern.matcher(value).matches()) {
            errors.add(text);
        }
        return errors;
    }

    private static String tooLong(int length) {
        return "must be no more than " + length + " bytes";
    }
}
