package dev.amphora;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;

/** Addresses of the range that Services draw from. */
final class ServiceAddresses {
    private ServiceAddresses() {}

    /** The first address of a range: that of the Service {@code kubernetes}. */
    static InetAddress first(String cidr) {
        String range = cidr.substring(0, cidr.indexOf(',') < 0 ? cidr.length() : cidr.indexOf(','));
        int slash = range.indexOf('/');
        return InetAddresses.increment(InetAddresses.forString(range.substring(0, slash)));
    }
}
