package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.Quantity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Amounts of compute resources: what a node has or a pod asks for. Immutable.
 *
 * <p>CPU is in thousandths of a core, everything else in whole units (bytes for memory and ephemeral storage). Resources with
 * other names, such as {@code example.com/gpu} and {@code hugepages-2Mi}, are called scalar.
 */
public final class Resources {
    /** The name of CPU. */
    public static final String CPU = "cpu";
    /** The name of memory. */
    public static final String MEMORY = "memory";
    /** The name of ephemeral storage. */
    public static final String EPHEMERAL_STORAGE = "ephemeral-storage";
    /** The name of the number of pods. */
    public static final String PODS = "pods";

    private static final String KUBERNETES = "kubernetes.io/";

    /** Nothing. */
    public static final Resources NONE = new Resources(0, 0, 0, 0, new String[0], new long[0]);

    private final long milliCpu;
    private final long memory;
    private final long ephemeralStorage;
    private final long pods;
    private final String[] names;
    private final long[] amounts;

    private Resources(long milliCpu, long memory, long ephemeralStorage, long pods, String[] names, long[] amounts) {
        this.milliCpu = milliCpu;
        this.memory = memory;
        this.ephemeralStorage = ephemeralStorage;
        this.pods = pods;
        this.names = names;
        this.amounts = amounts;
    }

    /**
     * Amounts as the API writes them.
     *
     * @param quantities by resource name, null for none
     */
    public static Resources of(@Nullable Map<String, Quantity> quantities) {
        if (quantities == null || quantities.isEmpty()) {
            return NONE;
        }
        long milliCpu = 0;
        long memory = 0;
        long ephemeralStorage = 0;
        long pods = 0;
        TreeMap<String, Long> scalars = null;
        for (Map.Entry<String, Quantity> entry : quantities.entrySet()) {
            Quantity quantity = entry.getValue();
            if (quantity == null) {
                continue;
            }
            switch (entry.getKey()) {
                case CPU -> milliCpu = Quantities.milliValue(quantity);
                case MEMORY -> memory = Quantities.value(quantity);
                case EPHEMERAL_STORAGE -> ephemeralStorage = Quantities.value(quantity);
                case PODS -> pods = Quantities.value(quantity);
                default -> {
                    if (isScalar(entry.getKey())) {
                        scalars = scalars == null ? new TreeMap<>() : scalars;
                        scalars.put(entry.getKey(), Quantities.value(quantity));
                    }
                }
            }
        }
        return of(milliCpu, memory, ephemeralStorage, pods, scalars == null ? Map.of() : scalars);
    }

    /** Amounts in whole numbers; {@code scalars} by name. */
    public static Resources of(
            long milliCpu, long memory, long ephemeralStorage, long pods, Map<String, Long> scalars) {
        if (scalars.isEmpty()) {
            return new Resources(milliCpu, memory, ephemeralStorage, pods, NONE.names, NONE.amounts);
        }
        String[] names = scalars.keySet().toArray(new String[0]);
        Arrays.sort(names);
        long[] amounts = new long[names.length];
        for (int i = 0; i < names.length; i++) {
            Long amount = scalars.get(names[i]);
            amounts[i] = amount == null ? 0 : amount;
        }
        return new Resources(milliCpu, memory, ephemeralStorage, pods, names, amounts);
    }

    /**
     * Whether a resource is kept by name: extended resources, huge pages, attachable volumes and resources with a prefix of
     * {@code kubernetes.io}.
     */
    public static boolean isScalar(String name) {
        return name.startsWith("hugepages-")
                || name.startsWith("attachable-volumes-")
                || (name.indexOf('/') >= 0 && (!name.startsWith("requests.") || name.contains(KUBERNETES)));
    }

    /** Whether a resource is not Kubernetes' own, such as {@code example.com/gpu}. */
    public static boolean isExtended(String name) {
        return name.indexOf('/') >= 0 && !name.startsWith("requests.") && !name.contains(KUBERNETES);
    }

    /** In thousandths of a core. */
    public long milliCpu() {
        return milliCpu;
    }

    /** In bytes. */
    public long memory() {
        return memory;
    }

    /** In bytes. */
    public long ephemeralStorage() {
        return ephemeralStorage;
    }

    /** How many pods. */
    public long pods() {
        return pods;
    }

