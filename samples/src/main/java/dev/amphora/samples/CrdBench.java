package dev.amphora.samples;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import dev.amphora.Cluster;
import dev.amphora.ClusterBuilder;
import dev.amphora.api.Json;
import dev.amphora.rest.LocalConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what many custom resource definitions cost: each creation, the memory, and the pages that tell of them. */
@Command(
        name = "crds",
        description =
                "Measure custom resource definitions: time until each is served, memory, discovery; in process and over HTTPS.",
        mixinStandardHelpOptions = true)
final class CrdBench implements Callable<Integer> {
    private static final String GROUP = "bench.amphora.dev";
    private static final String DISCOVERY =
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    private static final String JSON = "application/json";

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--crds", description = "How many definitions. Default: ${DEFAULT-VALUE}")
    private int crds = 1_000;

    @Option(names = "--objects", description = "How many objects of each. Default: ${DEFAULT-VALUE}")
    private int objects = 100;

    @Option(names = "--groups", description = "Over how many groups they are spread. Default: ${DEFAULT-VALUE}")
    private int groups = 20;

    @Option(names = "--warm-up", description = "How many definitions are made before. Default: ${DEFAULT-VALUE}")
    private int warmUp = 300;

    @Option(names = "--no-controllers", description = "Without controllers beside.")
    private boolean noControllers;

    @Option(names = "--only", description = "process or https. Default: both")
    private @Nullable String only;

    private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    /** A way to the server. */
    @FunctionalInterface
    private interface Way {
        byte[] send(String method, String path, String accept, byte[] body) throws Exception;
    }

    /** What comes in answer, whole. */
    private static final class Answer implements LocalConnection.Listener {
        private final CompletableFuture<byte[]> whole;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int status;

        Answer(CompletableFuture<byte[]> whole) {
            this.whole = whole;
        }

        @Override
        public void onHead(int code, List<Map.Entry<String, String>> headers) {
            status = code;
        }

        @Override
        public void onBytes(byte[] piece) {
            bytes.writeBytes(piece);
        }

