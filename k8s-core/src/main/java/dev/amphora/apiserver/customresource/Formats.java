package dev.amphora.apiserver.customresource;

import com.google.common.collect.ImmutableMap;
import com.google.common.net.InetAddresses;
import com.google.re2j.Pattern;
import java.net.InetAddress;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** The formats of texts that a schema can name. Names that are not known are no rule. */
final class Formats {
    private static final String HEX = "[0-9a-f]";
    private static final Pattern DIGITS_ONLY = Pattern.compile("[^0-9]+");
    private static final Pattern SPACES_AND_DASHES = Pattern.compile("[\\s-]+");
    private static final Pattern HOST = Pattern.compile("([a-zA-Z0-9\\pS\\pL]((-?[a-zA-Z0-9\\pS\\pL]{0,62})?)"
            + "|([a-zA-Z0-9\\pS\\pL](([a-zA-Z0-9-\\pS\\pL]{0,61}[a-zA-Z0-9\\pS\\pL])?)(\\.))+([a-zA-Z\\pL]){2,63})");
    private static final Pattern TIME =
            Pattern.compile("([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))");
    private static final Pattern GO_DURATION =
            Pattern.compile("[-+]?(0|(([0-9]+\\.?[0-9]*|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)");
    private static final Pattern WORDY_DURATION = Pattern.compile("(\\d+)\\s*([A-Za-zµ]+)");
    private static final List<List<String>> UNITS = List.of(
            List.of("ns", "nano"),
            List.of("us", "µs", "micro"),
            List.of("ms", "milli"),
            List.of("s", "sec"),
            List.of("m", "min"),
            List.of("h", "hr", "hour"),
            List.of("d", "day"),
            List.of("w", "wk", "week"));

