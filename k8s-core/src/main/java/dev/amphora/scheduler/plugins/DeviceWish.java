package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Lister;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.CapacityRequirements;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceConstraint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequest;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceSelector;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceSubRequest;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceToleration;
import io.fabric8.kubernetes.api.model.resource.v1.ExactDeviceRequest;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one request of a claim wants: one of several alternatives, the first that can be had.
 *
 * @param claim the index of the claim
 * @param request the name of the request
 * @param alternatives at least one
 * @param ranked whether an earlier alternative is better
 * @param constraints those of the claim
 */
record DeviceWish(
        int claim, String request, List<Alternative> alternatives, boolean ranked, List<DeviceConstraint> constraints) {

    /**
     * Some devices of one kind.
     *
     * @param name as results and constraints have it, such as {@code request/subrequest}
     * @param className the class
     * @param selectors those of the class and of the request: all must match
     * @param all whether all matching devices are wanted, one at least
     * @param count how many else
     * @param admin whether devices may be in use by others
     * @param tolerations of taints on devices
     * @param capacity how much of what a device must have or, if it is shared, give
     */
    record Alternative(
            String name,
            String className,
            List<String> selectors,
            boolean all,
            long count,
            boolean admin,
            List<DeviceToleration> tolerations,
            Map<String, Quantity> capacity) {}

    /** Something about a claim that makes allocation impossible; the message says what. */
    static final class Impossible extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Impossible(String message) {
            super(message, null, false, false);
        }
    }

    /** The wishes of a claim. */
    static List<DeviceWish> of(int index, ResourceClaim claim, Lister<DeviceClass> classes) {
        List<DeviceWish> wishes = new ArrayList<>();
        if (claim.getSpec() == null || claim.getSpec().getDevices() == null) {
            return wishes;
        }
        for (DeviceRequest request : claim.getSpec().getDevices().getRequests()) {
            List<Alternative> alternatives = new ArrayList<>();
            if (request.getExactly() != null) {
                alternatives.add(exactly(request.getName(), request.getExactly(), classes));
            } else {
                for (DeviceSubRequest sub : request.getFirstAvailable()) {
                    alternatives.add(sub(request.getName() + "/" + sub.getName(), sub, classes));
                }
            }
            if (alternatives.isEmpty()) {
                throw new Impossible("resource claim " + claim.getMetadata().getNamespace() + "/"
                        + claim.getMetadata().getName() + ", request " + request.getName()
                        + ": unknown request type");
            }
            wishes.add(new DeviceWish(
                    index,
                    request.getName(),
                    alternatives,
                    request.getExactly() == null,
                    claim.getSpec().getDevices().getConstraints()));
        }
        return wishes;
    }

    private static Alternative exactly(String name, ExactDeviceRequest request, Lister<DeviceClass> classes) {
        return new Alternative(
                name,
                Claims.text(request.getDeviceClassName()),
                selectors(name, request.getDeviceClassName(), request.getSelectors(), classes),
                "All".equals(request.getAllocationMode()),
                request.getCount() == null || request.getCount() == 0 ? 1 : request.getCount(),
                Boolean.TRUE.equals(request.getAdminAccess()),
                request.getTolerations(),
                capacity(request.getCapacity()));
    }

    private static Map<String, Quantity> capacity(@Nullable CapacityRequirements wanted) {
        return wanted == null || wanted.getRequests() == null ? Map.of() : wanted.getRequests();
    }

    private static Alternative sub(String name, DeviceSubRequest request, Lister<DeviceClass> classes) {
        return new Alternative(
                name,
                Claims.text(request.getDeviceClassName()),
                selectors(name, request.getDeviceClassName(), request.getSelectors(), classes),
                "All".equals(request.getAllocationMode()),
                request.getCount() == null || request.getCount() == 0 ? 1 : request.getCount(),
                false,
                request.getTolerations(),
                capacity(request.getCapacity()));
    }

    private static List<String> selectors(
            String request, @Nullable String className, List<DeviceSelector> own, Lister<DeviceClass> classes) {
        DeviceClass known = className == null ? null : classes.get(null, className);
        if (known == null) {
            throw new Impossible("request " + request + ": device class " + className + " does not exist");
        }
        List<String> all = selectors(known);
        own.forEach(selector -> add(selector, all));
        return all;
    }

    /** The expressions by which a class selects devices. */
    static List<String> selectors(DeviceClass deviceClass) {
        List<String> all = new ArrayList<>();
        if (deviceClass.getSpec() != null) {
            deviceClass.getSpec().getSelectors().forEach(selector -> add(selector, all));
        }
        return all;
    }

    private static void add(DeviceSelector selector, List<String> into) {
        if (selector.getCel() != null) {
            into.add(Claims.text(selector.getCel().getExpression()));
        }
    }
}
