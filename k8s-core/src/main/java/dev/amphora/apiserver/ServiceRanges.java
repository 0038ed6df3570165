package dev.amphora.apiserver;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Optional;

/** The ranges from which Services get their addresses: one, or one of each family, that of the default family first. */
record ServiceRanges(List<Cidr> ranges) {

    /** Copies the list. */
    ServiceRanges {
        ranges = ImmutableList.copyOf(ranges);
    }

    /**
     * Reads ranges with commas between them.
     *
     * @throws IllegalArgumentException if it is none, or there are two of one family
     */
    static ServiceRanges parse(String text) {
        List<Cidr> ranges = Splitter.on(',')
                .trimResults()
                .splitToStream(text)
                .map(Cidr::parse)
                .toList();
        if (ranges.size() > 2
                || ranges.size() == 2 && ranges.get(0).v6() == ranges.get(1).v6()) {
            throw new IllegalArgumentException("not one range, or one of each family: " + text);
        }
        return new ServiceRanges(ranges);
    }

    /** The family of Services that name none. */
    String defaultFamily() {
        return ranges.get(0).family();
    }

    boolean isDual() {
        return ranges.size() == 2;
    }

    /** The range of a family; empty if there is none. */
    Optional<Cidr> of(String family) {
        return ranges.stream().filter(range -> range.family().equals(family)).findFirst();
    }

    /** The range of the family that an address is of; empty if there is none. */
    Optional<Cidr> ofAddress(String ip) {
        return of(familyOf(ip));
    }

    static String familyOf(String ip) {
        return ip.indexOf(':') >= 0 ? "IPv6" : "IPv4";
    }

    static String otherFamily(String family) {
        return family.equals("IPv4") ? "IPv6" : "IPv4";
    }
}
