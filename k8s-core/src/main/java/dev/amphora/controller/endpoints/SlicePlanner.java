package dev.amphora.controller.endpoints;

import dev.amphora.client.OwnerReferences;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Spreads endpoints over slices with as few writes as can be: endpoints stay in the slice that they are in, new ones go where room is
 * least, and a slice that is no longer needed becomes one that is.
 */
final class SlicePlanner {
    static final String SERVICE_NAME = "kubernetes.io/service-name";
    static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
    static final String HEADLESS = "service.kubernetes.io/headless";

    /** The writes that lead from the present slices to the wanted ones. */
    record Plan(List<EndpointSlice> create, List<EndpointSlice> update, List<EndpointSlice> delete) {
        Plan() {
            this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        /** The same with the time since which the slices that are written were out of date; null for none. */
        Plan since(@Nullable String time) {
            return new Plan(told(create, time), told(update, time), delete);
        }

        private static List<EndpointSlice> told(List<EndpointSlice> slices, @Nullable String time) {
            List<EndpointSlice> told = new ArrayList<>();
            for (EndpointSlice slice : slices) {
                Map<String, String> annotations = new LinkedHashMap<>(
                        Objects.requireNonNullElse(slice.getMetadata().getAnnotations(), Map.of()));
                ChangeTriggers.annotate(annotations, time);
                told.add(new EndpointSlice(
                        slice.getAddressType(),
                        slice.getApiVersion(),
                        slice.getEndpoints(),
                        slice.getKind(),
                        slice.getMetadata().edit().withAnnotations(annotations).build(),
                        slice.getPorts()));
            }
            return told;
        }
    }

    /**
     * Endpoints that share a slice: of one address type, behind the same ports.
     *
     * @param addressType {@code IPv4} or {@code IPv6}
     * @param ports sorted by name
     */
    record Group(String addressType, List<EndpointPort> ports) {
        Group {
            ports = ports.stream()
                    .sorted(Comparator.comparing((EndpointPort port) -> String.valueOf(port.getName()))
                            .thenComparing(port -> String.valueOf(port.getProtocol()))
                            .thenComparing(port -> Objects.requireNonNullElse(port.getPort(), 0)))
                    .toList();
        }
    }

    private final HasMetadata owner;
    private final Map<String, String> labels;
    private final Map<String, String> annotations;
    private final int max;
    private final Plan plan = new Plan();

    /**
     * A planner for one owner.
     *
     * @param owner who the slices belong to
     * @param labels of every slice
     * @param annotations of every slice
     * @param max how many endpoints a slice holds
     */
    SlicePlanner(HasMetadata owner, Map<String, String> labels, Map<String, String> annotations, int max) {
        this.owner = owner;
        this.labels = labels;
        this.annotations = annotations;
        this.max = max;
    }

    /**
     * Plans.
     *
     * @param wanted the endpoints by group
     * @param present the owner's slices
     * @param placeholders the address types that get an empty slice if they have no endpoints
     */
    Plan plan(Map<Group, List<Endpoint>> wanted, List<EndpointSlice> present, List<String> placeholders) {
        Map<Group, List<Endpoint>> groups = new LinkedHashMap<>(wanted);
        for (String type : placeholders) {
            if (groups.keySet().stream().noneMatch(group -> group.addressType.equals(type))) {
                groups.put(new Group(type, List.of()), List.of());
            }
        }
        Map<Group, List<EndpointSlice>> existing = new LinkedHashMap<>();
        for (EndpointSlice slice : present) {
            existing.computeIfAbsent(
                            new Group(slice.getAddressType(), Objects.requireNonNullElse(slice.getPorts(), List.of())),
                            group -> new ArrayList<>())
                    .add(slice);
        }
        groups.forEach((group, endpoints) -> fill(group, endpoints, existing.getOrDefault(group, List.of())));
        existing.forEach((group, slices) -> {
            if (!groups.containsKey(group)) {
                plan.delete.addAll(slices);
            }
        });
        reuse();
        return plan;
    }

    private static final class Draft {
        final @Nullable EndpointSlice slice;
        final List<Endpoint> endpoints = new ArrayList<>();
        boolean changed;

        Draft(@Nullable EndpointSlice slice) {
            this.slice = slice;
        }
    }