    /** The names of the scalar resources, sorted. */
    public List<String> scalarNames() {
        return List.of(names);
    }

    /** The number of scalar resources. */
    public int scalarCount() {
        return names.length;
    }

    /** The name of a scalar resource by its place in {@link #scalarNames}. */
    public String scalarName(int index) {
        return names[index];
    }

    /** The amount of a scalar resource by its place in {@link #scalarNames}. */
    public long scalarAmount(int index) {
        return amounts[index];
    }

    /** Whether a scalar resource is named at all. */
    public boolean hasScalar(String name) {
        return indexOf(name) >= 0;
    }

    /** The amount of a scalar resource; 0 if it is not named. */
    public long scalar(String name) {
        int index = indexOf(name);
        return index < 0 ? 0 : amounts[index];
    }

    /** The amount of any resource by name; 0 if it is not named. */
    public long amount(String name) {
        return switch (name) {
            case CPU -> milliCpu;
            case MEMORY -> memory;
            case EPHEMERAL_STORAGE -> ephemeralStorage;
            case PODS -> pods;
            default -> scalar(name);
        };
    }

    /** Whether all amounts are zero. */
    public boolean isZero() {
        if (milliCpu != 0 || memory != 0 || ephemeralStorage != 0 || pods != 0) {
            return false;
        }
        for (long amount : amounts) {
            if (amount != 0) {
                return false;
            }
        }
        return true;
    }

    /** The sum. */
    public Resources plus(Resources other) {
        return combine(other, 1);
    }

    /** The difference. */
    public Resources minus(Resources other) {
        return combine(other, -1);
    }

    /** The greater of both for each resource. */
    public Resources max(Resources other) {
        TreeMap<String, Long> scalars = new TreeMap<>();
        for (int i = 0; i < names.length; i++) {
            scalars.put(names[i], amounts[i]);
        }
        for (int i = 0; i < other.names.length; i++) {
            scalars.merge(other.names[i], other.amounts[i], Math::max);
        }
        return of(
                Math.max(milliCpu, other.milliCpu),
                Math.max(memory, other.memory),
                Math.max(ephemeralStorage, other.ephemeralStorage),
                Math.max(pods, other.pods),
                scalars);
    }

    private Resources combine(Resources other, int sign) {
        String[] sumNames = names;
        long[] sumAmounts = amounts;
        if (other.names.length > 0) {
            if (containsAll(other.names)) {
                sumAmounts = amounts.clone();
            } else {
                List<String> union = new ArrayList<>(Arrays.asList(names));
                for (String name : other.names) {
                    if (indexOf(name) < 0) {
                        union.add(name);
                    }
                }
                sumNames = union.toArray(new String[0]);
                Arrays.sort(sumNames);
                sumAmounts = new long[sumNames.length];
                for (int i = 0; i < sumNames.length; i++) {
                    sumAmounts[i] = scalar(sumNames[i]);
                }
            }
            for (int i = 0; i < other.names.length; i++) {
                sumAmounts[Arrays.binarySearch(sumNames, other.names[i])] += sign * other.amounts[i];
            }
        }
        return new Resources(
                milliCpu + sign * other.milliCpu,
                memory + sign * other.memory,
                ephemeralStorage + sign * other.ephemeralStorage,
                pods + sign * other.pods,
                sumNames,
                sumAmounts);
    }

    private boolean containsAll(String[] others) {
        for (String name : others) {
            if (indexOf(name) < 0) {
                return false;
            }
        }
        return true;
    }

    private int indexOf(String name) {
        return names.length == 0 ? -1 : Arrays.binarySearch(names, name);
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof Resources other
                && milliCpu == other.milliCpu
                && memory == other.memory
                && ephemeralStorage == other.ephemeralStorage
                && pods == other.pods
                && Arrays.equals(names, other.names)
                && Arrays.equals(amounts, other.amounts);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(new long[] {milliCpu, memory, ephemeralStorage, pods, Arrays.hashCode(names)});
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("cpu=" + milliCpu + "m, memory=" + memory);
        if (ephemeralStorage != 0) {
            text.append(", ephemeral-storage=").append(ephemeralStorage);
        }
        if (pods != 0) {
            text.append(", pods=").append(pods);
        }
        for (int i = 0; i < names.length; i++) {
            text.append(", ").append(names[i]).append('=').append(amounts[i]);
        }
        return text.toString();
    }
}
