package dev.amphora.scheduler.plugins;

import io.fabric8.kubernetes.api.model.resource.v1.Counter;
import io.fabric8.kubernetes.api.model.resource.v1.CounterSet;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttribute;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceConstraint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCounterConsumption;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceTaint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceToleration;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks for devices on one node that meet all wishes of some claims together (KEP-4381): tries alternatives in order and devices in the order
 * of their pools, and goes back where a choice leads nowhere.
 */
final class DeviceAllocator {
    /** How many alternatives a request can have; the earlier one is taken, the better. */
    static final int MAX_ALTERNATIVES = 8;

    private static final int MAX_DEVICES = 32;

    private final DeviceSelectorCache selectors;
    private final DeviceInventory inventory;
    private final Use use;
    private final Map<DeviceInventory.Id, Map<String, BigDecimal>> shares = new HashMap<>();
    private final List<DeviceWish> wishes;

    private final BooleanSupplier late;
    private List<DevicePool> pools = List.of();
    private final List<Choice> chosen = new ArrayList<>();
    private final Set<DeviceInventory.Id> inUse = new HashSet<>();
    private final Map<String, BigDecimal> counters = new HashMap<>();

    /**
     * A device for a wish.
     *
     * @param wish which wish
     * @param rank which alternative of it
     * @param alternative the alternative
     * @param device the device
     * @param share how much of it, null if it isn't shared
     * @param counts whether it counts against counters that devices share
     */
    record Choice(
            DeviceWish wish,
            int rank,
            DeviceWish.Alternative alternative,
            DeviceInventory.Listed device,
            @Nullable Map<String, BigDecimal> share,
            boolean counts) {}

    /** What others have. */
    interface Use {
        /** Whether a device is in use and can't be had. */
        boolean isTaken(DeviceInventory.Id device);

        /** What is used of a shared device, by capacity; null if nobody has a share. */
        @Nullable Map<String, BigDecimal> shares(DeviceInventory.Id device);
    }

    /**
     * A search.
     *
     * @param late whether it has taken too long
     */
    DeviceAllocator(
            DeviceSelectorCache selectors,
            DeviceInventory inventory,
            Use use,
            List<DeviceWish> wishes,
            BooleanSupplier late) {
        this.late = late;
        this.selectors = selectors;
        this.inventory = inventory;
        this.use = use;
        this.wishes = wishes;
    }

    /**
     * The devices to take of what a node sees, null if there are not enough.
     *
     * @throws IllegalArgumentException if a selector has no value for a device
     * @throws DeviceWish.Impossible if the search takes too long
     */
    @Nullable List<Choice> allocate(DeviceInventory.View view) {
        pools = view.pools();
        chosen.clear();
        inUse.clear();
        shares.clear();
        countUse();
        return meet(0) ? List.copyOf(chosen) : null;
    }

    private boolean meet(int index) {
        if (index == wishes.size()) {
            return true;
        }
        DeviceWish wish = wishes.get(index);
        for (int rank = 0; rank < wish.alternatives().size(); rank++) {
            DeviceWish.Alternative alternative = wish.alternatives().get(rank);
            if (alternative.all() ? takeAll(index, wish, rank) : take(index, wish, rank, alternative.count(), 0, 0)) {
                return true;
            }
        }
        return false;
    }

    /** Takes some more devices for a wish from a place on, then goes on to the next wish. */
    private boolean take(int index, DeviceWish wish, int rank, long missing, int firstPool, int firstDevice) {
        if (missing == 0) {
            return meet(index + 1);
        }
        DeviceWish.Alternative alternative = wish.alternatives().get(rank);
        for (int p = firstPool; p < pools.size(); p++) {
            DevicePool pool = pools.get(p);
            if (!pool.isComplete() || !pool.isValid()) {
                continue;
            }
            for (int d = p == firstPool ? firstDevice : 0; d < pool.devices().size(); d++) {
                DeviceInventory.Listed device = pool.devices().get(d);
                if (late.getAsBoolean()) {
                    throw new DeviceWish.Impossible("timed out trying to allocate devices");
                }
                if (selects(alternative, device) && tryToTake(wish, rank, pool, device)) {
                    if (take(index, wish, rank, missing - 1, p, d + 1)) {
                        return true;
                    }
                    giveBack(pool, device);
                }
            }
        }
        return false;
    }

