package dev.amphora.scheduler.plugins;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.resource.v1.Counter;
import io.fabric8.kubernetes.api.model.resource.v1.CounterSet;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttribute;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceConstraint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceCounterConsumption;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceTaint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceToleration;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private final List<ResourceClaim> claims;
    private final List<DeviceWish> wishes;
    private final BooleanSupplier late;
    private List<DevicePool> pools = List.of();
    private final List<Choice> chosen = new ArrayList<>();
    /** What alternatives that want all devices mean on this node. */
    private final Map<DeviceWish.Alternative, List<Candidate>> all = new IdentityHashMap<>();

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

        /** Whether somebody has a device or a share of it. */
        default boolean isInUse(DeviceInventory.Id device) {
            return isTaken(device) || shares(device) != null;
        }
    }

    private record Candidate(DevicePool pool, DeviceInventory.Listed device) {}

    /**
     * A search.
     *
     * @param claims whose wishes these are
     * @param late whether it has taken too long
     */
    DeviceAllocator(
            DeviceSelectorCache selectors,
            DeviceInventory inventory,
            Use use,
            List<ResourceClaim> claims,
            List<DeviceWish> wishes,
            BooleanSupplier late) {
        this.late = late;
        this.selectors = selectors;
        this.inventory = inventory;
        this.use = use;
        this.claims = claims;
        this.wishes = wishes;
    }

    /**
     * The devices to take of what a node sees, null if there are not enough.
     *
     * @throws IllegalArgumentException if a selector has no value for a device, or if a claim makes no sense here
     * @throws DeviceWish.Impossible if the search takes too long, or if it is in vain while a pool is invalid
     */
    @Nullable List<Choice> allocate(DeviceInventory.View view) {
        pools = view.pools();
        chosen.clear();
        shares.clear();
        all.clear();
        countUse();
        countWishes();
        if (meet(0)) {
            return List.copyOf(chosen);
        }
        if (pools.stream().allMatch(DevicePool::isValid)) {
            return null;
        }
        throw new DeviceWish.Impossible("invalid resource pools were encountered");
    }

    /** Finds out what "all" means here, and refuses claims that are for more devices than one can have. */
    private void countWishes() {
        long count = 0;
        for (int i = 0; i < wishes.size(); i++) {
            DeviceWish wish = wishes.get(i);
            long fewest = Long.MAX_VALUE;
            for (DeviceWish.Alternative alternative : wish.alternatives()) {
                if (alternative.all()) {
                    all.put(alternative, all(wish, alternative));
                }
                fewest = Math.min(fewest, count(alternative));
            }
            count += fewest;
            boolean isLast = i + 1 == wishes.size() || wishes.get(i + 1).claim() != wish.claim();
            if (isLast && count > MAX_DEVICES) {
                throw new IllegalArgumentException("claim " + claim(wish) + ": number of requested devices " + count
                        + " exceeds the claim limit of " + MAX_DEVICES);
            }
            count = isLast ? 0 : count;
        }
    }

    private List<Candidate> all(DeviceWish wish, DeviceWish.Alternative alternative) {
        List<Candidate> found = new ArrayList<>();
        for (DevicePool pool : pools) {
            if (!pool.isComplete() || !pool.isValid()) {
                throw new IllegalArgumentException("claim " + claim(wish) + ", request " + request(alternative)
                        + ": asks for all devices, but resource pool " + pool.name() + " is currently "
                        + (pool.isComplete() ? "invalid" : "being updated"));
            }
            for (DeviceInventory.Listed device : pool.devices()) {
                if (selects(alternative, device) && hasCapacity(device, alternative)) {
                    found.add(new Candidate(pool, device));
                }
            }
        }
        return found;
    }

    private long count(DeviceWish.Alternative alternative) {
        List<Candidate> candidates = all.get(alternative);
        return candidates == null ? alternative.count() : candidates.size();
    }

    private String claim(DeviceWish wish) {
        ObjectMeta metadata = claims.get(wish.claim()).getMetadata();
        return metadata.getNamespace() + "/" + Objects.requireNonNullElse(metadata.getName(), "<extended-resources>");
    }

    /** A request's own name, or a subrequest's. */
    private static String request(DeviceWish.Alternative alternative) {
        return alternative.name().substring(alternative.name().indexOf('/') + 1);
    }

    private boolean meet(int index) {
        if (index == wishes.size()) {
            return true;
        }
        DeviceWish wish = wishes.get(index);
        for (int rank = 0; rank < wish.alternatives().size(); rank++) {
            DeviceWish.Alternative alternative = wish.alternatives().get(rank);
            if (devicesOf(wish.claim()) + count(alternative) <= MAX_DEVICES
                    && (alternative.all()
                            ? takeAll(index, wish, rank)
                            : take(index, wish, rank, alternative.count(), 0, 0))) {
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
                // whose devices are in use is not asked of selectors, which may have no value for them
                if (isFree(wish, alternative, device)
                        && selects(alternative, device)
                        && tryToTake(wish, rank, pool, device, false)) {
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
        List<Candidate> candidates = all.getOrDefault(alternative, List.of());
        int taken = 0;
        while (taken < candidates.size()
                && tryToTake(wish, rank, candidates.get(taken).pool, candidates.get(taken).device, true)) {
            taken++;
        }
        if (taken > 0 && taken == candidates.size() && meet(index + 1)) {
            return true;
        }
        while (taken > 0) {
            Candidate last = candidates.get(--taken);
            giveBack(last.pool, last.device);
        }
        return false;
    }

    private boolean selects(DeviceWish.Alternative alternative, DeviceInventory.Listed device) {
        return device.traits().matchAll(selectors, alternative.selectors());
    }

    // -- what else must hold -----------------------------------------------------------------------------------------

    /**
     * Takes a device for a wish, unless something speaks against it.
     *
     * @param must whether there is no other way to meet the wish, so that constraints of the claim can't be met on this node
     */
    private boolean tryToTake(DeviceWish wish, int rank, DevicePool pool, DeviceInventory.Listed device, boolean must) {
        DeviceWish.Alternative alternative = wish.alternatives().get(rank);
        boolean shared = DeviceShares.isShared(device.device());
        boolean counts = !(shared && isInUse(device.id()));
        if (!isFree(wish, alternative, device) || (counts && !count(pool, device.device(), 1))) {
            return false;
        }
        boolean fits = !isRepelled(device.device(), alternative.tolerations());
        if (fits && !agrees(wish, alternative, device)) {
            if (must) {
                throw new IllegalArgumentException("claim " + claim(wish) + ", request " + request(alternative)
                        + ": cannot add device " + pool.name() + "/"
                        + device.id().device() + " because a claim constraint would not be satisfied");
            }
            fits = false;
        }
        if (!fits || !hasCapacity(device, alternative)) {
            if (counts) {
                count(pool, device.device(), -1);
            }
            return false;
        }
        Map<String, BigDecimal> share = shared ? DeviceShares.share(device.device(), alternative.capacity()) : null;
        chosen.add(new Choice(wish, rank, alternative, device, share, counts));
        if (share != null) {
            DeviceShares.add(used(device.id()), share, 1);
        }
        return true;
    }

    /** Whether nobody has a device, or who has it doesn't mind: with admin access only the same claim does. */
    private boolean isFree(DeviceWish wish, DeviceWish.Alternative alternative, DeviceInventory.Listed device) {
        if (!alternative.admin() && use.isTaken(device.id())) {
            return false;
        }
        for (Choice choice : chosen) {
            if (choice.share() == null
                    && (!alternative.admin() || choice.wish().claim() == wish.claim())
                    && choice.device().id().equals(device.id())) {
                return false;
            }
        }
        return true;
    }

    /** Whether a device has, or a shared one has left, what is asked for. */
    private boolean hasCapacity(DeviceInventory.Listed device, DeviceWish.Alternative alternative) {
        if (!DeviceShares.isShared(device.device())) {
            return DeviceShares.offers(device.device(), alternative.capacity());
        }
        Map<String, BigDecimal> share = DeviceShares.share(device.device(), alternative.capacity());
        return share != null && DeviceShares.fits(device.device(), used(device.id()), share);
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
        return use.isInUse(device);
    }

    /** Undoes the last choice. */
    private void giveBack(DevicePool pool, DeviceInventory.Listed device) {
        Choice last = chosen.remove(chosen.size() - 1);
        if (last.share() != null) {
            DeviceShares.add(used(device.id()), last.share(), -1);
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
                    if (!device.device().getConsumesCounters().isEmpty() && use.isInUse(device.id())) {
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
