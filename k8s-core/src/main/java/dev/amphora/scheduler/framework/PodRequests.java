package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a pod asks for: its containers together, or its largest init container on top of the sidecars started before it, whichever
 * is more; pod-level requests win; plus overhead. A container that is being resized counts with the greatest of what it wants, has
 * been promised and has, and so do pod-level requests (KEP-753, KEP-1287, KEP-2837, KEP-5419).
 */
final class PodRequests {
    /** What a container without a CPU request counts for in scoring, in thousandths of a core. */
    static final long DEFAULT_MILLI_CPU = 100;
    /** What a container without a memory request counts for in scoring, in bytes. */
    static final long DEFAULT_MEMORY = 200L * 1024 * 1024;

    private PodRequests() {}

    /** What the pod asks for, as filters count it. */
    static Resources of(Pod pod) {
        return compute(pod, false, false, true);
    }

    /**
     * The same with a minimum for containers that ask for nothing, as nodes count it for scores. As in the reference there is no minimum
     * for what any container of a pod with pod-level requests asks for.
     */
    static Resources nonZero(Pod pod) {
        boolean podLevel = pod.getSpec() != null && podLevel(pod.getSpec()) != null;
        Set<String> named = podLevel ? names(pod) : Set.of();
        return compute(pod, !named.contains(Resources.CPU), !named.contains(Resources.MEMORY), true);
    }

    /** The same without regard to pod-level requests. */
    static Resources nonZeroOfContainers(Pod pod) {
        return compute(pod, true, true, false);
    }

    /** The resources that are named in any request, be it of zero. */
    static Set<String> names(Pod pod) {
        PodSpec spec = pod.getSpec();
        Set<String> names = new HashSet<>();
        if (spec != null) {
            Map<String, ContainerStatus> statuses = statuses(pod);
            for (Container container : spec.getContainers()) {
                addNames(requests(container.getResources()), names);
                addNames(statuses, container, names);
            }
            for (Container container : spec.getInitContainers()) {
                addNames(requests(container.getResources()), names);
                addNames(isSidecar(container) ? statuses : null, container, names);
            }
            addNames(podLevel(spec), names);
            addNames(spec.getOverhead(), names);
        }
        return names;
    }

    private static void addNames(
            @Nullable Map<String, ContainerStatus> statuses, Container container, Set<String> into) {
        ContainerStatus status = statuses == null ? null : statuses.get(container.getName());
        if (status != null && status.getResources() != null) {
            addNames(requests(status.getResources()), into);
            addNames(status.getAllocatedResources(), into);
        }
    }

    private static void addNames(@Nullable Map<String, Quantity> quantities, Set<String> into) {
        if (quantities != null) {
            into.addAll(quantities.keySet());
        }
    }

    private static boolean isSidecar(Container initContainer) {
        return "Always".equals(initContainer.getRestartPolicy());
    }

    private static Resources compute(Pod pod, boolean fillCpu, boolean fillMemory, boolean countPodLevel) {
        PodSpec spec = pod.getSpec();
        if (spec == null) {
            return Resources.NONE;
        }
        Map<String, ContainerStatus> statuses = statuses(pod);
        return new Sum<>(Arithmetic.of(pod, spec, statuses), pod, statuses, fillCpu, fillMemory)
                .of(spec, countPodLevel);
    }

    /** How requests of one pod are added up. */
    private static final class Sum<T> {
        private final Arithmetic<T> arithmetic;
        private final Pod pod;
        private final @Nullable Map<String, ContainerStatus> statuses;
        private final boolean infeasible;
        private final boolean fillCpu;
        private final boolean fillMemory;

        Sum(
                Arithmetic<T> arithmetic,
                Pod pod,
                @Nullable Map<String, ContainerStatus> statuses,
                boolean fillCpu,
                boolean fillMemory) {
            this.arithmetic = arithmetic;
            this.pod = pod;
            this.statuses = statuses;
            this.infeasible = statuses != null && isResizeInfeasible(pod);
            this.fillCpu = fillCpu;
            this.fillMemory = fillMemory;
        }

