package dev.amphora.controller.service;

import com.google.common.base.Splitter;
import dev.amphora.client.ObjectKey;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@link LoadBalancer} that gives out the addresses of ranges, the lowest free one first. A Service may ask for one of them by
 * {@code loadBalancerIP}; a dual-stack one gets an address of each of its families that there is a range of.
 */
public final class AddressPool implements LoadBalancer {
    private final List<AddressRange> ranges;
    private final @Nullable String balancerClass;
    private final String mode;

    private final Map<ObjectKey, List<String>> given = new HashMap<>();
    private final Map<String, ObjectKey> owners = new HashMap<>();

    private AddressPool(List<AddressRange> ranges, @Nullable String balancerClass, String mode) {
        this.ranges = ranges;
        this.balancerClass = balancerClass;
        this.mode = mode;
    }

    /**
     * A pool for Services that name no class.
     *
     * @param ranges such as {@code 192.0.2.0/24}, or several separated by commas, of either family. Of a range of IPv4 the first and
     *     the last address are left out, unless it has no others
     * @throws IllegalArgumentException if they are no ranges
     */
    public static AddressPool of(String ranges) {
        return new AddressPool(
                Splitter.on(',')
                        .trimResults()
                        .splitToStream(ranges)
                        .map(AddressRange::parse)
                        .toList(),
                null,
                "VIP");
    }

    /** The same ranges, none of them given out yet, for Services of a class. */
    public AddressPool forClass(String name) {
        return new AddressPool(ranges, name, mode);
    }

    /** The same ranges, none of them given out yet, told with {@code ipMode: Proxy}: packets arrive with the node's address. */
    public AddressPool proxied() {
        return new AddressPool(ranges, balancerClass, "Proxy");
    }

    @Override
    public @Nullable String loadBalancerClass() {
        return balancerClass;
    }

    @Override
    public synchronized void remember(Service service) {
        ObjectKey key = ObjectKey.of(service);
        if (service.getStatus() == null || service.getStatus().getLoadBalancer() == null) {
            return;
        }
        for (LoadBalancerIngress ingress : service.getStatus().getLoadBalancer().getIngress()) {
            String ip = ingress.getIp();
            if (ip != null && ranges.stream().anyMatch(range -> range.holds(ip)) && !owners.containsKey(ip)) {
                give(key, ip);
            }
        }
    }

    @Override
    public synchronized List<LoadBalancerIngress> ensure(Service service) {
        ObjectKey key = ObjectKey.of(service);
        String asked = service.getSpec().getLoadBalancerIP();
        List<String> families = service.getSpec().getIpFamilies();
        List<String> wanted = new ArrayList<>();
        for (String family : families == null || families.isEmpty() ? List.of("IPv4") : families) {
            String address = address(key, family, asked == null || asked.isEmpty() ? null : asked);
            if (address != null) {
                wanted.add(address);
            }
        }
        if (wanted.isEmpty()) {
            throw new IllegalStateException("there is no range of addresses for " + String.join(", ", families));
        }
        release(key);
        wanted.forEach(address -> give(key, address));
        return wanted.stream().map(this::ingress).toList();
    }

    /** What a Service has of a family, or can have; null if there are no such addresses. */
    private @Nullable String address(ObjectKey key, String family, @Nullable String asked) {
        List<AddressRange> suitable =
                ranges.stream().filter(range -> range.family().equals(family)).toList();
        if (suitable.isEmpty()) {
            return null;
        }
        if (asked != null && AddressRange.familyOf(asked).equals(family)) {
            ObjectKey owner = owners.get(AddressRange.canonical(asked));
            if (suitable.stream().noneMatch(range -> range.holds(asked))) {
                throw new IllegalStateException("the requested address %s is in none of %s".formatted(asked, suitable));
            }
            if (owner != null && !owner.equals(key)) {
                throw new IllegalStateException("the requested address %s belongs to %s".formatted(asked, owner));
            }
            return AddressRange.canonical(asked);
        }
        for (String held : given.getOrDefault(key, List.of())) {
            if (AddressRange.familyOf(held).equals(family)) {
                return held;
            }
        }
        for (AddressRange range : suitable) {
            String free = range.firstWhere(address -> !owners.containsKey(address));
            if (free != null) {
                return free;
            }
        }
        throw new IllegalStateException("all addresses of %s are in use".formatted(suitable));
    }

    private void give(ObjectKey key, String address) {
        given.computeIfAbsent(key, each -> new ArrayList<>()).add(address);
        owners.put(address, key);
    }

    private LoadBalancerIngress ingress(String address) {
        LoadBalancerIngress ingress = new LoadBalancerIngress();
        ingress.setIp(address);
        ingress.setIpMode(mode);
        return ingress;
    }

    @Override
    public synchronized boolean holds(ObjectKey service) {
        return given.containsKey(service);
    }

    @Override
    public synchronized void release(ObjectKey service) {
        List<String> addresses = given.remove(service);
        if (addresses != null) {
            addresses.forEach(owners::remove);
        }
    }
}
