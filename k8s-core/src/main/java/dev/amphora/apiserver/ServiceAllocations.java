package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Cluster addresses and node ports of Services.
 *
 * <p>An address is taken by creating the {@code IPAddress} object of its name, so that a compare-and-swap decides who gets it, whatever
 * happened before on the same store. Node ports are those of no other Service; one Service with node ports is written at a time.
 */
final class ServiceAllocations implements Allocations {
    private static final int FIRST_PORT = 30000;
    private static final int LAST_PORT = 32767;
    private static final String OUT_OF_RANGE =
            "provided port is not in the valid range. The range of valid ports is " + FIRST_PORT + "-" + LAST_PORT;
    private static final int STATIC_PORTS = 86;
    private static final int ATTEMPTS = 64;

    private final Kernel kernel;
    private final Endpoints endpoints;
    private final Reads reads;
    private final StoreFeed feed;
    private final ServiceRanges ranges;
    private final ReentrantLock ports = new ReentrantLock();

    ServiceAllocations(Kernel kernel, Endpoints endpoints, Reads reads, StoreFeed feed, ServiceRanges ranges) {
        this.kernel = kernel;
        this.endpoints = endpoints;
        this.reads = reads;
        this.feed = feed;
        this.ranges = ranges;
    }

    @Override
    public Held hold(Endpoint endpoint, ObjectNode object, @Nullable ObjectNode old) {
        if (!isService(endpoint)) {
            return Held.NOTHING;
        }
        Reservation reservation = new Reservation();
        try {
            addresses(object, old, reservation);
            nodePorts(endpoint, object, old, reservation);
            return reservation;
        } catch (RuntimeException e) {
            reservation.close();
            throw e;
        }
    }

    @Override
    public void dryRun(Endpoint endpoint, ObjectNode object, @Nullable ObjectNode old) {
        if (!isService(endpoint)) {
            return;
        }
        dryAddresses(object, old);
        if (wantsPorts(object)) {
            TreeMap<Integer, String> taken = taken(endpoint, object);
            takePorts(object, taken, false);
            for (JsonNode port : object.path("spec").path("ports")) {
                if (port.path("nodePort").asInt() == 0) {
                    ((ObjectNode) port).put("nodePort", freePort(taken));
                }
            }
        }
    }

    /** A dry run does not look whether an address is taken, only whether there is such a one. */
    private void dryAddresses(ObjectNode object, @Nullable ObjectNode old) {
        ObjectNode spec = object.withObject("/spec");
        if (spec.path("type").asText().equals("ExternalName")) {
            return;
        }
        completeFamilies(object, old);
        if (ServiceFamilies.isHeadless(spec)) {
            spec.putArray("clusterIPs").add("None");
            return;
        }
        List<String> asked = addressesOf(object);
        for (String ip : asked) {
            Cidr range = ranges.ofAddress(ip).orElse(null);
            if (range != null && !range.holds(ip)) {
                throw notGiven(
                        object,
                        asked,
                        ip,
                        "the provided IP (%s) is not in the valid range. The range of valid IPs is %s"
                                .formatted(ip, range));
            }
        }
        List<String> given = new ArrayList<>(asked);
        for (int i = given.size(); i < spec.path("ipFamilies").size(); i++) {
            given.add(someAddress(rangeOf(spec, i)));
        }
        ServiceFamilies.assign(spec, given);
    }

    private void completeFamilies(ObjectNode object, @Nullable ObjectNode old) {
        List<FieldError> errors =
                ServiceFamilies.complete(object.withObject("/spec"), old == null ? null : old.path("spec"), ranges);
        if (!errors.isEmpty()) {
            throw StatusException.invalid("", "Service", Metadata.text(object, "name"), errors);
        }
    }

    private Cidr rangeOf(ObjectNode spec, int index) {
        return ranges.of(spec.path("ipFamilies").path(index).asText())
                .orElseThrow(() -> StatusException.internalError("no range for the family of a Service"));
    }

    @Override
    public void release(Endpoint endpoint, ObjectNode object) {
        if (isService(endpoint)) {
            addressesOf(object).forEach(ip -> releaseAddress(ip, object));
        }
    }

