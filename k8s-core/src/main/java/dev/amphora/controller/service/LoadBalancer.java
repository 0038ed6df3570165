package dev.amphora.controller.service;

import dev.amphora.client.ObjectKey;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives Services of type LoadBalancer the addresses by which they are reached from outside: what a cloud provider does for the reference.
 * Called by several workers at a time. {@link AddressPool} is the one that comes with the library.
 */
public interface LoadBalancer {

    /** The {@code loadBalancerClass} of the Services that it serves; null for those that name none. */
    default @Nullable String loadBalancerClass() {
        return null;
    }

    /**
     * Sees to it that a Service is reachable. Called again whenever something changes that may matter, and again after a failure.
     *
     * @param service as it is now
     * @return what is told in its status
     * @throws IllegalStateException with a reason for people if that can't be done now; it is tried again later
     */
    List<LoadBalancerIngress> ensure(Service service);

    /**
     * The same, for one that leads to nodes.
     *
     * @param nodes those that take part, by name: neither labelled {@code node.kubernetes.io/exclude-from-external-load-balancers} nor on
     *     their way out; whether they are ready is for the load balancer to find out (KEP-3458)
     */
    default List<LoadBalancerIngress> ensure(Service service, List<Node> nodes) {
        return ensure(service);
    }

    /**
     * Other nodes take part than when a Service was last seen to. Does nothing unless a load balancer leads to nodes.
     *
     * @param nodes as in {@link #ensure(Service, List)}
     * @throws IllegalStateException with a reason for people if that can't be done now; it is tried again later
     */
    default void update(Service service, List<Node> nodes) {}

    /** Learns what a Service has been given before this process began; called for each before anything else. */
    default void remember(Service service) {}

    /** Whether a Service has been given anything. */
    boolean holds(ObjectKey service);

    /** Takes back what a Service was given. Nothing happens if that is nothing. */
    void release(ObjectKey service);
}
