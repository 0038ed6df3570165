package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Resources;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequest;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Extended resources that device classes stand for (KEP-5004): a node that doesn't offer one itself may have devices instead. */
final class ExtendedResources {
    static final String ANNOTATION = "resource.kubernetes.io/extended-resource-claim";
    private static final String IMPLICIT_PREFIX = "deviceclass.resource.kubernetes.io/";

    private ExtendedResources() {}

    /** The device class for each extended resource that a pod asks for and that has one; the newest class wins. */
    static Map<String, String> classes(PodInfo pod, Lister<DeviceClass> classes, Lister.Index<DeviceClass> byResource) {
        Resources requests = pod.requests();
        if (requests.scalarCount() == 0) {
            return Map.of();
        }
        Map<String, String> found = new TreeMap<>();
        for (int i = 0; i < requests.scalarCount(); i++) {
            String name = requests.scalarName(i);
            if (requests.scalarAmount(i) == 0 || name.indexOf('/') < 0) {
                continue;
            }
            if (name.startsWith(IMPLICIT_PREFIX)) {
                String className = name.substring(IMPLICIT_PREFIX.length());
                if (classes.get(null, className) != null) {
                    found.put(name, className);
                    continue;
                }
            }
            byResource.get(name).stream()
                    .reduce(ExtendedResources::newer)
                    .ifPresent(known -> found.put(name, known.getMetadata().getName()));
        }
        return found;
    }

    /** The extended resource that a class is told to stand for, if any: what it is found by. */
    static List<String> names(DeviceClass deviceClass) {
        String name = name(deviceClass);
        return name == null ? List.of() : List.of(name);
    }

    static @Nullable String name(DeviceClass deviceClass) {
        return deviceClass.getSpec() == null ? null : deviceClass.getSpec().getExtendedResourceName();
    }

    /** The extended resource that a class stands for without being told so. */
    static String implicitName(DeviceClass deviceClass) {
        return IMPLICIT_PREFIX + deviceClass.getMetadata().getName();
    }

    private static DeviceClass newer(DeviceClass a, DeviceClass b) {
        int order = Claims.text(a.getMetadata().getCreationTimestamp())
                .compareTo(Claims.text(b.getMetadata().getCreationTimestamp()));
        return order >= 0 ? a : b;
    }

    /** Those of some extended resources that a node is to give by devices. */
    static Set<String> byDevices(NodeInfo node, Set<String> resources) {
        for (String resource : resources) {
            if (!byDevices(node, resource)) {
                Set<String> some = new HashSet<>(resources);
                some.removeIf(each -> !byDevices(node, each));
                return some;
            }
        }
        return resources;
    }

    /** Whether a node is to give an extended resource by devices, because it doesn't offer it itself. */
    static boolean byDevices(NodeInfo node, String resource) {
        return node.allocatable().scalar(resource) == 0;
    }

    /**
     * An extended resource that a node can give neither itself nor by devices; null if there is none.
     *
     * @param classes of the resources that devices can give
     */
    static @Nullable String missing(PodInfo pod, NodeInfo node, Map<String, String> classes) {
        Resources requests = pod.requests();
        for (int i = 0; i < requests.scalarCount(); i++) {
            String name = requests.scalarName(i);
            if (requests.scalarAmount(i) != 0
                    && isExtended(name)
                    && !classes.containsKey(name)
                    && !node.allocatable().scalarNames().contains(name)) {
                return name;
            }
        }
        return null;
    }

    /** Whether a device class can stand for a resource. */
    static boolean isExtended(String name) {
        return name.startsWith(IMPLICIT_PREFIX)
                || (name.indexOf('/') >= 0 && !name.contains("kubernetes.io/") && !name.startsWith("requests."));
    }

    /**
     * Which device request stands for an extended resource of a container.
     *
     * @param container its name
     * @param resource the extended resource
     * @param request the name of the request in the claim
     */
    record Mapping(String container, String resource, String request) {}

    /** The claim that would stand for what a node gives by devices, and what its requests are for. */
    record Claimed(ResourceClaim claim, List<Mapping> mappings) {}

