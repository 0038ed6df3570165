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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

    /** Whether a node is to give an extended resource by devices, because it doesn't offer it itself. */
    static boolean byDevices(NodeInfo node, String resource) {
        return node.allocatable().scalar(resource) == 0;
    }

    /** The claim that would stand for what a node gives by devices; null if it is nothing. */
    static @Nullable ResourceClaim claim(PodInfo pod, NodeInfo node, Map<String, String> classes) {
        List<DeviceRequest> requests = new ArrayList<>();
        List<Container> containers = new ArrayList<>(pod.spec().getInitContainers());
        containers.addAll(pod.spec().getContainers());
        for (int c = 0; c < containers.size(); c++) {
            Map<String, Quantity> wanted = containers.get(c).getResources() == null
                    ? null
                    : containers.get(c).getResources().getRequests();
            int r = 0;
            for (Map.Entry<String, Quantity> each :
                    new TreeMap<>(wanted == null ? Map.<String, Quantity>of() : wanted).entrySet()) {
                String className = classes.get(each.getKey());
                long count = VolumeHints.bytes(each.getValue());
                if (className != null && count > 0 && byDevices(node, each.getKey())) {
                    requests.add(new DeviceRequestBuilder()
                            .withName("container-" + c + "-request-" + r)
                            .withNewExactly()
                            .withDeviceClassName(className)
                            .withAllocationMode("ExactCount")
                            .withCount(count)
                            .endExactly()
                            .build());
                }
                r++;
            }
        }
        if (requests.isEmpty()) {
            return null;
        }
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
