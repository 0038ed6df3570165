package dev.amphora.samples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.ThreadMXBean;
import dev.amphora.api.Json;
import dev.amphora.apiserver.cel.CelFailure;
import dev.amphora.apiserver.cel.CostMeter;
import dev.amphora.apiserver.cel.Expression;
import dev.amphora.apiserver.cel.ExpressionScope;
import dev.amphora.apiserver.cel.SchemaType;
import dev.amphora.apiserver.cel.Values;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures how many expressions are evaluated in a second of one core: rules of custom resources, and policies about pods. */
@Command(
        name = "cel",
        description = "Measure CEL: rules of schemas and expressions of policies, evaluated in a second of one core.",
        mixinStandardHelpOptions = true)
final class CelBench implements Callable<Integer> {
    private static final String SCHEMA =
            """
            {"type": "object", "properties": {
              "replicas": {"type": "integer"}, "minReplicas": {"type": "integer"}, "maxReplicas": {"type": "integer"},
              "mode": {"type": "string", "maxLength": 20}, "host": {"type": "string", "maxLength": 253},
              "memory": {"type": "string", "maxLength": 20},
              "ports": {"type": "array", "maxItems": 20, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "required": ["name"], "properties": {
                  "name": {"type": "string", "maxLength": 63}, "port": {"type": "integer"}}}},
              "labels": {"type": "object", "maxProperties": 20, "additionalProperties": {"type": "string", "maxLength": 63}}}}
            """;
    private static final String OBJECT =
            """
            {"replicas": 3, "minReplicas": 1, "maxReplicas": 10, "mode": "Standby", "host": "web.example.com", "memory": "512Mi",
             "ports": [{"name": "http", "port": 80}, {"name": "https", "port": 443}, {"name": "metrics", "port": 9090}],
             "labels": {"app": "web", "tier": "front"}}
            """;
    private static final String POD =
            """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}},
             "spec": {"containers": [{"name": "main", "image": "example.dev/web:1", "resources": {"limits": {"memory": "1Gi"}}},
                                     {"name": "side", "image": "example.dev/side:1"}]}}
            """;

    /** What is typical, from the documentation of the reference. */
    private static final Map<String, String> RULES = rules();

    private static final Map<String, String> POLICIES = policies();

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--seconds", description = "How long each is measured. Default: ${DEFAULT-VALUE}")
    private double seconds = 2;

    private static Map<String, String> rules() {
        Map<String, String> rules = new LinkedHashMap<>();
        rules.put("compares fields", "self.minReplicas <= self.replicas && self.replicas <= self.maxReplicas");
        rules.put("optional field", "!has(self.mode) || self.mode in ['Active', 'Standby']");
        rules.put("transition", "self.mode == oldSelf.mode || oldSelf.replicas == 3");
        rules.put("all of a list", "self.ports.all(p, p.port > 0 && p.port < 65536)");
        rules.put("pattern", "self.host.matches('^[a-z]+([.][a-z]+)*$')");
        rules.put("text", "self.host.startsWith('web.') && size(self.host) < 100");
        rules.put("map", "'app' in self.labels && self.labels['app'] == 'web'");
        rules.put("quantity", "quantity(self.memory).isLessThan(quantity('1Gi'))");
        return rules;
    }

    private static Map<String, String> policies() {
        Map<String, String> policies = new LinkedHashMap<>();
        policies.put("label present", "has(object.metadata.labels) && 'app' in object.metadata.labels");
        policies.put(
                "limits of containers",
                "object.spec.containers.all(c, !has(c.resources) || !has(c.resources.limits) || 'memory' in c.resources.limits)");
        policies.put("images of a registry", "object.spec.containers.all(c, c.image.startsWith('example.dev/'))");
        policies.put("who asks", "request.userInfo.username != 'system:anonymous' && request.operation == 'CREATE'");
        return policies;
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        JsonNode schema = read(SCHEMA);
        JsonNode object = read(OBJECT);
        out.println(
                "Expressions in a second of one core, each with the object read anew (goal: 100,000 of a typical rule):");
        SchemaType self = Objects.requireNonNull(SchemaType.of(schema, false, "selfType1"));
        ExpressionScope values = ExpressionScope.ofValues(self, false);
        RULES.forEach((name, text) -> row(out, "rule: " + name, text, values.compile(text), () -> {
            Map<String, Object> names = new HashMap<>();
            names.put("self", self.value(object));
            names.put("oldSelf", self.value(object));
            return names;
        }));
        ExpressionScope requests = ExpressionScope.ofRequests(true, true).withVariables();
        JsonNode pod = read(POD);
        ObjectNode request = Json.object().put("operation", "CREATE").put("name", "web");
        request.putObject("userInfo").put("username", "alice");
        POLICIES.forEach((name, text) -> row(out, "policy: " + name, text, requests.compile(text), () -> {
            Map<String, Object> names = new HashMap<>();
            names.put("object", Values.of(pod));
            names.put("request", Values.of(request));
            return names;
        }));
        int[] number = {0};
        double compiled = rate(() -> values.compile("self.replicas <= " + number[0]++));
        out.printf("  %-34s %,12.0f /s%n", "compiled, one rule of a schema", compiled);
        out.flush();
        return 0;
    }

    private void row(
            PrintWriter out, String name, String text, Expression expression, Callable<Map<String, Object>> names) {
        if (!expression.problem().isEmpty()) {
            throw new IllegalStateException(expression.problem());
        }
        double rate = rate(() -> {
            try {
                if (!Boolean.TRUE.equals(expression.evaluate(names.call(), new CostMeter()))) {
                    throw new IllegalStateException(text);
                }
            } catch (CelFailure e) {
                throw new IllegalStateException(text + ": " + e.reason(), e);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        out.printf("  %-34s %,12.0f /s   %s%n", name, rate, text);
        out.flush();
    }

    /** How often something is done while this thread computes for a second. */
    private double rate(Runnable work) {
        measured(work, seconds);
        return measured(work, seconds);
    }

    private double measured(Runnable work, double wanted) {
        long begin = threads.getCurrentThreadCpuTime();
        long end = begin + (long) (wanted * 1e9);
        long done = 0;
        while (threads.getCurrentThreadCpuTime() < end) {
            for (int i = 0; i < 20; i++) {
                work.run();
            }
            done += 20;
        }
        return done * 1e9 / (threads.getCurrentThreadCpuTime() - begin);
    }

    private static JsonNode read(String json) {
        return Json.read(json.getBytes(StandardCharsets.UTF_8));
    }
}
