package dev.amphora.proxy;

import com.google.common.collect.ImmutableSortedMap;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Informer;
import dev.amphora.client.InformerHandler;
import dev.amphora.client.Informers;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.proxy.ProxyPlan.Frontend;
import dev.amphora.proxy.ProxyPlan.Route;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service proxy without any privilege: a listener at each Service's IP and port, and bytes carried from there to the endpoints.
 *
 * <p>It relies on Linux letting anybody bind any address of 127.0.0.0/8, so Services must have their addresses there; ports below 1024
 * take root all the same. TCP connections are spread over the ready endpoints in turn; a UDP client keeps its endpoint until it has
 * been silent for a while. A Service without endpoints refuses. One thread carries all connections. In a simulation there are no
 * sockets, and the proxy does nothing.
 */
public final class UserspaceProxy implements ServiceProxy {
    private static final String BY_SERVICE = "service";
    private static final Logger log = LoggerFactory.getLogger(UserspaceProxy.class);

    private @Nullable Actor actor;
    private @Nullable Informers informers;
    private @Nullable Informer<Service> services;
    private @Nullable Informer<EndpointSlice> slices;
    private @Nullable Switchboard switchboard;
    private String nodeName = "";
    private final Set<String> changed = new TreeSet<>();
    private final RouteTable routes = new RouteTable();
    private boolean planned;
    private boolean started;

    /** A proxy, not yet started. */
    public UserspaceProxy() {}

    @Override
    public synchronized void start(Context context) {
        if (started) {
            throw new IllegalStateException("this proxy has been started before");
        }
        started = true;
        Kernel kernel = context.kernel();
        if (kernel instanceof SimulatedKernel) {
            log.info("Services are not served: a simulation has no sockets");
            return;
        }
        nodeName = context.nodeName();
        Actor own = kernel.actor("proxy");
        actor = own;
        switchboard = new Switchboard(kernel);
        Informers all = new Informers(context.client(), kernel);
        informers = all;
        Informer<Service> allServices = all.of(ResourceType.of(Service.class));
        Informer<EndpointSlice> allSlices = all.of(ResourceType.of(EndpointSlice.class));
        services = allServices;
        slices = allSlices;
        allSlices.addIndex(BY_SERVICE, slice -> Optional.ofNullable(ProxyPlan.serviceOf(slice)).stream()
                .toList());
        allServices.addHandler(own, new Replan<>(UserspaceProxy::nameOf));
        allSlices.addHandler(own, new Replan<>(ProxyPlan::serviceOf));
        allServices.whenSynced(own, () -> allSlices.whenSynced(own, () -> replanLater(null)));
    }

    @Override
    public void close() {
        Informers ending;
        Actor own;
        Switchboard board;
        synchronized (this) {
            ending = informers;
            own = actor;
            board = switchboard;
            informers = null;
            actor = null;
            switchboard = null;
        }
        if (ending != null) {
            ending.close();
        }
        if (own != null) {
            own.close();
        }
        if (board != null) {
            board.close();
        }
    }

    /** Several changes at once are planned for once, and only for the Services that they are about. */
    private void replanLater(@Nullable String service) {
        Actor own;
        synchronized (this) {
            if (service != null) {
                changed.add(service);
            }
            own = actor;
            if (planned || own == null) {
                return;
            }
            planned = true;
        }
        own.execute(this::replan);
    }

    private void replan() {
        Informer<Service> allServices;
        Informer<EndpointSlice> allSlices;
        Switchboard board;
        List<String> due;
        synchronized (this) {
            planned = false;
            allServices = services;
            allSlices = slices;
            board = switchboard;
            if (board == null
                    || allServices == null
                    || allSlices == null
                    || !allServices.hasSynced()
                    || !allSlices.hasSynced()) {
                return;
            }
            due = List.copyOf(changed);
            changed.clear();
        }
        Map<String, ImmutableSortedMap<Frontend, Route>> plans = new TreeMap<>();
        for (String name : due) {
            int slash = name.indexOf('/');
            List<Service> service = allServices.find(name.substring(0, slash), name.substring(slash + 1)).stream()
                    .toList();
            plans.put(name, ProxyPlan.plan(service, allSlices.byIndex(BY_SERVICE, name), nodeName));
        }
        board.connect(routes.set(plans));
    }

    private static String nameOf(Service service) {
        return service.getMetadata().getNamespace() + "/"
                + service.getMetadata().getName();
    }

    static void closeQuietly(Closeable socket) {
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("A socket did not close", e);
        }
    }

    private final class Replan<T extends HasMetadata> implements InformerHandler<T> {
        private final Function<T, @Nullable String> serviceOf;

        Replan(Function<T, @Nullable String> serviceOf) {
            this.serviceOf = serviceOf;
        }

        @Override
        public void onAdd(T object) {
            replanLater(serviceOf.apply(object));
        }

        @Override
        public void onUpdate(T old, T object) {
            replanLater(serviceOf.apply(old));
            replanLater(serviceOf.apply(object));
        }

        @Override
        public void onDelete(T last) {
            replanLater(serviceOf.apply(last));
        }
    }
}