        Resources of(PodSpec spec, boolean countPodLevel) {
            T sum = arithmetic.none();
            for (Container container : spec.getContainers()) {
                sum = arithmetic.plus(sum, container(container, statuses));
            }
            T sidecars = arithmetic.none();
            T init = arithmetic.none();
            for (Container container : spec.getInitContainers()) {
                boolean sidecar = isSidecar(container);
                T own = container(container, sidecar ? statuses : null);
                if (sidecar) {
                    sum = arithmetic.plus(sum, own);
                    sidecars = arithmetic.plus(sidecars, own);
                    init = arithmetic.max(init, sidecars);
                } else {
                    init = arithmetic.max(init, arithmetic.plus(own, sidecars));
                }
            }
            T requests = spec.getInitContainers().isEmpty() ? sum : arithmetic.max(sum, init);
            Map<String, Quantity> podLevel = countPodLevel ? podLevel(spec) : null;
            if (podLevel != null) {
                requests = withPodLevel(requests, podLevel, spec.getOverhead());
            }
            if (spec.getOverhead() != null && !spec.getOverhead().isEmpty()) {
                requests = arithmetic.plus(requests, arithmetic.of(spec.getOverhead()));
            }
            return arithmetic.rounded(requests);
        }

        /** With pod-level requests, of which the same holds while they change (KEP-5419); what is known of them includes overhead. */
        private T withPodLevel(T requests, Map<String, Quantity> wanted, @Nullable Map<String, Quantity> overhead) {
            PodStatus status = pod.getStatus();
            Map<String, Quantity> actual = status == null ? null : supported(requests(status.getResources()));
            Map<String, Quantity> allocated = status == null ? null : supported(status.getAllocatedResources());
            if (actual == null && allocated == null) {
                return arithmetic.override(requests, arithmetic.of(wanted), wanted.keySet());
            }
            Set<String> names = new HashSet<>();
            T effective = arithmetic.none();
            if (!isResizeInfeasible(pod)) {
                effective = arithmetic.of(wanted);
                names.addAll(wanted.keySet());
            }
            for (Map<String, Quantity> known : Arrays.asList(actual, allocated)) {
                if (known != null) {
                    T given = arithmetic.minus(arithmetic.of(known), arithmetic.of(overhead));
                    effective = names.isEmpty() ? given : arithmetic.max(effective, given);
                    names.addAll(known.keySet());
                }
            }
            return arithmetic.override(requests, effective, names);
        }

        private T container(Container container, @Nullable Map<String, ContainerStatus> known) {
            Map<String, Quantity> wanted = requests(container.getResources());
            T requests = arithmetic.of(wanted);
            boolean hasCpu = has(wanted, Resources.CPU);
            boolean hasMemory = has(wanted, Resources.MEMORY);
            ContainerStatus status = known == null ? null : known.get(container.getName());
            if (status != null && status.getResources() != null) {
                Map<String, Quantity> actual = requests(status.getResources());
                Map<String, Quantity> allocated = status.getAllocatedResources();
                T given = arithmetic.max(arithmetic.of(actual), arithmetic.of(allocated));
                boolean givenCpu = has(actual, Resources.CPU) || has(allocated, Resources.CPU);
                boolean givenMemory = has(actual, Resources.MEMORY) || has(allocated, Resources.MEMORY);
                requests = infeasible ? given : arithmetic.max(requests, given);
                hasCpu = infeasible ? givenCpu : hasCpu || givenCpu;
                hasMemory = infeasible ? givenMemory : hasMemory || givenMemory;
            }
            long milliCpu = fillCpu && !hasCpu ? DEFAULT_MILLI_CPU : 0;
            long memory = fillMemory && !hasMemory ? DEFAULT_MEMORY : 0;
            return milliCpu == 0 && memory == 0
                    ? requests
                    : arithmetic.plus(requests, arithmetic.minimum(milliCpu, memory));
        }
    }