    private boolean takeAll(int index, DeviceWish wish, int rank) {
        DeviceWish.Alternative alternative = wish.alternatives().get(rank);
        int before = chosen.size();
        boolean all = true;
        boolean any = false;
        for (DevicePool pool : pools) {
            for (DeviceInventory.Listed device : pool.devices()) {
                if (!all || !selects(alternative, device)) {
                    continue;
                }
                if (!pool.isComplete() || !pool.isValid()) {
                    throw new IllegalArgumentException("request " + wish.request()
                            + ": asks for all devices, but resource pool " + pool.name() + " is currently "
                            + (pool.isComplete() ? "invalid" : "being updated"));
                }
                any = true;
                all = tryToTake(wish, rank, pool, device);
            }
        }
        if (any && all && meet(index + 1)) {
            return true;
        }
        while (chosen.size() > before) {
            DeviceInventory.Listed last = chosen.get(chosen.size() - 1).device();
            giveBack(poolOf(last), last);
        }
        return false;
    }

    private DevicePool poolOf(DeviceInventory.Listed device) {
        for (DevicePool pool : pools) {
            if (pool.devices().contains(device)) {
                return pool;
            }
        }
        throw new IllegalStateException("device " + device.id() + " is in no pool");
    }

    private boolean selects(DeviceWish.Alternative alternative, DeviceInventory.Listed device) {
        for (String selector : alternative.selectors()) {
            if (!device.traits().match(selectors, selector)) {
                return false;
            }
        }
        return true;
    }

    // -- what else must hold -----------------------------------------------------------------------------------------

    private boolean tryToTake(DeviceWish wish, int rank, DevicePool pool, DeviceInventory.Listed device) {
        DeviceWish.Alternative alternative = wish.alternatives().get(rank);
        boolean shared = DeviceShares.isShared(device.device()) && !alternative.admin();
        boolean free = alternative.admin() || shared || !(use.isTaken(device.id()) || inUse.contains(device.id()));
        Map<String, BigDecimal> share = shared ? share(device, alternative) : null;
        boolean first = !alternative.admin() && !(shared && isInUse(device.id()));
        if (!free
                || (shared && share == null)
                || (!shared && !DeviceShares.offers(device.device(), alternative.capacity()))
                || isRepelled(device.device(), alternative.tolerations())
                || !agrees(wish, alternative, device)
                || devicesOf(wish.claim()) == MAX_DEVICES
                || !(!first || count(pool, device.device(), 1))) {
            return false;
        }
        chosen.add(new Choice(wish, rank, alternative, device, share, first));
        if (share != null) {
            DeviceShares.add(used(device.id()), share, 1);
        } else if (!alternative.admin()) {
            inUse.add(device.id());
        }
        return true;
    }

    /** What would be taken of a shared device, null if it doesn't give that or has too little left. */
    private @Nullable Map<String, BigDecimal> share(DeviceInventory.Listed device, DeviceWish.Alternative alternative) {
        Map<String, BigDecimal> share = DeviceShares.share(device.device(), alternative.capacity());
        return share != null
                        && !use.isTaken(device.id())
                        && DeviceShares.fits(device.device(), used(device.id()), share)
                ? share
                : null;
    }

    private Map<String, BigDecimal> used(DeviceInventory.Id device) {
        return shares.computeIfAbsent(
                device, id -> new HashMap<>(Objects.requireNonNullElse(use.shares(id), Map.<String, BigDecimal>of())));
    }

    /** Whether anybody has a device or a share of it, this pod included. */
    private boolean isInUse(DeviceInventory.Id device) {
        for (Choice choice : chosen) {
            if (choice.share() != null && choice.device().id().equals(device)) {
                return true;
            }
        }
        return use.isTaken(device) || use.shares(device) != null;
    }

    /** Undoes the last choice. */
    private void giveBack(DevicePool pool, DeviceInventory.Listed device) {
        Choice last = chosen.remove(chosen.size() - 1);
        if (last.share() != null) {
            DeviceShares.add(used(device.id()), last.share(), -1);
        } else if (!last.alternative().admin()) {
            inUse.remove(device.id());
        }
        if (last.counts()) {
            count(pool, device.device(), -1);
        }
    }

    private int devicesOf(int claim) {
        int count = 0;
        for (Choice choice : chosen) {
            count += choice.wish().claim() == claim ? 1 : 0;
        }
        return count;
    }

    private static boolean isRepelled(Device device, List<DeviceToleration> tolerations) {
        for (DeviceTaint taint : device.getTaints()) {
            boolean repels = "NoSchedule".equals(taint.getEffect()) || "NoExecute".equals(taint.getEffect());
            if (repels && tolerations.stream().noneMatch(each -> tolerates(each, taint))) {
                return true;
            }
        }
        return false;
    }

