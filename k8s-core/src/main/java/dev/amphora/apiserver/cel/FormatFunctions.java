package dev.amphora.apiserver.cel;

import com.google.common.collect.ImmutableMap;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.OptionalType;
import dev.cel.common.types.SimpleType;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Formats of names and values that an expression can ask for: {@code format.dns1123Label().validate(x)}. */
final class FormatFunctions {
    static final CelType FORMAT = OpaqueType.create("kubernetes.NamedFormat");

    private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final String LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
    private static final String SUBDOMAIN = LABEL + "(\\." + LABEL + ")*";
    private static final String PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

    private static final ImmutableMap<String, Format> FORMATS = ImmutableMap.<String, Format>builder()
            .put("dns1123Label", pattern("dns1123Label", LABEL, 63, "a lowercase RFC 1123 label"))
            .put("dns1123Subdomain", pattern("dns1123Subdomain", SUBDOMAIN, 253, "a lowercase RFC 1123 subdomain"))
            .put("dns1035Label", pattern("dns1035Label", LABEL_1035, 63, "a DNS-1035 label"))
            .put("dns1123LabelPrefix", prefix("dns1123LabelPrefix", LABEL, 63, "a lowercase RFC 1123 label"))
            .put(
                    "dns1123SubdomainPrefix",
                    prefix("dns1123SubdomainPrefix", SUBDOMAIN, 253, "a lowercase RFC 1123 subdomain"))
            .put("dns1035LabelPrefix", prefix("dns1035LabelPrefix", LABEL_1035, 63, "a DNS-1035 label"))
            .put("qualifiedName", pattern("qualifiedName", "(" + SUBDOMAIN + "/)?" + PART, 317, "a qualified name"))
            .put("labelValue", pattern("labelValue", "(" + PART + ")?", 63, "a valid label"))
            .put("uri", new Format("uri", NetworkFunctions::isUrl, "invalid URI"))
            .put(
                    "uuid",
                    pattern(
                            "uuid",
                            "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
                            36,
                            "a valid UUID"))
            .put(
                    "byte",
                    pattern(
                            "byte",
                            "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
                            Integer.MAX_VALUE,
                            "base64"))
            .put("date", new Format("date", FormatFunctions::isDate, "invalid date"))
            .put("datetime", new Format("datetime", FormatFunctions::isDateTime, "invalid datetime"))
            .buildOrThrow();

    private FormatFunctions() {}

    /** A format by its name. */
    record Format(String name, Predicate<String> rule, String complaint) implements CelNames.Written {
        Optional<Object> validate(String text) {
            return rule.test(text) ? Optional.empty() : Optional.of(List.of(complaint));
        }
    }

    private static Format pattern(String name, String regex, int longest, String what) {
        return new Format(
                name,
                text -> text.length() <= longest && text.matches(regex),
                what + " must match the regular expression '" + regex + "'");
    }

    /** What a generated name begins with: an end is put after it. */
    private static Format prefix(String name, String regex, int longest, String what) {
        return new Format(
                name,
                text -> text.length() <= longest
                        && (text.endsWith("-") && text.length() > 1 ? text.substring(0, text.length() - 1) + "a" : text)
                                .matches(regex),
                what + " must match the regular expression '" + regex + "'");
    }

    private static boolean isDate(String text) {
        return text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}");
    }

    private static boolean isDateTime(String text) {
        return text.matches(
                "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([zZ]|[+-][0-9]{2}:[0-9]{2})");
    }

    static void addTo(CelFunctions functions) {
        FORMATS.forEach((name, format) ->
                functions.global("format." + name, "format_" + name, FORMAT, List.of(), List.of(), a -> format));
        functions.global(
                "format.named",
                "format_named",
                OptionalType.create(FORMAT),
                List.of(SimpleType.STRING),
                List.of(String.class),
                a -> Optional.ofNullable((Object) FORMATS.get((String) a[0])));
        functions.member(
                "validate",
                "format_validate",
                OptionalType.create(ListType.create(SimpleType.STRING)),
                List.of(FORMAT, SimpleType.STRING),
                List.of(Format.class, String.class),
                a -> ((Format) a[0]).validate((String) a[1]));
    }
}
