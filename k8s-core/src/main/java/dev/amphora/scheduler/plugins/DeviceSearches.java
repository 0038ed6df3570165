package dev.amphora.scheduler.plugins;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Remembers what searches for devices have found, by what was wished for and what of the inventory was seen. An answer holds until a device of
 * one of these pools is allocated or given back. Belongs to the scheduler's actor.
 */
final class DeviceSearches {
    private static final int MAX = 64;

    private final DeviceInventory inventory;
    private final Map<List<DeviceWish>, Wishes> known = new LinkedHashMap<>(16, 0.75f, true);

    DeviceSearches(DeviceInventory inventory) {
        this.inventory = inventory;
    }

    /** Wishes that many pods may have. Told apart by identity. */
    static final class Wishes {
        private final int number;
        private final List<DeviceWish> list;

        private Wishes(int number, List<DeviceWish> list) {
            this.number = number;
            this.list = list;
        }

        List<DeviceWish> list() {
            return list;
        }
    }

    /**
     * The outcome of a search.
     *
     * @param wishes what was wished for
     * @param choices null if it can't be had
     * @param time when
     */
    record Found(Wishes wishes, @Nullable List<DeviceAllocator.Choice> choices, long time) {}

    /** A way to look for devices. */
    @FunctionalInterface
    interface Search {
        @Nullable List<DeviceAllocator.Choice> in(DeviceInventory.View view);
    }

    /** The same object for the same wishes, as long as these are in use. */
    Wishes of(List<DeviceWish> wishes) {
        Wishes found = known.get(wishes);
        if (found != null) {
            return found;
        }
        int number = known.size();
        if (number == MAX) {
            Iterator<Wishes> eldest = known.values().iterator();
            number = eldest.next().number;
            eldest.remove();
        }
        Wishes fresh = new Wishes(number, List.copyOf(wishes));
        known.put(fresh.list, fresh);
        return fresh;
    }

    /** What was found, or is found now. A search that fails is not remembered. */
    @Nullable List<DeviceAllocator.Choice> find(Wishes wishes, DeviceInventory.View view, Search search) {
        Found found = view.found(wishes.number);
        if (found != null && found.wishes == wishes && inventory.holds(view, found.time)) {
            return found.choices;
        }
        long time = inventory.now();
        List<DeviceAllocator.Choice> choices = search.in(view);
        view.keep(wishes.number, new Found(wishes, choices, time));
        return choices;
    }
}
