package dev.amphora.samples;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.HotSpotDiagnosticMXBean;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.Body;
import dev.amphora.apiserver.RequestOptions;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The objects that are measured with, and how figures are taken of many. */
final class BenchObjects {
    static final ResourceType<Pod> PODS = ResourceType.of(Pod.class);
    static final ResourceType<ConfigMap> CONFIG_MAPS = ResourceType.of(ConfigMap.class);
    static final String NAMESPACE = "default";

    private BenchObjects() {}

    static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(name)
                .addToLabels("app", "bench")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("amphora.dev/web:1")
                .withNewResources()
                .addToRequests("cpu", new Quantity("100m"))
                .addToRequests("memory", new Quantity("500Mi"))
                .endResources()
                .endContainer()
                .endSpec()
                .build();
    }

    static ConfigMap configMap(String namespace, String name) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .addToData("key", "value")
                .build();
    }

    /** A strategic merge patch that changes one label. */
    static Patch label(int change) {
        ObjectNode body = Json.object();
        body.putObject("metadata").putObject("labels").put("change", "c" + change);
        return Patch.strategic(body);
    }

    /** Applies a ConfigMap. */
    static void apply(Cluster cluster, String name, int change) {
        ObjectNode body = Json.object().put("apiVersion", "v1").put("kind", "ConfigMap");
        body.putObject("metadata").put("name", name);
        body.putObject("data").put("key", "v" + change);
        cluster.apiServer()
                .handle(new ApiRequest(
                        User.of("bench", User.MASTERS),
                        "bench",
                        Verb.PATCH,
                        CONFIG_MAPS.group(),
                        CONFIG_MAPS.version(),
                        CONFIG_MAPS.plural(),
                        NAMESPACE,
                        name,
                        "",
                        RequestOptions.parse(Map.of("fieldManager", List.of("bench"))),
                        Body.of(body, Patch.Type.APPLY.mediaType())));
    }

    /** The value below which a share of the others lies. */
    static double quantile(double[] values, double share) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.min(sorted.length - 1L, (long) (sorted.length * share))];
    }

    /**
     * The bytes in use after a collection. It gives no memory back to the system: whatever is measured next would have to ask for it again
     * page by page, which took a twelfth of the time of a workload that lasts a second.
     */
    static double heap() {
        Runtime runtime = Runtime.getRuntime();
        keepFreeMemory();
        System.gc();
        return runtime.totalMemory() - (double) runtime.freeMemory();
    }

    private static void keepFreeMemory() {
        try {
            HotSpotDiagnosticMXBean machine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            if (machine != null) {
                machine.setVMOption("MaxHeapFreeRatio", "100");
            }
        } catch (IllegalArgumentException e) {
            // a machine that can't be told so
        }
    }

    static double median(double[] values) {
        return quantile(values, 0.5);
    }
}
