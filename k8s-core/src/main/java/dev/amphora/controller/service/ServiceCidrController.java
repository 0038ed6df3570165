package dev.amphora.controller.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Informer;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDR;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Says which ranges of Service addresses can be used, and keeps those from going that addresses are still taken from: the reference's
 * {@code service-cidr-controller}.
 */
public final class ServiceCidrController implements Controller {
    private static final ResourceType<ServiceCIDR> RANGES = ResourceType.of(ServiceCIDR.class);
    private static final String FINALIZER = "networking.k8s.io/service-cidr-finalizer";
    private static final String MANAGED_BY = "ipaddress.kubernetes.io/managed-by";
    private static final String ALLOCATOR = "ipallocator.k8s.io";
    /** Whoever gives out addresses has heard by then that a range is going. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    private static final int WORKERS = 5;

    private @Nullable ControlLoop<String> loop;

    @Override
    public String name() {
        return "service-cidr-controller";
    }

    @Override
    public void start(Context context) {
        loop = new Executor(context, name()).loop;
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    private static List<AddressRange> ranges(ServiceCIDR object) {
        List<AddressRange> ranges = new ArrayList<>();
        if (object.getSpec() != null && object.getSpec().getCidrs() != null) {
            object.getSpec().getCidrs().forEach(each -> ranges.add(AddressRange.parse(each)));
        }
        return ranges;
    }

    private static final class Executor {
        private final Context context;
        private final Informer<ServiceCIDR> objects;
        private final Informer<IPAddress> addresses;
        private final ControlLoop<String> loop;
        /** By object, its ranges; few, and kept apart so that an address needs not look at whole objects. */
        private final Map<String, List<AddressRange>> known = new TreeMap<>();
        /** By object that is going, the addresses that nothing else would hold. */
        private final Map<String, String> blocked = new HashMap<>();

        Executor(Context context, String name) {
            this.context = context;
            objects = context.informers().of(RANGES);
            addresses = context.informers().of(IPAddress.class);
            loop = new ControlLoop<String>(context.kernel(), name, WORKERS)
                    .<ServiceCIDR>watch(objects, (old, now, keys) -> {
                        ServiceCIDR object = now == null ? old : now;
                        if (object == null) {
                            return;
                        }
                        synchronized (known) {
                            if (now == null) {
                                known.remove(object.getMetadata().getName());
                            } else {
                                known.put(object.getMetadata().getName(), ranges(now));
                            }
                        }
                        keys.accept(object.getMetadata().getName());
                        if (old == null || now == null) {
                            overlapping(ranges(object)).forEach(keys);
                        }
                    })
                    .<IPAddress>watch(addresses, (old, now, keys) -> {
                        IPAddress address = now == null ? old : now;
                        if (address != null && (old == null || now == null) && isAllocated(address)) {
                            goingThatHold(address.getMetadata().getName()).forEach(keys);
                        }
                    });
            loop.start(this::reconcile);
        }

        private static boolean isAllocated(IPAddress address) {
            Map<String, String> labels = address.getMetadata().getLabels();
            return labels != null && ALLOCATOR.equals(labels.get(MANAGED_BY));
        }

        private List<String> overlapping(List<AddressRange> ranges) {
            synchronized (known) {
                return known.entrySet().stream()
                        .filter(entry -> entry.getValue().stream().anyMatch(one -> ranges.stream()
                                .anyMatch(other -> one.holds(other) || other.holds(one))))
                        .map(Map.Entry::getKey)
                        .toList();
            }
        }

        /** Addresses matter to ranges that are going alone. */
        private List<String> goingThatHold(String address) {
            return holding(address).stream()
                    .filter(name ->
                            objects.find("", name).filter(Pods::isTerminating).isPresent())
                    .toList();
        }

        private List<String> holding(String address) {
            synchronized (known) {
                return known.entrySet().stream()
                        .filter(entry -> entry.getValue().stream().anyMatch(range -> range.holds(address)))
                        .map(Map.Entry::getKey)
                        .toList();
            }
        }

        private Result reconcile(String name) {
            ServiceCIDR object = objects.find("", name).orElse(null);
            if (object == null) {
                synchronized (blocked) {
                    blocked.remove(name);
                }
                return Result.done();
            }
            boolean isKept = object.getMetadata().getFinalizers().contains(FINALIZER);
            if (!Pods.isTerminating(object)) {
                if (!isKept) {
                    patchFinalizer(name, "finalizers");
                }
                return condition(object, "True", "", "Kubernetes Service CIDR is ready");
            }
            if (!canGo(object)) {
                return condition(
                        object,
                        "False",
                        "Terminating",
                        "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new"
                                + " ServiceCIDR");
            }
            Instant now = context.kernel().instant();
            Instant since = Pods.time(object.getMetadata().getDeletionTimestamp());
            Instant until = since == null ? now : since.plus(GRACE);
            if (now.isBefore(until)) {
                return Result.requeueAfter(Duration.between(now, until));
            }
            if (isKept) {
                patchFinalizer(name, "$deleteFromPrimitiveList/finalizers");
            }
            return Result.done();
        }

        /** Whether each of its addresses that is in use lies in another range too. */
        private boolean canGo(ServiceCIDR object) {
            String name = object.getMetadata().getName();
            List<AddressRange> own = ranges(object);
            boolean covered;
            synchronized (known) {
                covered = own.stream().allMatch(range -> known.entrySet().stream()
                        .anyMatch(entry -> !entry.getKey().equals(name)
                                && entry.getValue().stream().anyMatch(other -> other.holds(range))));
            }
            if (covered) {
                return true;
            }
            synchronized (blocked) {
                // The one that was in the way last time is likely to be still there.
                String last = blocked.get(name);
                if (last != null && isInTheWay(name, own, last)) {
                    return false;
                }
                blocked.remove(name);
                for (IPAddress address : addresses.list()) {
                    String ip = address.getMetadata().getName();
                    if (isAllocated(address) && isInTheWay(name, own, ip)) {
                        blocked.put(name, ip);
                        return false;
                    }
                }
            }
            return true;
        }

        private boolean isInTheWay(String name, List<AddressRange> own, String address) {
            return addresses.find("", address).isPresent()
                    && own.stream().anyMatch(range -> range.holds(address))
                    && holding(address).equals(List.of(name));
        }

        private Result condition(ServiceCIDR object, String status, String reason, String message) {
            List<Condition> conditions =
                    object.getStatus() == null ? List.of() : object.getStatus().getConditions();
            for (Condition each : conditions) {
                if (each.getType().equals("Ready")
                        && each.getStatus().equals(status)
                        && Objects.equals(each.getReason(), reason)
                        && Objects.equals(each.getMessage(), message)) {
                    return Result.done();
                }
            }
            ObjectNode body = Json.object();
            body.putObject("status")
                    .putArray("conditions")
                    .addObject()
                    .put("type", "Ready")
                    .put("status", status)
                    .put("reason", reason)
                    .put("message", message)
                    .put("lastTransitionTime", Pods.stamp(context.kernel().instant()));
            String name = object.getMetadata().getName();
            loop.wrote(name, objects, context.client().patch(RANGES, null, name, Patch.strategic(body), "status"));
            return Result.done();
        }

        private void patchFinalizer(String name, String directive) {
            ObjectNode body = Json.object();
            body.putObject("metadata").putArray(directive).add(FINALIZER);
            loop.wrote(name, objects, context.client().patch(RANGES, null, name, Patch.strategic(body), null));
        }
    }
}