    private static boolean isService(Endpoint endpoint) {
        return endpoint.info().qualifiedName().equals("services");
    }

    private void addresses(ObjectNode object, @Nullable ObjectNode old, Reservation reservation) {
        ObjectNode spec = object.withObject("/spec");
        List<String> before = old == null ? List.of() : addressesOf(old);
        if (spec.path("type").asText().equals("ExternalName")) {
            before.forEach(ip -> reservation.later.add(() -> releaseAddress(ip, object)));
            return;
        }
        completeFamilies(object, old);
        reservation.changed = true;
        if (ServiceFamilies.isHeadless(spec)) {
            spec.putArray("clusterIPs").add("None");
            return;
        }
        List<String> asked = addressesOf(object);
        List<String> given = new ArrayList<>();
        for (String ip : asked) {
            if (!before.contains(ip)) {
                take(object, asked, ip, reservation);
            }
            given.add(ip);
        }
        for (int i = given.size(); i < spec.path("ipFamilies").size(); i++) {
            given.add(freeAddress(object, rangeOf(spec, i), reservation));
        }
        for (String ip : before) {
            if (!given.contains(ip)) {
                reservation.later.add(() -> releaseAddress(ip, object));
            }
        }
        ServiceFamilies.assign(spec, given);
    }

    private void take(ObjectNode object, List<String> asked, String ip, Reservation reservation) {
        boolean held = ranges.ofAddress(ip).filter(range -> range.holds(ip)).isPresent();
        if (!held) {
            throw notGiven(object, asked, ip, "the provided network does not match the current range");
        }
        if (!takeAddress(ip, object, reservation)) {
            throw notGiven(object, asked, ip, "provided IP is already allocated");
        }
    }

    private static StatusException notGiven(ObjectNode object, List<String> asked, String ip, String why) {
        return invalid(
                object,
                "spec.clusterIPs",
                asked.stream().map(Json::quote).collect(Collectors.joining(",", "[", "]")),
                "failed to allocate IP %s: %s".formatted(ip, why));
    }

    private String someAddress(Cidr range) {
        long reserved = range.reserved();
        return range.address(reserved + 1 + kernel.random().nextLong(range.usable() - reserved));
    }