    private static final ImmutableMap<String, Predicate<String>> KNOWN =
            ImmutableMap.<String, Predicate<String>>builder()
                    .put("bsonobjectid", pattern("(?i)" + HEX + "{24}"))
                    .put("uri", UriFormat::isRequestUri)
                    .put("email", EmailFormat::isAddress)
                    .put("hostname", Formats::isHostname)
                    .put("ipv4", text -> isAddress(text) && text.contains("."))
                    .put("ipv6", text -> isAddress(text) && text.contains(":"))
                    .put("cidr", Formats::isCidr)
                    .put("mac", Formats::isMac)
                    .put("uuid", uuid(HEX, HEX))
                    .put("uuid3", uuid("3", HEX))
                    .put("uuid4", uuid("4", "[89ab]"))
                    .put("uuid5", uuid("5", "[89ab]"))
                    .put("isbn", text -> isIsbn10(text) || isIsbn13(text))
                    .put("isbn10", Formats::isIsbn10)
                    .put("isbn13", Formats::isIsbn13)
                    .put("creditcard", Formats::isCreditCard)
                    .put("ssn", pattern("\\d{3}[- ]\\d{2}[- ]\\d{4}"))
                    .put("hexcolor", pattern("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"))
                    .put("rgbcolor", rgb())
                    .put(
                            "byte",
                            pattern("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"))
                    .put("password", text -> true)
                    .put("date", Formats::isDate)
                    .put("duration", Formats::isDuration)
                    .put("datetime", Formats::isDateTime)
                    .put(
                            "k8sshortname",
                            text -> text.length() <= 63
                                    && pattern("[a-z0-9]([-a-z0-9]*[a-z0-9])?").test(text))
                    .put(
                            "k8slongname",
                            text -> text.length() <= 253
                                    && pattern("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
                                            .test(text))
                    .buildOrThrow();

    private Formats() {}

    /** Whether a name, dashes or not, is that of a format. */
    static boolean isKnown(String format) {
        return KNOWN.containsKey(plain(format));
    }

    /** Whether a format says something about values of a type; of none, of more than one, or of text are alike. */
    static boolean isRecognized(String type, String format) {
        return switch (type) {
            case "", "string" -> isKnown(format) || format.equals("quantity");
            case "integer" -> format.equals("int32") || format.equals("int64");
            case "number" -> format.equals("float") || format.equals("double");
            default -> false;
        };
    }

    /** Whether a text has a format. */
    static boolean matches(String format, String text) {
        Predicate<String> rule = KNOWN.get(plain(format));
        return rule == null || rule.test(text);
    }

    private static String plain(String format) {
        return format.replace("-", "");
    }

    private static Predicate<String> pattern(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return text -> pattern.matcher(text).matches();
    }

    private static Predicate<String> uuid(String version, String variant) {
        return pattern("(?i)%1$s{8}-?%1$s{4}-?%2$s%1$s{3}-?%3$s%1$s{3}-?%1$s{12}".formatted(HEX, version, variant));
    }

    private static Predicate<String> rgb() {
        String part = "\\s*(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*";
        return pattern("rgb\\(%1$s,%1$s,%1$s\\)".formatted(part));
    }

    private static boolean isHostname(String text) {
        if (!HOST.matcher(text).matches()) {
            return false;
        }
        for (String label : text.split("\\.", -1)) {
            if (label.length() > 63) {
                return false;
            }
        }
        return text.length() <= 255;
    }

    /** Leading zeros are taken for what they are not. */
    private static boolean isAddress(String text) {
        return text.indexOf('%') < 0
                && InetAddresses.isInetAddress(text.replaceAll("(^|[.:])0+(?=[0-9]+(\\.|$))", "$1"));
    }

    private static boolean isCidr(String text) {
        int slash = text.lastIndexOf('/');
        if (slash < 0 || !isAddress(text.substring(0, slash))) {
            return false;
        }
        String bits = text.substring(slash + 1);
        if (!bits.matches("[0-9]{1,3}")) {
            return false;
        }
        InetAddress address =
                InetAddresses.forString(text.substring(0, slash).replaceAll("(^|[.:])0+(?=[0-9]+(\\.|$))", "$1"));
        int longest = text.indexOf(':') >= 0 ? 128 : address.getAddress().length * 8;
        return Integer.parseInt(bits) <= longest;
    }

    private static boolean isMac(String text) {
        for (int size : new int[] {6, 8, 20}) {
            String pairs = "[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){%d}".formatted(size - 1);
            String fours = "[0-9a-fA-F]{4}(\\.[0-9a-fA-F]{4}){%d}".formatted(size / 2 - 1);
            boolean mixed = text.indexOf(':') >= 0 && text.indexOf('-') >= 0;
            if (text.matches(pairs) && !mixed || text.matches(fours)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isIsbn10(String text) {
        String digits = SPACES_AND_DASHES.matcher(text).replaceAll("");
        if (!digits.matches("[0-9]{9}[0-9X]")) {
            return false;
        }
        int sum = 0;
        for (int i = 0; i < 10; i++) {
            sum += (i + 1) * (digits.charAt(i) == 'X' ? 10 : digits.charAt(i) - '0');
        }
        return sum % 11 == 0;
    }

    private static boolean isIsbn13(String text) {
        String digits = SPACES_AND_DASHES.matcher(text).replaceAll("");
        if (!digits.matches("[0-9]{13}")) {
            return false;
        }
        int sum = 0;
        for (int i = 0; i < 13; i++) {
            sum += (i % 2 == 0 ? 1 : 3) * (digits.charAt(i) - '0');
        }
        return sum % 10 == 0;
    }

    private static boolean isCreditCard(String text) {
        String digits = DIGITS_ONLY.matcher(text).replaceAll("");
        if (!digits.matches("4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}"
                + "|(222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
                + "|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}"
                + "|(?:2131|1800|35\\d{3})\\d{11}|6[27][0-9]{14}")) {
            return false;
        }
        int sum = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(digits.length() - 1 - i) - '0';
            int doubled = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
            sum += i % 2 == 0 ? digit : doubled;
        }
        return sum % 10 == 0;
    }

    private static boolean isDate(String text) {
        if (!text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}")) {
            return false;
        }
        try {
            LocalDate.parse(text);
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static boolean isDateTime(String text) {
        String[] parts = text.toLowerCase(Locale.ROOT).split("t", -1);
        if (text.length() < 4 || parts.length < 2 || !isDate(parts[0])) {
            return false;
        }
        var time = TIME.matcher(parts[1]);
        return time.matches()
                && time.group(1).compareTo("23") <= 0
                && time.group(2).compareTo("59") <= 0
                && time.group(3).compareTo("59") <= 0;
    }

    private static boolean isDuration(String text) {
        if (GO_DURATION.matcher(text).matches()) {
            return true;
        }
        var matcher = WORDY_DURATION.matcher(text);
        while (matcher.find()) {
            String unit = matcher.group(2).toLowerCase(Locale.ROOT);
            for (List<String> names : UNITS) {
                if (names.contains(unit) || unit.startsWith(names.get(names.size() - 1))) {
                    return true;
                }
            }
        }
        return false;
    }
}
