package dev.amphora.proxy;

import com.google.common.collect.ImmutableList;
import dev.amphora.proxy.ProxyPlan.Backend;
import dev.amphora.proxy.ProxyPlan.Route;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Chooses backends for the connections of one frontend: in turn, or the one that a client had before. */
final class Balancer {
    private record Bond(Backend backend, Instant lastUsed) {}

    private final InstantSource clock;
    private final Map<String, Bond> bonds = new HashMap<>();
    private Route route;
    private int next;

    Balancer(InstantSource clock, RandomGenerator random, Route route) {
        this.clock = clock;
        this.route = route;
        this.next = random.nextInt(1 << 16);
    }

    /** Goes on with another route; a bond to a backend that is gone is forgotten. */
    void update(Route changed) {
        route = changed;
        if (changed.affinity() == null) {
            bonds.clear();
        } else {
            bonds.values().removeIf(bond -> !changed.backends().contains(bond.backend));
        }
    }

    Route route() {
        return route;
    }

    /**
     * Chooses a backend, null if there is none.
     *
     * @param client the client's address
     * @param attempt 0, or how many backends have not answered before; these are passed over
     */
    @Nullable Backend choose(String client, int attempt) {
        ImmutableList<Backend> backends = route.backends();
        if (backends.isEmpty() || attempt >= backends.size()) {
            return null;
        }
        Duration affinity = route.affinity();
        Instant now = clock.instant();
        if (affinity != null && attempt == 0) {
            Bond bond = bonds.get(client);
            if (bond != null && now.isBefore(bond.lastUsed.plus(affinity))) {
                bonds.put(client, new Bond(bond.backend, now));
                return bond.backend;
            }
        }
        next = (next + 1) & Integer.MAX_VALUE;
        Backend chosen = backends.get(next % backends.size());
        if (affinity != null) {
            bonds.put(client, new Bond(chosen, now));
        }
        return chosen;
    }
}