        @Override
        public void onEnd() {
            try {
                whole.complete(checked(status, bytes.toByteArray()));
            } catch (IOException e) {
                whole.completeExceptionally(e);
            }
        }
    }

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        try (Cluster cluster = builder().start()) {
            create(inside(cluster), 0, warmUp);
        }
        out.printf(
                "%,d definitions over %d groups, %,d objects of each, one caller, %s controllers:%n",
                crds, groups, objects, noControllers ? "without" : "with");
        if (!"https".equals(only)) {
            try (Cluster cluster = builder().start()) {
                out.println(" In process:");
                measure(out, inside(cluster));
            }
        }
        if (!"process".equals(only)) {
            try (Cluster cluster = builder().serve(0).start()) {
                out.println(" Over HTTPS:");
                measure(out, https(cluster.endpoint().orElseThrow().url()));
            }
        }
        return 0;
    }

    private ClusterBuilder builder() {
        ClusterBuilder builder = ApiBench.server();
        return noControllers ? builder : builder.controllers("*");
    }

    private static Way inside(Cluster cluster) {
        return (method, path, accept, body) -> {
            CompletableFuture<byte[]> answered = new CompletableFuture<>();
            cluster.connection().send(method, path, headers(accept), body, new Answer(answered));
            return answered.get();
        };
    }

    private static List<Map.Entry<String, String>> headers(String accept) {
        return List.of(
                Map.entry("Authorization", "Bearer " + HttpsBench.TOKEN),
                Map.entry("Accept", accept),
                Map.entry("Content-Type", JSON));
    }

    private static Way https(String url) throws Exception {
        HttpClient client = HttpsWatchers.client(HttpClient.Version.HTTP_1_1);
        return (method, path, accept, body) -> {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path))
                    .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
            headers(accept).forEach(header -> request.header(header.getKey(), header.getValue()));
            HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            return checked(response.statusCode(), response.body());
        };
    }

    private static byte[] checked(int status, byte[] body) throws IOException {
        if (status >= 300) {
            throw new IOException(status + ": " + new String(body, StandardCharsets.UTF_8));
        }
        return body;
    }

    private void measure(PrintWriter out, Way way) throws Exception {
        double empty = BenchObjects.heap();
        long computed = system.getProcessCpuTime();
        double[] times = create(way, 0, crds);
        computed = system.getProcessCpuTime() - computed;
        double defined = BenchObjects.heap();
        int slice = Math.max(1, crds / 10);
        out.printf(
                "  %-46s median %6.2f ms   99 %% below %6.2f ms   first %d: %.2f ms   last %d: %.2f ms%n",
                "definition created and its first list answered",
                BenchObjects.median(times),
                BenchObjects.quantile(times, 0.99),
                slice,
                mean(times, 0, slice),
                slice,
                mean(times, crds - slice, crds));
        out.printf(
                "  %-46s %6.2f ms computed   heap %.1f KB%n",
                "for each definition", computed / 1e6 / crds, (defined - empty) / crds / 1e3);
        page(out, way, "/apis", DISCOVERY);
        page(out, way, "/apis/" + group(0) + "/v1", JSON);
        page(out, way, "/openapi/v3", JSON);
        page(out, way, "/openapi/v3/apis/" + group(0) + "/v1", JSON);
        page(out, way, "/openapi/v2", JSON);
        double before = BenchObjects.heap();
        long begin = System.nanoTime();
        computed = system.getProcessCpuTime();
        for (int i = 0; i < crds; i++) {
            for (int j = 0; j < objects; j++) {
                way.send("POST", path(i), JSON, Json.write(object(i, j)));
            }
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        out.printf(
                "  %-46s %,8.0f /s   for each %.3f ms computed   heap %.2f KB%n",
                "objects created",
                crds * objects / seconds,
                (system.getProcessCpuTime() - computed) / 1e6 / crds / objects,
                (BenchObjects.heap() - before) / crds / objects / 1e3);
        double[] late = create(way, crds, slice);
        out.printf("  %-46s median %6.2f ms%n", "one more definition beside them", BenchObjects.median(late));
        create(way, crds + slice, 1);
        page(out, way, "/apis", DISCOVERY);
        page(out, way, "/openapi/v3", JSON);
        page(out, way, "/openapi/v2", JSON);
        out.flush();
    }

    /** How long each took until it was served. */
    private double[] create(Way way, int from, int count) throws Exception {
        double[] times = new double[count];
        for (int i = 0; i < count; i++) {
            byte[] body = Json.write(definition(from + i));
            long begin = System.nanoTime();
            way.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", JSON, body);
            way.send("GET", path(from + i), JSON, new byte[0]);
            times[i] = (System.nanoTime() - begin) / 1e6;
        }
        return times;
    }

    private void page(PrintWriter out, Way way, String path, String accept) throws Exception {
        List<Double> times = new ArrayList<>();
        int length = 0;
        for (int i = 0; i < 5; i++) {
            long begin = System.nanoTime();
            length = way.send("GET", path, accept, new byte[0]).length;
            times.add((System.nanoTime() - begin) / 1e6);
        }
        out.printf(
                "  %-46s first %8.2f ms   again %6.2f ms   %,d KB%n",
                "GET " + path,
                times.get(0),
                times.subList(1, 5).stream().sorted().toList().get(1),
                length / 1000);
    }

    private static double mean(double[] values, int from, int to) {
        return Arrays.stream(values, from, to).average().orElse(0);
    }

    private String group(int number) {
        return "g" + number % groups + "." + GROUP;
    }

    private String path(int number) {
        return "/apis/" + group(number) + "/v1/namespaces/default/things" + number;
    }

    private ObjectNode object(int number, int index) {
        ObjectNode object =
                Json.object().put("apiVersion", group(number) + "/v1").put("kind", "Thing" + number);
        object.putObject("metadata").put("name", "t" + index);
        ObjectNode wanted = object.putObject("spec").put("replicas", 3).put("image", "amphora.dev/web:1");
        wanted.putObject("labels").put("app", "bench");
        return object;
    }

    /** A definition as a small operator has one: a spec with some fields, defaults and a rule, a status, printed columns. */
    private ObjectNode definition(int number) {
        String plural = "things" + number;
        String yaml =
                """
                {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "%s.%s"},
                 "spec": {"group": "%s", "scope": "Namespaced",
                  "names": {"plural": "%s", "singular": "thing%d", "kind": "Thing%d", "shortNames": ["t%d"]},
                  "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                   "additionalPrinterColumns": [{"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"}],
                   "schema": {"openAPIV3Schema": {"type": "object", "description": "A thing of the measurement", "properties": {
                    "spec": {"type": "object", "required": ["image"],
                     "x-kubernetes-validations": [{"rule": "self.replicas <= self.most", "message": "too many"}],
                     "properties": {
                      "image": {"type": "string", "minLength": 1, "maxLength": 200},
                      "replicas": {"type": "integer", "minimum": 0, "default": 1},
                      "most": {"type": "integer", "default": 10, "maximum": %d},
                      "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                      "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                       "items": {"type": "object", "required": ["name"], "properties": {
                        "name": {"type": "string"}, "port": {"type": "integer", "format": "int32"}}}}}},
                    "status": {"type": "object", "properties": {
                     "ready": {"type": "integer"},
                     "conditions": {"type": "array", "items": {"type": "object", "properties": {
                      "type": {"type": "string"}, "status": {"type": "string"}, "message": {"type": "string"}}}}}}}}}}]}}
                """;
        return (ObjectNode) Json.read(
                yaml.formatted(plural, group(number), group(number), plural, number, number, number, 100 + number)
                        .getBytes(StandardCharsets.UTF_8));
    }
}