    /** Calculates with requests. */
    private interface Arithmetic<T> {
        /** In whole units where all requests are, otherwise by fractions, which the reference rounds up only when all are added. */
        static Arithmetic<?> of(Pod pod, PodSpec spec, @Nullable Map<String, ContainerStatus> statuses) {
            boolean whole = isWhole(podLevel(spec)) && isWhole(spec.getOverhead());
            for (Container container : spec.getContainers()) {
                whole &= isWhole(requests(container.getResources()));
            }
            for (Container container : spec.getInitContainers()) {
                whole &= isWhole(requests(container.getResources()));
            }
            if (statuses != null) {
                for (ContainerStatus status : statuses.values()) {
                    whole &= isWhole(requests(status.getResources())) && isWhole(status.getAllocatedResources());
                }
            }
            if (pod.getStatus() != null && spec.getResources() != null) {
                whole &= isWhole(requests(pod.getStatus().getResources()))
                        && isWhole(pod.getStatus().getAllocatedResources());
            }
            return whole ? WholeUnits.INSTANCE : Fractions.INSTANCE;
        }

        private static boolean isWhole(@Nullable Map<String, Quantity> quantities) {
            if (quantities != null) {
                for (Map.Entry<String, Quantity> entry : quantities.entrySet()) {
                    if (entry.getValue() != null
                            && !Quantities.isWhole(
                                    entry.getValue(), entry.getKey().equals(Resources.CPU))) {
                        return false;
                    }
                }
            }
            return true;
        }

        T none();

        T of(@Nullable Map<String, Quantity> quantities);

        T minimum(long milliCpu, long memory);

        T plus(T a, T b);

        T max(T a, T b);

        T minus(T a, T b);

        /** With other amounts in place of those of some names. */
        T override(T requests, T given, Set<String> names);

        Resources rounded(T amounts);
    }

    private static final class WholeUnits implements Arithmetic<Resources> {
        static final WholeUnits INSTANCE = new WholeUnits();

        @Override
        public Resources none() {
            return Resources.NONE;
        }

        @Override
        public Resources of(@Nullable Map<String, Quantity> quantities) {
            return Resources.of(quantities);
        }

        @Override
        public Resources minimum(long milliCpu, long memory) {
            return Resources.of(milliCpu, memory, 0, 0, Map.of());
        }

        @Override
        public Resources plus(Resources a, Resources b) {
            return a.plus(b);
        }

        @Override
        public Resources max(Resources a, Resources b) {
            return a.max(b);
        }

        @Override
        public Resources minus(Resources a, Resources b) {
            return a.minus(b);
        }

        @Override
        public Resources override(Resources requests, Resources given, Set<String> names) {
            Map<String, Long> scalars = new HashMap<>();
            for (int i = 0; i < requests.scalarCount(); i++) {
                scalars.put(requests.scalarName(i), requests.scalarAmount(i));
            }
            for (int i = 0; i < given.scalarCount(); i++) {
                if (names.contains(given.scalarName(i))) {
                    scalars.put(given.scalarName(i), given.scalarAmount(i));
                }
            }
            return Resources.of(
                    names.contains(Resources.CPU) ? given.milliCpu() : requests.milliCpu(),
                    names.contains(Resources.MEMORY) ? given.memory() : requests.memory(),
                    requests.ephemeralStorage(),
                    requests.pods(),
                    scalars);
        }

        @Override
        public Resources rounded(Resources amounts) {
            return amounts;
        }
    }

    /** Amounts by name, of CPU too in whole units. */
    private static final class Fractions implements Arithmetic<Map<String, BigDecimal>> {
        static final Fractions INSTANCE = new Fractions();

        @Override
        public Map<String, BigDecimal> none() {
            return Map.of();
        }

        @Override
        public Map<String, BigDecimal> of(@Nullable Map<String, Quantity> quantities) {
            Map<String, BigDecimal> amounts = new HashMap<>();
            if (quantities != null) {
                quantities.forEach((name, quantity) -> {
                    if (quantity != null) {
                        amounts.put(name, Quantities.exact(quantity));
                    }
                });
            }
            return amounts;
        }