    private String freeAddress(ObjectNode object, Cidr range, Reservation reservation) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String ip = someAddress(range);
            if (takeAddress(ip, object, reservation)) {
                return ip;
            }
        }
        for (long offset = range.usable(); offset > 0; offset--) {
            String ip = range.address(offset);
            if (takeAddress(ip, object, reservation)) {
                return ip;
            }
        }
        throw StatusException.internalError("failed to allocate a serviceIP: range is full");
    }

    private boolean takeAddress(String ip, ObjectNode service, Reservation reservation) {
        Endpoint addresses = addressObjects();
        ObjectNode address = Json.object();
        address.put("kind", "IPAddress").put("apiVersion", "networking.k8s.io/v1");
        ObjectNode metadata = address.putObject("metadata");
        metadata.put("name", ip);
        metadata.put("uid", kernel.newUid());
        metadata.put("creationTimestamp", Metadata.time(kernel.instant()));
        metadata.putObject("labels")
                .put("ipaddress.kubernetes.io/ip-family", ServiceRanges.familyOf(ip))
                .put("ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io");
        address.putObject("spec")
                .putObject("parentRef")
                .put("resource", "services")
                .put("namespace", Metadata.text(service, "namespace"))
                .put("name", Metadata.text(service, "name"));
        String key = addresses.key("", ip);
        VersionedObject abandoned = null;
        Optional<VersionedObject> holder = addresses.find("", ip);
        if (holder.isPresent()) {
            if (isInUse(holder.get(), ip, service)) {
                return false;
            }
            abandoned = holder.get();
        }
        long expected = abandoned == null ? 0 : abandoned.revision();
        byte[] value = StoredForm.of(address);
        Store.Swap swap = addresses.store().put(key, value, expected);
        if (!swap.succeeded()) {
            return false;
        }
        metadata.put("resourceVersion", Long.toString(swap.revision()));
        feed.wrote(
                addresses.cache(),
                new Change(
                        swap.revision(),
                        key,
                        VersionedObject.stored(key, value, swap.revision(), address, null),
                        abandoned,
                        kernel.instant()));
        reservation.undo.add(() -> releaseAddress(ip, service));
        return true;
    }

    /** Whether the Service for which an address was taken still has it, or is being written just now. */
    private boolean isInUse(VersionedObject address, String ip, ObjectNode asking) {
        JsonNode parent = address.tree().path("spec").path("parentRef");
        String namespace = parent.path("namespace").asText();
        String name = parent.path("name").asText();
        boolean own =
                namespace.equals(Metadata.text(asking, "namespace")) && name.equals(Metadata.text(asking, "name"));
        Optional<VersionedObject> service = services().find(namespace, name);
        return service.isEmpty() ? !own : addressesOf(service.get().tree()).contains(ip);
    }

    private void releaseAddress(String ip, ObjectNode service) {
        Endpoint addresses = addressObjects();
        addresses.find("", ip).ifPresent(address -> {
            JsonNode parent = address.tree().path("spec").path("parentRef");
            if (!parent.path("namespace").asText().equals(Metadata.text(service, "namespace"))
                    || !parent.path("name").asText().equals(Metadata.text(service, "name"))) {
                return;
            }
            String key = addresses.key("", ip);
            Store.Swap swap = addresses.store().delete(key, address.revision());
            if (swap.succeeded()) {
                feed.wrote(addresses.cache(), new Change(swap.revision(), key, null, address, kernel.instant()));
            }
        });
    }

    private void nodePorts(Endpoint endpoint, ObjectNode object, @Nullable ObjectNode old, Reservation reservation) {
        if (!wantsPorts(object)) {
            return;
        }
        ports.lock();
        reservation.locked = true;
        TreeMap<Integer, String> taken = taken(endpoint, object);
        takePorts(object, taken, true);
        for (JsonNode port : object.path("spec").path("ports")) {
            if (port.path("nodePort").asInt() == 0) {
                int twin = twin(object, port);
                int free = twin > 0 ? twin : freePort(taken);
                taken.put(free, port.path("protocol").asText("TCP"));
                ((ObjectNode) port).put("nodePort", free);
            }
        }
        healthPort(object, old, taken);
        reservation.changed = true;
    }

    /** Takes the ports that are asked for; a dry run does not look whether they are in the range. */
    private static void takePorts(ObjectNode object, TreeMap<Integer, String> taken, boolean ranged) {
        TreeMap<Integer, String> own = new TreeMap<>();
        int index = 0;
        for (JsonNode port : object.path("spec").path("ports")) {
            int asked = port.path("nodePort").asInt();
            String protocol = port.path("protocol").asText("TCP");
            String field = "spec.ports[%d].nodePort".formatted(index++);
            if (asked == 0) {
                continue;
            }
            if (ranged && (asked < FIRST_PORT || asked > LAST_PORT)) {
                throw invalid(object, field, Integer.toString(asked), OUT_OF_RANGE);
            }
            if (taken.containsKey(asked) || protocol.equals(own.get(asked))) {
                throw invalid(object, field, Integer.toString(asked), "provided port is already allocated");
            }
            own.put(asked, protocol);
        }
        taken.putAll(own);
    }

    /** The node port of a port with the same number and another protocol, 0 if there is none. */
    private static int twin(ObjectNode object, JsonNode port) {
        for (JsonNode other : object.path("spec").path("ports")) {
            if (other != port
                    && other.path("port").equals(port.path("port"))
                    && !Objects.equals(other.path("protocol"), port.path("protocol"))
                    && other.path("nodePort").asInt() > 0) {
                return other.path("nodePort").asInt();
            }
        }
        return 0;
    }

    private void healthPort(ObjectNode object, @Nullable ObjectNode old, TreeMap<Integer, String> taken) {
        ObjectNode spec = object.withObject("/spec");
        boolean wanted = spec.path("type").asText().equals("LoadBalancer")
                && spec.path("externalTrafficPolicy").asText().equals("Local");
        if (!wanted) {
            spec.remove("healthCheckNodePort");
        } else if (spec.path("healthCheckNodePort").asInt() != 0) {
            askedHealthPort(spec.path("healthCheckNodePort").asInt(), old, taken);
        } else if (spec.path("healthCheckNodePort").asInt() == 0) {
            int before = old == null
                    ? 0
                    : old.path("spec").path("healthCheckNodePort").asInt();
            spec.put("healthCheckNodePort", before > 0 ? before : freePort(taken));
        }
    }

    private static void askedHealthPort(int port, @Nullable ObjectNode old, TreeMap<Integer, String> taken) {
        String why = port < FIRST_PORT || port > LAST_PORT
                ? OUT_OF_RANGE
                : taken.containsKey(port) ? "provided port is already allocated" : "";
        boolean kept =
                old != null && old.path("spec").path("healthCheckNodePort").asInt() == port;
        if (!why.isEmpty() && !kept) {
            throw StatusException.internalError(
                    "failed to allocate requested HealthCheck NodePort %d: %s".formatted(port, why));
        }
    }

    private int freePort(TreeMap<Integer, String> taken) {
        int dynamic = FIRST_PORT + STATIC_PORTS;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = dynamic + kernel.random().nextInt(LAST_PORT - dynamic + 1);
            if (!taken.containsKey(port)) {
                return port;
            }
        }
        for (int port = LAST_PORT; port >= FIRST_PORT; port--) {
            if (!taken.containsKey(port)) {
                return port;
            }
        }
        throw StatusException.internalError("failed to allocate a nodePort: range is full");
    }

    private TreeMap<Integer, String> taken(Endpoint endpoint, ObjectNode own) {
        TreeMap<Integer, String> taken = new TreeMap<>();
        for (VersionedObject service : reads.all(endpoint, "")) {
            if (service.uid().equals(Metadata.text(own, "uid"))) {
                continue;
            }
            JsonNode spec = service.tree().path("spec");
            for (JsonNode port : spec.path("ports")) {
                if (port.path("nodePort").asInt() > 0) {
                    taken.put(
                            port.path("nodePort").asInt(), port.path("protocol").asText());
                }
            }
            if (spec.path("healthCheckNodePort").asInt() > 0) {
                taken.put(spec.path("healthCheckNodePort").asInt(), "");
            }
        }
        return taken;
    }

    private static boolean wantsPorts(ObjectNode object) {
        JsonNode spec = object.path("spec");
        String type = spec.path("type").asText();
        return type.equals("NodePort")
                || (type.equals("LoadBalancer")
                        && spec.path("allocateLoadBalancerNodePorts").asBoolean(true));
    }

    private static List<String> addressesOf(ObjectNode service) {
        List<String> addresses = new ArrayList<>();
        JsonNode spec = service.path("spec");
        for (JsonNode ip : spec.path("clusterIPs")) {
            addresses.add(ip.asText());
        }
        String one = spec.path("clusterIP").asText("");
        if (addresses.isEmpty() && !one.isEmpty()) {
            addresses.add(one);
        }
        addresses.removeIf(ip -> ip.isEmpty() || ip.equals("None"));
        return addresses;
    }

    private Endpoint services() {
        return endpoints.find("", "v1", "services").orElseThrow();
    }

    private Endpoint addressObjects() {
        return endpoints.find("networking.k8s.io", "v1", "ipaddresses").orElseThrow();
    }

    private static StatusException invalid(ObjectNode object, String field, String value, String why) {
        return StatusException.invalid(
                "",
                "Service",
                Metadata.text(object, "name"),
                List.of(new FieldError(FieldError.Type.INVALID, field, "Invalid value: %s: %s".formatted(value, why))));
    }

    /** What one write has taken. */
    private final class Reservation implements Held {
        private final List<Runnable> undo = new ArrayList<>();
        private final List<Runnable> later = new ArrayList<>();
        private boolean changed;
        private boolean locked;

        @Override
        public boolean changed() {
            return changed;
        }

        @Override
        public void keep() {
            undo.clear();
            later.forEach(Runnable::run);
        }

        @Override
        public void close() {
            if (locked) {
                locked = false;
                ports.unlock();
            }
            undo.forEach(Runnable::run);
            undo.clear();
        }
    }
}