    private void fill(Group group, List<Endpoint> wanted, List<EndpointSlice> present) {
        Map<String, Endpoint> left = new TreeMap<>();
        wanted.forEach(endpoint -> left.put(identity(endpoint), endpoint));
        List<Draft> drafts = new ArrayList<>();
        for (EndpointSlice slice : present) {
            Draft draft = new Draft(slice);
            List<Endpoint> held = Objects.requireNonNullElse(slice.getEndpoints(), List.of());
            for (Endpoint endpoint : held) {
                Endpoint now = left.remove(identity(endpoint));
                if (now != null) {
                    draft.endpoints.add(now);
                }
                draft.changed |= !endpoint.equals(now);
            }
            drafts.add(draft);
        }
        List<Endpoint> rest = new ArrayList<>(left.values());
        for (Draft draft : drafts) {
            if (draft.changed && !draft.endpoints.isEmpty()) {
                move(rest, draft);
            }
        }
        while (!rest.isEmpty()) {
            Draft target = rest.size() >= max ? null : fittest(drafts, rest.size());
            if (target == null) {
                target = new Draft(null);
                drafts.add(target);
            }
            move(rest, target);
        }
        boolean keepOne = wanted.isEmpty();
        for (Draft draft : drafts) {
            EndpointSlice slice = draft.slice;
            if (draft.endpoints.isEmpty() && slice != null && !keepOne) {
                plan.delete.add(slice);
            } else if (slice == null) {
                plan.create.add(made(group, draft.endpoints));
            } else {
                keepOne = false;
                if (draft.changed || !isCurrent(slice)) {
                    plan.update.add(renewed(slice, group, draft.endpoints));
                }
            }
        }
        if (keepOne) {
            plan.create.add(made(group, List.of()));
        }
    }

    private void move(List<Endpoint> rest, Draft target) {
        List<Endpoint> moved = rest.subList(0, Math.min(rest.size(), max - target.endpoints.size()));
        target.changed |= !moved.isEmpty();
        target.endpoints.addAll(moved);
        moved.clear();
    }

    /** The slice that some endpoints fill best without overflowing; null if they fit nowhere. */
    private @Nullable Draft fittest(List<Draft> drafts, int count) {
        Draft best = null;
        for (Draft draft : drafts) {
            int size = draft.endpoints.size();
            if (size + count <= max && (best == null || size > best.endpoints.size())) {
                best = draft;
            }
        }
        return best;
    }

    private static String identity(Endpoint endpoint) {
        return endpoint.getAddresses() + "/"
                + (endpoint.getTargetRef() == null
                        ? endpoint.getHostname()
                        : endpoint.getTargetRef().getUid());
    }

    private boolean isCurrent(EndpointSlice slice) {
        return labels.equals(Objects.requireNonNullElse(slice.getMetadata().getLabels(), Map.of()))
                && Objects.requireNonNullElse(slice.getMetadata().getAnnotations(), Map.<String, String>of())
                        .entrySet()
                        .containsAll(annotations.entrySet())
                && OwnerReferences.isControlledBy(slice, owner);
    }

    private EndpointSlice made(Group group, List<Endpoint> endpoints) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withGenerateName(owner.getMetadata().getName() + "-")
                .withNamespace(owner.getMetadata().getNamespace())
                .withLabels(labels)
                .withAnnotations(annotations)
                .withOwnerReferences(OwnerReferences.controlledBy(owner))
                .endMetadata()
                .withAddressType(group.addressType)
                .withPorts(group.ports)
                .withEndpoints(endpoints)
                .build();
    }

    private EndpointSlice renewed(EndpointSlice slice, Group group, List<Endpoint> endpoints) {
        Map<String, String> all = new LinkedHashMap<>(
                Objects.requireNonNullElse(slice.getMetadata().getAnnotations(), Map.of()));
        all.putAll(annotations);
        return new EndpointSlice(
                group.addressType,
                slice.getApiVersion(),
                endpoints,
                slice.getKind(),
                slice.getMetadata()
                        .edit()
                        .withLabels(labels)
                        .withAnnotations(all)
                        .withOwnerReferences(OwnerReferences.controlledBy(owner))
                        .build(),
                group.ports);
    }

    private void reuse() {
        for (int i = plan.create.size() - 1; i >= 0; i--) {
            EndpointSlice wanted = plan.create.get(i);
            EndpointSlice free = plan.delete.stream()
                    .filter(slice -> slice.getAddressType().equals(wanted.getAddressType()))
                    .findFirst()
                    .orElse(null);
            if (free != null) {
                plan.delete.remove(free);
                plan.create.remove(i);
                plan.update.add(
                        renewed(free, new Group(wanted.getAddressType(), wanted.getPorts()), wanted.getEndpoints()));
            }
        }
    }
}