    /**
     * What devices a node would have to give; null if none.
     *
     * @param byDevices the resources that it gives so
     * @param classes of these and others
     */
    static @Nullable Claimed claim(PodInfo pod, Set<String> byDevices, Map<String, String> classes) {
        if (byDevices.isEmpty()) {
            return null;
        }
        List<DeviceRequest> requests = new ArrayList<>();
        List<Mapping> mappings = new ArrayList<>();
        classes.forEach((resource, className) -> {
            if (byDevices.contains(resource)) {
                collect(pod, resource, className, requests, mappings);
            }
        });
        if (requests.isEmpty()) {
            return null;
        }
        requests.sort(Comparator.comparing(DeviceRequest::getName));
        return new Claimed(claim(pod, requests), mappings);
    }

    /**
     * The requests for one resource: one for each container that stays, sidecars among them, and one for all init containers that end, as
     * far as what the containers after them will have is not enough for the largest of these.
     */
    private static void collect(
            PodInfo pod, String resource, String className, List<DeviceRequest> requests, List<Mapping> mappings) {
        List<Container> inits = pod.spec().getInitContainers();
        List<Container> containers = new ArrayList<>(inits);
        containers.addAll(pod.spec().getContainers());
        DeviceRequest[] staying = new DeviceRequest[containers.size()];
        for (int c = 0; c < staying.length; c++) {
            Container container = containers.get(c);
            long count = count(container, resource);
            if (count > 0 && !(c < inits.size() && ends(container))) {
                staying[c] = request(c, container, resource, className, count);
                requests.add(staying[c]);
                mappings.add(new Mapping(container.getName(), resource, staying[c].getName()));
            }
        }
        DeviceRequest largest = null;
        List<Mapping> ofInits = new ArrayList<>();
        Set<String> others = new HashSet<>();
        for (int c = 0; c < inits.size(); c++) {
            Container container = inits.get(c);
            long missing = ends(container) ? count(container, resource) : 0;
            for (int later = c; later < staying.length && missing > 0; later++) {
                if (staying[later] != null) {
                    missing -= staying[later].getExactly().getCount();
                    ofInits.add(new Mapping(container.getName(), resource, staying[later].getName()));
                }
            }
            if (missing > 0) {
                DeviceRequest more = request(c, container, resource, className, missing);
                ofInits.add(new Mapping(container.getName(), resource, more.getName()));
                others.add(more.getName());
                if (largest == null || largest.getExactly().getCount() < missing) {
                    largest = more;
                }
            }
        }
        if (largest != null) {
            requests.add(largest);
        }
        String shared = largest == null ? "" : largest.getName();
        for (Mapping each : ofInits) {
            mappings.add(others.contains(each.request) ? new Mapping(each.container, resource, shared) : each);
        }
    }

    private static boolean ends(Container initContainer) {
        return !"Always".equals(initContainer.getRestartPolicy());
    }

    private static Map<String, Quantity> wanted(Container container) {
        Map<String, Quantity> wanted = container.getResources() == null
                ? null
                : container.getResources().getRequests();
        return wanted == null ? Map.of() : wanted;
    }

    private static long count(Container container, String resource) {
        Quantity quantity = wanted(container).get(resource);
        return quantity == null ? 0 : VolumeHints.bytes(quantity);
    }

    /** A request, named for the place of the container among all and of the resource among those of the container. */
    private static DeviceRequest request(
            int place, Container container, String resource, String className, long count) {
        int index = new TreeSet<>(wanted(container).keySet()).headSet(resource).size();
        return new DeviceRequestBuilder()
                .withName("container-" + place + "-request-" + index)
                .withNewExactly()
                .withDeviceClassName(className)
                .withAllocationMode("ExactCount")
                .withCount(count)
                .endExactly()
                .build();
    }

    private static ResourceClaim claim(PodInfo pod, List<DeviceRequest> requests) {
        return new ResourceClaimBuilder()
                .withNewMetadata()
                .withNamespace(pod.namespace())
                .withGenerateName(pod.name() + "-extended-resources-")
                .withUid("extended resources of " + pod.uid())
                .addToAnnotations(ANNOTATION, "true")
                .withOwnerReferences(new OwnerReferenceBuilder()
                        .withApiVersion("v1")
                        .withKind("Pod")
                        .withName(pod.name())
                        .withUid(pod.uid())
                        .withController(true)
                        .withBlockOwnerDeletion(true)
                        .build())
                .endMetadata()
                .withNewSpec()
                .withNewDevices()
                .withRequests(requests)
                .endDevices()
                .endSpec()
                .build();
    }
}