        @Override
        public Map<String, BigDecimal> minimum(long milliCpu, long memory) {
            return Map.of(Resources.CPU, BigDecimal.valueOf(milliCpu, 3), Resources.MEMORY, BigDecimal.valueOf(memory));
        }

        @Override
        public Map<String, BigDecimal> plus(Map<String, BigDecimal> a, Map<String, BigDecimal> b) {
            Map<String, BigDecimal> sum = new HashMap<>(a);
            b.forEach((name, amount) -> sum.merge(name, amount, BigDecimal::add));
            return sum;
        }

        @Override
        public Map<String, BigDecimal> max(Map<String, BigDecimal> a, Map<String, BigDecimal> b) {
            Map<String, BigDecimal> greater = new HashMap<>(a);
            b.forEach((name, amount) -> greater.merge(name, amount, BigDecimal::max));
            return greater;
        }

        @Override
        public Map<String, BigDecimal> minus(Map<String, BigDecimal> a, Map<String, BigDecimal> b) {
            Map<String, BigDecimal> difference = new HashMap<>(a);
            b.forEach((name, amount) -> difference.merge(name, amount.negate(), BigDecimal::add));
            return difference;
        }

        @Override
        public Map<String, BigDecimal> override(
                Map<String, BigDecimal> requests, Map<String, BigDecimal> given, Set<String> names) {
            Map<String, BigDecimal> overridden = new HashMap<>(requests);
            names.forEach(name -> overridden.put(name, amount(given, name)));
            return overridden;
        }

        @Override
        public Resources rounded(Map<String, BigDecimal> amounts) {
            Map<String, Long> scalars = new HashMap<>();
            amounts.forEach((name, amount) -> {
                if (Resources.isScalar(name)) {
                    scalars.put(name, Quantities.rounded(amount));
                }
            });
            return Resources.of(
                    Quantities.rounded(amount(amounts, Resources.CPU).movePointRight(3)),
                    Quantities.rounded(amount(amounts, Resources.MEMORY)),
                    Quantities.rounded(amount(amounts, Resources.EPHEMERAL_STORAGE)),
                    Quantities.rounded(amount(amounts, Resources.PODS)),
                    scalars);
        }

        private static BigDecimal amount(Map<String, BigDecimal> amounts, String name) {
            return amounts.getOrDefault(name, BigDecimal.ZERO);
        }
    }

    private static boolean has(@Nullable Map<String, Quantity> quantities, String name) {
        return quantities != null && quantities.containsKey(name);
    }

    private static @Nullable Map<String, Quantity> requests(@Nullable ResourceRequirements resources) {
        return resources == null ? null : resources.getRequests();
    }

    /** The pod-level requests that the reference supports, null if there are none. */
    private static @Nullable Map<String, Quantity> podLevel(PodSpec spec) {
        return supported(requests(spec.getResources()));
    }

    private static @Nullable Map<String, Quantity> supported(@Nullable Map<String, Quantity> requests) {
        if (requests == null) {
            return null;
        }
        Map<String, Quantity> supported = new HashMap<>();
        requests.forEach((name, quantity) -> {
            if (name.equals(Resources.CPU) || name.equals(Resources.MEMORY) || name.startsWith("hugepages-")) {
                supported.put(name, quantity);
            }
        });
        return supported.isEmpty() ? null : supported;
    }

    private static @Nullable Map<String, ContainerStatus> statuses(Pod pod) {
        PodStatus status = pod.getStatus();
        if (status == null
                || (status.getContainerStatuses().isEmpty()
                        && status.getInitContainerStatuses().isEmpty())) {
            return null;
        }
        Map<String, ContainerStatus> byName = new HashMap<>();
        for (List<ContainerStatus> list : List.of(status.getContainerStatuses(), status.getInitContainerStatuses())) {
            for (ContainerStatus container : list) {
                byName.put(container.getName(), container);
            }
        }
        return byName;
    }

    private static boolean isResizeInfeasible(Pod pod) {
        for (PodCondition condition : pod.getStatus().getConditions()) {
            if ("PodResizePending".equals(condition.getType())) {
                return "Infeasible".equals(condition.getReason());
            }
        }
        return false;
    }
}
