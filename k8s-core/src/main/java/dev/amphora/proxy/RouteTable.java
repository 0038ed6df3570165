package dev.amphora.proxy;

import com.google.common.collect.ImmutableSortedMap;
import dev.amphora.proxy.ProxyPlan.Frontend;
import dev.amphora.proxy.ProxyPlan.Route;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The routes of all Services, and what a change to some of them changes. */
final class RouteTable {
    private final Map<String, ImmutableSortedMap<Frontend, Route>> byService = new HashMap<>();

    /**
     * Sets the routes of some Services.
     *
     * @param planned by {@code namespace/name}; empty for a Service that is gone
     * @return the frontends that change: their route, or empty if they have none any more
     */
    Map<Frontend, Optional<Route>> set(Map<String, ImmutableSortedMap<Frontend, Route>> planned) {
        Map<Frontend, Optional<Route>> changes = new TreeMap<>();
        planned.keySet().forEach(service -> {
            ImmutableSortedMap<Frontend, Route> before = byService.remove(service);
            if (before != null) {
                before.keySet().forEach(frontend -> changes.put(frontend, Optional.empty()));
            }
        });
        // An address may go from a Service to another within one step: what goes comes first.
        planned.forEach((service, routes) -> {
            if (!routes.isEmpty()) {
                byService.put(service, routes);
                routes.forEach((frontend, route) -> changes.put(frontend, Optional.of(route)));
            }
        });
        return changes;
    }
}
