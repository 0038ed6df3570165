package dev.amphora.apiserver.cel;

import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import dev.amphora.api.Names;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.OptionalType;
import dev.cel.common.types.SimpleType;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Formats of names and values that an expression can ask for: {@code format.dns1123Label().validate(x)}. */
final class FormatFunctions {
    static final CelType FORMAT = OpaqueType.create("kubernetes.NamedFormat");

    private static final ImmutableMap<String, Format> FORMATS = ImmutableMap.<String, Format>builder()
            .put("dns1123Label", new Format("dns1123Label", Names::dns1123Label))
            .put("dns1123Subdomain", new Format("dns1123Subdomain", Names::dns1123Subdomain))
            .put("dns1035Label", new Format("dns1035Label", Names::dns1035Label))
            .put("dns1123LabelPrefix", prefix("dns1123LabelPrefix", Names::dns1123Label))
            .put("dns1123SubdomainPrefix", prefix("dns1123SubdomainPrefix", Names::dns1123Subdomain))
            .put("dns1035LabelPrefix", prefix("dns1035LabelPrefix", Names::dns1035Label))
            .put("qualifiedName", new Format("qualifiedName", Names::qualifiedName))
            .put("labelValue", new Format("labelValue", Names::labelValue))
            .put(
                    "uri",
                    new Format(
                            "uri",
                            text -> NetworkFunctions.isUrl(text)
                                    ? List.of()
                                    : List.of("parse %s: invalid URI for request".formatted(FieldError.quoted(text)))))
            .put(
                    "uuid",
                    pattern(
                            "uuid",
                            "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
                            "does not match the UUID format"))
            .put(
                    "byte",
                    pattern("byte", "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", "invalid base64"))
            .put("date", new Format("date", text -> isDate(text) ? List.of() : List.of("invalid date")))
            .put("datetime", new Format("datetime", text -> isDateTime(text) ? List.of() : List.of("invalid datetime")))
            .buildOrThrow();

    private FormatFunctions() {}

    /** A format by its name, which says what keeps a text from having it. */
    record Format(String name, Function<String, List<String>> rule) implements CelNames.Written {
        Optional<Object> validate(String text) {
            List<String> complaints = rule.apply(text);
            return complaints.isEmpty() ? Optional.empty() : Optional.of(complaints);
        }
    }

    private static Format pattern(String name, String regex, String complaint) {
        return new Format(name, text -> text.matches(regex) ? List.of() : List.of(complaint));
    }

    /** What a generated name begins with: an end is put after it. */
    private static Format prefix(String name, Function<String, List<String>> rule) {
        return new Format(
                name,
                text -> rule.apply(
                        text.length() > 1 && text.endsWith("-") ? text.substring(0, text.length() - 1) + "a" : text));
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
