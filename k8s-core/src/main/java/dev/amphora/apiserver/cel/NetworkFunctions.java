package dev.amphora.apiserver.cel;

import com.google.common.net.InetAddresses;
import dev.amphora.api.FieldError;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** Addresses: URLs, IP addresses and networks. */
final class NetworkFunctions {
    static final CelType URL = OpaqueType.create("kubernetes.URL");
    static final CelType IP = OpaqueType.create("net.IP");
    static final CelType CIDR = OpaqueType.create("net.CIDR");

    private NetworkFunctions() {}

    /** A URL in its parts. */
    record Url(String text, String scheme, String host, String port, String path, String query)
            implements CelNames.Written {
        static Url parse(String text) {
            if (!isUrl(text)) {
                throw new CelProblem(
                        "URL parse error during conversion from string: parse \"%s\": invalid URI for request"
                                .formatted(text));
            }
            int colon = text.startsWith("/") ? -1 : text.indexOf(':');
            String scheme = colon < 0 ? "" : text.substring(0, colon);
            String rest = text.substring(colon + 1);
            String query = "";
            int mark = rest.indexOf('?');
            if (mark >= 0) {
                query = rest.substring(mark + 1);
                rest = rest.substring(0, mark);
            }
            String authority = "";
            if (rest.startsWith("//") && colon >= 0) {
                int slash = rest.indexOf('/', 2);
                authority = slash < 0 ? rest.substring(2) : rest.substring(2, slash);
                rest = slash < 0 ? "" : rest.substring(slash);
            }
            String host = authority.substring(authority.lastIndexOf('@') + 1);
            int end = host.lastIndexOf(']');
            int portAt = host.indexOf(':', Math.max(end, 0));
            return new Url(
                    text,
                    scheme,
                    portAt < 0 ? host : host.substring(0, portAt),
                    portAt < 0 ? "" : host.substring(portAt + 1),
                    rest,
                    query);
        }

        String hostname() {
            return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        }

        Map<String, List<String>> parameters() {
            Map<String, List<String>> all = new TreeMap<>();
            for (String part : query.split("&", -1)) {
                if (!part.isEmpty()) {
                    int equals = part.indexOf('=');
                    String key = equals < 0 ? part : part.substring(0, equals);
                    all.computeIfAbsent(key, k -> new ArrayList<>()).add(equals < 0 ? "" : part.substring(equals + 1));
                }
            }
            return all;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** An IP address. */
    record Ip(InetAddress address) implements CelNames.Written {
        static Ip parse(String text) {
            Ip ip = find(text);
            if (ip == null) {
                throw new CelProblem(AddressProblems.of(text));
            }
            return ip;
        }

        static @org.jspecify.annotations.Nullable Ip find(String text) {
            boolean mapped = text.contains(":") && text.contains(".");
            return mapped || text.contains("%") || !InetAddresses.isInetAddress(text)
                    ? null
                    : new Ip(InetAddresses.forString(text));
        }

        boolean isSix() {
            return address instanceof Inet6Address;
        }

        @Override
        public String toString() {
            return InetAddresses.toAddrString(address);
        }
    }

    /** A network: an address and how many of its bits count. */
    record Cidr(Ip ip, int bits) implements CelNames.Written {
        static Cidr parse(String text) {
            Cidr cidr = find(text);
            if (cidr == null) {
                String why = text.contains("/") ? prefix(text) : "no '/'";
                throw new CelProblem(
                        "network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(\"%s\"): %s"
                                .formatted(text, why));
            }
            return cidr;
        }

        private static String prefix(String text) {
            String address = text.substring(0, text.lastIndexOf('/'));
            String length = text.substring(text.lastIndexOf('/') + 1);
            if (Ip.find(address) == null) {
                return AddressProblems.detail(address);
            }
            return length.matches("[1-9][0-9]*|0")
                    ? "prefix length out of range"
                    : "bad bits after slash: " + FieldError.quoted(length);
        }

        static @org.jspecify.annotations.Nullable Cidr find(String text) {
            int slash = text.lastIndexOf('/');
            Ip ip = slash < 0 ? null : Ip.find(text.substring(0, slash));
            String length = text.substring(slash + 1);
            if (ip == null || !length.matches("0|[1-9][0-9]{0,2}")) {
                return null;
            }
            int bits = Integer.parseInt(length);
            return bits > ip.address().getAddress().length * 8 ? null : new Cidr(ip, bits);
        }

        Cidr masked() {
            byte[] bytes = ip.address().getAddress();
            for (int i = 0; i < bytes.length; i++) {
                int kept = Math.max(0, Math.min(8, bits - i * 8));
                bytes[i] = (byte) (bytes[i] & (0xff << (8 - kept)));
            }
            try {
                return new Cidr(new Ip(InetAddress.getByAddress(bytes)), bits);
            } catch (java.net.UnknownHostException e) {
                throw new IllegalStateException(e);
            }
        }

        boolean contains(Ip other) {
            return other.isSix() == ip.isSix()
                    && Arrays.equals(
                            new Cidr(other, bits).masked().ip().address().getAddress(),
                            masked().ip().address().getAddress());
        }

        boolean contains(Cidr other) {
            return other.bits >= bits && contains(other.ip);
        }

        @Override
        public String toString() {
            return ip + "/" + bits;
        }
    }

    static boolean isUrl(String text) {
        if (text.isEmpty() || text.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
            return false;
        }
        return text.startsWith("/") || text.matches("[a-zA-Z][a-zA-Z0-9+.-]*:.*");
    }

    static void addTo(CelFunctions functions) {
        urls(functions);
        addresses(functions);
        networks(functions);
    }

    private static void urls(CelFunctions functions) {
        functions.global(
                "url",
                "string_to_url",
                URL,
                List.of(SimpleType.STRING),
                List.of(String.class),
                a -> Url.parse((String) a[0]));
        functions.global(
                "isURL",
                "is_url_string",
                SimpleType.BOOL,
                List.of(SimpleType.STRING),
                List.of(String.class),
                a -> isUrl((String) a[0]));
        part(functions, "getScheme", Url::scheme);
        part(functions, "getHost", url -> url.port().isEmpty() ? url.host() : url.host() + ":" + url.port());
        part(functions, "getHostname", Url::hostname);
        part(functions, "getPort", Url::port);
        part(functions, "getEscapedPath", Url::path);
        functions.member(
                "getQuery",
                "url_get_query",
                MapType.create(SimpleType.STRING, ListType.create(SimpleType.STRING)),
                List.of(URL),
                List.of(Url.class),
                a -> ((Url) a[0]).parameters());
    }

    private static void part(CelFunctions functions, String name, Function<Url, String> getter) {
        functions.member(
                name,
                "url_" + name,
                SimpleType.STRING,
                List.of(URL),
                List.of(Url.class),
                a -> getter.apply((Url) a[0]));
    }

    private static void addresses(CelFunctions functions) {
        functions.global(
                "ip",
                "string_to_ip",
                IP,
                List.of(SimpleType.STRING),
                List.of(String.class),
                a -> Ip.parse((String) a[0]));
        functions.global(
                "isIP",
                "is_ip",
                SimpleType.BOOL,
                List.of(SimpleType.STRING),
                List.of(String.class),
                a -> Ip.find((String) a[0]) != null);
        functions.global(
                "ip.isCanonical",
                "ip_is_canonical",
                SimpleType.BOOL,
                List.of(SimpleType.STRING),
                List.of(String.class),
                a -> Ip.parse((String) a[0]).toString().equals(a[0]));
        functions.global(
                "string", "ip_to_string", SimpleType.STRING, List.of(IP), List.of(Ip.class), a -> a[0].toString());
        functions.member(
                "family",
                "ip_family",
                SimpleType.INT,
                List.of(IP),
                List.of(Ip.class),
                a -> ((Ip) a[0]).isSix() ? 6L : 4L);
        is(functions, "isUnspecified", InetAddress::isAnyLocalAddress);
        is(functions, "isLoopback", InetAddress::isLoopbackAddress);
        is(functions, "isLinkLocalMulticast", NetworkFunctions::isLinkLocalMulticast);
        is(functions, "isLinkLocalUnicast", InetAddress::isLinkLocalAddress);
        is(
                functions,
                "isGlobalUnicast",
                address -> !address.isAnyLocalAddress()
                        && !address.isLoopbackAddress()
                        && !address.isMulticastAddress()
                        && !address.isLinkLocalAddress()
                        && !"255.255.255.255".equals(address.getHostAddress()));
    }

    private static boolean isLinkLocalMulticast(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4
                ? (bytes[0] & 0xff) == 224 && bytes[1] == 0 && bytes[2] == 0
                : (bytes[0] & 0xff) == 0xff && (bytes[1] & 0x0f) == 2;
    }

    private static void is(CelFunctions functions, String name, Predicate<InetAddress> rule) {
        functions.member(
                name,
                "ip_" + name,
                SimpleType.BOOL,
                List.of(IP),
                List.of(Ip.class),
                a -> rule.test(((Ip) a[0]).address()));
    }

    private static void networks(CelFunctions functions) {
        functions.global(
                "cidr",
                "string_to_cidr",
                CIDR,
                List.of(SimpleType.STRING),
                List.of(String.class),
                a -> Cidr.parse((String) a[0]));
        functions.global(
                "isCIDR",
                "is_cidr",
                SimpleType.BOOL,
                List.of(SimpleType.STRING),
                List.of(String.class),
                a -> Cidr.find((String) a[0]) != null);
        functions.global(
                "string",
                "cidr_to_string",
                SimpleType.STRING,
                List.of(CIDR),
                List.of(Cidr.class),
                a -> a[0].toString());
        functions.member(
                "containsIP",
                "cidr_contains_ip_string",
                SimpleType.BOOL,
                List.of(CIDR, SimpleType.STRING),
                List.of(Cidr.class, String.class),
                a -> ((Cidr) a[0]).contains(Ip.parse((String) a[1])));
        functions.member(
                "containsIP",
                "cidr_contains_ip_ip",
                SimpleType.BOOL,
                List.of(CIDR, IP),
                List.of(Cidr.class, Ip.class),
                a -> ((Cidr) a[0]).contains((Ip) a[1]));
        functions.member(
                "containsCIDR",
                "cidr_contains_cidr_string",
                SimpleType.BOOL,
                List.of(CIDR, SimpleType.STRING),
                List.of(Cidr.class, String.class),
                a -> ((Cidr) a[0]).contains(Cidr.parse((String) a[1])));
        functions.member(
                "containsCIDR",
                "cidr_contains_cidr",
                SimpleType.BOOL,
                List.of(CIDR, CIDR),
                List.of(Cidr.class, Cidr.class),
                a -> ((Cidr) a[0]).contains((Cidr) a[1]));
        functions.member("ip", "cidr_ip", IP, List.of(CIDR), List.of(Cidr.class), a -> ((Cidr) a[0]).ip());
        functions.member(
                "masked", "cidr_masked", CIDR, List.of(CIDR), List.of(Cidr.class), a -> ((Cidr) a[0]).masked());
        functions.member("prefixLength", "cidr_prefix_length", SimpleType.INT, List.of(CIDR), List.of(Cidr.class), a ->
                (long) ((Cidr) a[0]).bits());
    }
}
