package dev.amphora.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import dev.amphora.proxy.ProxyPlan.Backend;
import dev.amphora.proxy.ProxyPlan.Frontend;
import dev.amphora.proxy.ProxyPlan.Protocol;
import dev.amphora.proxy.ProxyPlan.Route;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RouteTableTest {
    private static final Frontend HTTP = new Frontend("10.0.0.1", 80, Protocol.TCP);
    private static final Frontend DNS = new Frontend("10.0.0.2", 53, Protocol.UDP);

    private final RouteTable table = new RouteTable();

    @Test
    void tellsOnlyOfTheServicesThatChange() {
        table.set(Map.of("ns/web", ImmutableSortedMap.of(HTTP, route("ns/web", "a"))));

        assertThat(table.set(Map.of("ns/dns", ImmutableSortedMap.of(DNS, route("ns/dns", "b")))))
                .containsExactly(Map.entry(DNS, Optional.of(route("ns/dns", "b"))));
    }

    @Test
    void tellsOfWhatAServiceHasNoLonger() {
        table.set(Map.of("ns/web", ImmutableSortedMap.of(HTTP, route("ns/web", "a"), DNS, route("ns/web", "a"))));

        assertThat(table.set(Map.of("ns/web", ImmutableSortedMap.of(HTTP, route("ns/web", "b")))))
                .containsOnly(Map.entry(HTTP, Optional.of(route("ns/web", "b"))), Map.entry(DNS, Optional.empty()));
        assertThat(table.set(Map.of("ns/web", ImmutableSortedMap.of())))
                .containsExactly(Map.entry(HTTP, Optional.empty()));
        assertThat(table.set(Map.of("ns/web", ImmutableSortedMap.of()))).isEmpty();
    }

    @Test
    void anAddressGoesFromOneServiceToAnotherWithinOneStep() {
        table.set(Map.of("ns/z", ImmutableSortedMap.of(HTTP, route("ns/z", "a"))));

        assertThat(table.set(Map.of(
                        "ns/z", ImmutableSortedMap.of(), "ns/a", ImmutableSortedMap.of(HTTP, route("ns/a", "b")))))
                .containsExactly(Map.entry(HTTP, Optional.of(route("ns/a", "b"))));
    }

    private static Route route(String service, String backend) {
        return new Route(service, ImmutableList.of(new Backend(backend, 8080)), null);
    }
}