    private static boolean tolerates(DeviceToleration toleration, DeviceTaint taint) {
        String effect = Claims.text(toleration.getEffect());
        String key = Claims.text(toleration.getKey());
        if ((!effect.isEmpty() && !effect.equals(taint.getEffect()))
                || (!key.isEmpty() && !key.equals(taint.getKey()))) {
            return false;
        }
        String operator = Claims.text(toleration.getOperator());
        return operator.equals("Exists")
                || ((operator.isEmpty() || operator.equals("Equal"))
                        && Claims.text(toleration.getValue()).equals(Claims.text(taint.getValue())));
    }

    /** Whether a device goes with those chosen for the same claim. */
    private boolean agrees(DeviceWish wish, DeviceWish.Alternative alternative, DeviceInventory.Listed device) {
        for (DeviceConstraint constraint : wish.constraints()) {
            if (!concerns(constraint, wish, alternative)) {
                continue;
            }
            boolean match = constraint.getMatchAttribute() != null;
            String name = match ? constraint.getMatchAttribute() : constraint.getDistinctAttribute();
            if (name == null) {
                continue;
            }
            DeviceAttribute value = attribute(device, name);
            if (value == null) {
                return false;
            }
            for (Choice choice : chosen) {
                if (choice.wish().claim() == wish.claim()
                        && concerns(constraint, choice.wish(), choice.alternative())
                        && match != Objects.equals(value, attribute(choice.device(), name))) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean concerns(DeviceConstraint constraint, DeviceWish wish, DeviceWish.Alternative alternative) {
        return constraint.getRequests().isEmpty()
                || constraint.getRequests().contains(wish.request())
                || constraint.getRequests().contains(alternative.name());
    }

    /** An attribute by its full name; in the device's own domain it may be written without. */
    private static @Nullable DeviceAttribute attribute(DeviceInventory.Listed device, String name) {
        Map<String, DeviceAttribute> attributes = device.device().getAttributes();
        DeviceAttribute value = attributes.get(name);
        String domain = device.id().driver() + "/";
        return value == null && name.startsWith(domain) ? attributes.get(name.substring(domain.length())) : value;
    }

    // -- counters that devices of a pool share -----------------------------------------------------------------------

    private void countUse() {
        counters.clear();
        for (DevicePool pool : pools) {
            if (!pool.counters().isEmpty()) {
                for (DeviceInventory.Listed device : inventory.devicesOf(pool.name())) {
                    if (!device.device().getConsumesCounters().isEmpty()
                            && (use.isTaken(device.id()) || use.shares(device.id()) != null)) {
                        consume(pool.name(), device.device(), 1);
                    }
                }
            }
        }
    }

    private void consume(String pool, Device device, int sign) {
        for (DeviceCounterConsumption consumption : device.getConsumesCounters()) {
            consumption
                    .getCounters()
                    .forEach((name, counter) -> counters.merge(
                            key(pool, consumption.getCounterSet(), name),
                            amount(counter).multiply(BigDecimal.valueOf(sign)),
                            BigDecimal::add));
        }
    }

    private static String key(String pool, @Nullable String set, String counter) {
        return pool + "\0" + set + "\0" + counter;
    }

    private static BigDecimal amount(Counter counter) {
        return counter.getValue() == null ? BigDecimal.ZERO : counter.getValue().getNumericalAmount();
    }

    /** Counts a device in or out; refuses to count it in where a counter doesn't have enough. */
    private boolean count(DevicePool pool, Device device, int sign) {
        if (device.getConsumesCounters().isEmpty()) {
            return true;
        }
        consume(pool.name(), device, sign);
        if (sign > 0 && !isWithinBounds(pool, device)) {
            consume(pool.name(), device, -1);
            return false;
        }
        return true;
    }

    private boolean isWithinBounds(DevicePool pool, Device device) {
        for (DeviceCounterConsumption consumption : device.getConsumesCounters()) {
            CounterSet set = pool.counters().get(Claims.text(consumption.getCounterSet()));
            for (String name : consumption.getCounters().keySet()) {
                Counter all = set == null ? null : set.getCounters().get(name);
                BigDecimal used =
                        counters.getOrDefault(key(pool.name(), consumption.getCounterSet(), name), BigDecimal.ZERO);
                if (all == null || used.compareTo(amount(all)) > 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
