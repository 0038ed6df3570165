package dev.amphora.scheduler.plugins;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How many pods count in each domain, and what the emptiest has. */
final class DomainCounts {
    private final Map<String, Integer> byDomain = new HashMap<>();
    /** How many domains there are with a count. */
    private final TreeMap<Integer, Integer> domains = new TreeMap<>();

    /** Adds to a domain's count. From then on it is one, even with none. */
    void add(String domain, int delta) {
        Integer before = byDomain.get(domain);
        int after = before == null ? delta : before + delta;
        byDomain.put(domain, after);
        if (before != null) {
            domains.merge(before, -1, DomainCounts::sum);
        }
        domains.merge(after, 1, Integer::sum);
    }

    private static @Nullable Integer sum(int a, int b) {
        return a + b == 0 ? null : a + b;
    }

    int get(String domain) {
        return byDomain.getOrDefault(domain, 0);
    }

    /** How many domains there are. */
    int size() {
        return byDomain.size();
    }

    /** The lowest count of all domains; the highest number if there is no domain. */
    int min() {
        return domains.isEmpty() ? Integer.MAX_VALUE : domains.firstKey();
    }

    /** The same, to be changed apart. */
    DomainCounts copy() {
        DomainCounts copy = new DomainCounts();
        copy.byDomain.putAll(byDomain);
        copy.domains.putAll(domains);
        return copy;
    }
}
