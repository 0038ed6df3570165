package dev.amphora.apiserver.strategy;

import com.google.common.net.InetAddresses;
import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** IP addresses and networks as fields may hold them: what the reference calls valid is stricter than what it can read. */
final class Addresses {
    private static final Pattern LEADING_ZERO = Pattern.compile("(^|\\.)0[0-9]");
    private static final Pattern V4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

    private Addresses() {}

    /** What is wrong with an address; empty if nothing. */
    static List<String> ip(String text) {
        if (parse(text) == null) {
            return List.of("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }
        List<String> errors = new ArrayList<>();
        if (V4.matcher(text).matches() && LEADING_ZERO.matcher(text).find()) {
            errors.add("must not have leading 0s");
        }
        if (isMapped(text)) {
            errors.add("must not be an IPv4-mapped IPv6 address");
        }
        return errors;
    }

    /** What is wrong with a network such as {@code 10.0.0.0/8}; empty if nothing. */
    static List<String> cidr(String text) {
        int slash = text.indexOf('/');
        @Nullable InetAddress address = slash < 0 ? null : parse(text.substring(0, slash));
        String length = text.substring(slash + 1);
        boolean number =
                !length.isEmpty() && length.length() <= 3 && length.chars().allMatch(c -> c >= '0' && c <= '9');
        if (address == null || !number) {
            return List.of("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        }
        boolean v4 = address instanceof Inet4Address && !isMapped(text.substring(0, slash));
        int bits = v4 ? 32 : 128;
        int prefix = Integer.parseInt(length);
        if (prefix > bits) {
            return List.of("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        }
        List<String> errors = new ArrayList<>();
        if ((v4 && LEADING_ZERO.matcher(text.substring(0, slash)).find())
                || (length.length() > 1 && length.startsWith("0"))) {
            errors.add("must not have leading 0s in IP or prefix length");
        }
        if (isMapped(text.substring(0, slash))) {
            errors.add("must not have an IPv4-mapped IPv6 address");
        }
        BigInteger host = new BigInteger(1, address.getAddress());
        if (address.getAddress().length * 8 == bits
                && host.mod(BigInteger.ONE.shiftLeft(bits - prefix)).signum() != 0) {
            errors.add("must not have bits set beyond the prefix length");
        }
        return errors;
    }

    /** What keeps a text from being the address of an interface with the length of its network's prefix. */
    static List<String> ofInterface(String text) {
        int slash = text.indexOf('/');
        InetAddress address = slash < 0 ? null : parse(text.substring(0, slash));
        int bits = address instanceof Inet4Address ? 32 : 128;
        String prefix = text.substring(slash + 1);
        if (address == null || !prefix.matches("[0-9]{1,3}") || Integer.parseInt(prefix) > bits) {
            return List.of("must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)");
        }
        String canonical = InetAddresses.toAddrString(address) + "/" + Integer.parseInt(prefix);
        return canonical.equals(text) ? List.of() : List.of("must be in canonical form (\"%s\")".formatted(canonical));
    }

    /** An address, in whatever way it is spelt; null if it is none. */
    static @Nullable InetAddress parse(String text) {
        String plain = text;
        if (V4.matcher(text).matches()) {
            StringBuilder decimal = new StringBuilder();
            for (String part : text.split("\\.", -1)) {
                decimal.append(decimal.isEmpty() ? "" : ".").append(Integer.parseInt(part));
            }
            plain = decimal.toString();
        }
        if (plain.indexOf('%') >= 0 || !InetAddresses.isInetAddress(plain)) {
            return null;
        }
        return InetAddresses.forString(plain);
    }

    static boolean isV6(String text) {
        return text.indexOf(':') >= 0;
    }

    static boolean isMapped(String text) {
        return isV6(text) && parse(text) instanceof Inet4Address;
    }

    /** Whether a text can be read as a network, well spelt or not. */
    static boolean isCidr(String text) {
        return !cidr(text).contains("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
    }

    /** Whether a network is a part of another one, and smaller. */
    static boolean isStrictlyWithin(String part, String whole) {
        int slash = part.indexOf('/');
        int length = Integer.parseInt(part.substring(slash + 1));
        return contains(whole, part.substring(0, slash))
                && length > Integer.parseInt(whole.substring(whole.indexOf('/') + 1));
    }

    /** Whether an address lies in a network. */
    static boolean contains(String cidr, String address) {
        int slash = cidr.indexOf('/');
        @Nullable InetAddress network = slash < 0 ? null : parse(cidr.substring(0, slash));
        @Nullable InetAddress host = parse(address);
        if (network == null || host == null || network.getAddress().length != host.getAddress().length) {
            return false;
        }
        int shift = network.getAddress().length * 8 - Integer.parseInt(cidr.substring(slash + 1));
        return new BigInteger(1, network.getAddress())
                .shiftRight(shift)
                .equals(new BigInteger(1, host.getAddress()).shiftRight(shift));
    }
}
