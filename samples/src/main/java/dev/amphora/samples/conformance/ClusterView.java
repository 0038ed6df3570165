package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.kernel.Kernel;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The objects of a cluster, kept up to date by watches, and the generated names seen so far. Safe for concurrent use. */
final class ClusterView implements AutoCloseable {
    private static final Map<String, String> ROOTS = roots();
    private static final Pattern MINUTE = Pattern.compile(".*-\\d{8}");
    private static final int SUFFIX = 5;
    private static final int MINUTE_DIGITS = 8;
    private static final Duration TO_LIST = Duration.ofSeconds(30);
    private static final Duration QUIET_LIMIT = Duration.ofSeconds(10);
    private static final Duration LOOK = Duration.ofMillis(30);
    private static final Duration BEFORE_RETRY = Duration.ofSeconds(1);
    private static final Duration UNTIL_A_KIND_MAY_EXIST = Duration.ofSeconds(5);

    /** Which object: its resource, its namespace, which may be empty, and its name. */
    private record Key(String resource, String namespace, String name) {}

    private final Server server;
    private final Pace pace;
    private final Map<Key, JsonNode> objects = new HashMap<>();
    private final Map<String, Instant> changed = new HashMap<>();
    /** By namespace: generated names to the texts in which the random part is a placeholder. */
    private final Map<String, Map<String, String>> generated = new HashMap<>();

    private final Set<String> restartHashes = new HashSet<>();
    private final Set<String> listed = new HashSet<>();
    private final List<Runnable> watches = new ArrayList<>();
    private boolean closed;

    private ClusterView(Server server, Pace pace) {
        this.server = server;
        this.pace = pace;
    }

    private static Map<String, String> roots() {
        Map<String, String> roots = new HashMap<>();
        for (String core : List.of(
                "pods",
                "services",
                "endpoints",
                "configmaps",
                "secrets",
                "serviceaccounts",
                "events",
                "replicationcontrollers",
                "persistentvolumeclaims",
                "persistentvolumes",
                "resourcequotas",
                "namespaces",
                "nodes")) {
            roots.put(core, "/api/v1");
        }
        for (String apps : List.of("deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions")) {
            roots.put(apps, "/apis/apps/v1");
        }
        roots.put("jobs", "/apis/batch/v1");
        roots.put("cronjobs", "/apis/batch/v1");
        roots.put("horizontalpodautoscalers", "/apis/autoscaling/v2");
        roots.put("poddisruptionbudgets", "/apis/policy/v1");
        roots.put("endpointslices", "/apis/discovery.k8s.io/v1");
        roots.put("ingresses", "/apis/networking.k8s.io/v1");
        roots.put("certificatesigningrequests", "/apis/certificates.k8s.io/v1");
        roots.put("customresourcedefinitions", "/apis/apiextensions.k8s.io/v1");
        return roots;
    }

    /** Begins to watch; on return everything has been listed. */
    static ClusterView open(Server server, Pace pace) {
        ClusterView view = new ClusterView(server, pace);
        Kernel kernel = pace.kernel();
        ROOTS.forEach(
                (resource, root) -> kernel.blocking().execute(() -> view.follow(resource, root + "/" + resource)));
        pace.until(TO_LIST, view::complete);
        return view;
    }

    private synchronized boolean complete() {
        return listed.size() == ROOTS.size();
    }

    private void follow(String resource, String path) {
        while (!isClosed()) {
            Response list = server.get(path);
            if (list.status() != 200) {
                noteListed(resource, List.of());
                pace.pause(UNTIL_A_KIND_MAY_EXIST);
                continue;
            }
            noteListed(resource, Trees.objects(list.body().path("items")));
            String revision =
                    Trees.at(list.body(), "metadata", "resourceVersion").asText();
            watch(resource, path + "?watch=1&timeoutSeconds=600&resourceVersion=" + revision);
        }
    }

    /** Watches until the watch ends. */
    private void watch(String resource, String path) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Runnable leave = server.open(Trees.object().put("path", path), new Transport.Listener() {
            private final ByteArrayOutputStream line = new ByteArrayOutputStream();

            @Override
            public void onHead(int status, Map<String, List<String>> headers) {}

            @Override
            public void onBytes(byte[] piece) {
                for (byte b : piece) {
                    if (b != '\n') {
                        line.write(b);
                    } else {
                        JsonNode event = Trees.parse(line.toString(StandardCharsets.UTF_8));
                        line.reset();
                        note(resource, event);
                    }
                }
            }

            @Override
            public void onEnd() {
                ended.complete(null);
            }
        });
        if (keep(leave)) {
            pace.kernel().await(ended);
            if (!isClosed()) {
                pace.pause(BEFORE_RETRY);
            }
        } else {
            leave.run();
        }
    }

    private synchronized boolean keep(Runnable leave) {
        watches.add(leave);
        return !closed;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized void noteListed(String resource, List<? extends JsonNode> items) {
        objects.keySet().removeIf(key -> key.resource.equals(resource));
        items.forEach(item -> put(resource, item));
        listed.add(resource);
    }

    private synchronized void note(String resource, JsonNode event) {
        JsonNode object = event.path("object");
        switch (event.path("type").asText()) {
            case "ADDED", "MODIFIED" -> put(resource, object);
            case "DELETED" -> {
                objects.remove(key(resource, object));
                touch(resource, object);
            }
            default -> {
                // bookmarks and errors are no changes
            }
        }
    }

    private static Key key(String resource, JsonNode object) {
        return new Key(
                resource,
                Trees.at(object, "metadata", "namespace").asText(),
                Trees.at(object, "metadata", "name").asText());
    }

    private void put(String resource, JsonNode object) {
        objects.put(key(resource, object), object);
        touch(resource, object);
        rememberGeneratedName(resource, object);
        rememberRestart(resource, object);
    }

    private void touch(String resource, JsonNode object) {
        Key key = key(resource, object);
        if (!resource.equals("nodes")) {
            changed.put(key.namespace, pace.now());
            if (resource.equals("namespaces")) {
                changed.put(key.name, pace.now());
            }
        }
    }

    private void rememberGeneratedName(String resource, JsonNode object) {
        Key key = key(resource, object);
        String name = key.name;
        String prefix = Trees.at(object, "metadata", "generateName").asText();
        Map<String, String> names = generated.computeIfAbsent(key.namespace, namespace -> new HashMap<>());
        if (resource.equals("events")) {
            return;
        }
        if (!prefix.isEmpty() && name.startsWith(prefix) && name.length() == prefix.length() + SUFFIX) {
            String text = prefix + "${suffix}";
            for (String owner : names.keySet().stream()
                    .filter(each -> prefix.startsWith(each + "-"))
                    .sorted(Comparator.comparingInt(String::length))
                    .toList()) {
                String known = names.getOrDefault(owner, "");
                text = known.contains("${minute}") ? known + "-${suffix}" : text;
            }
            names.put(name, text);
        } else if (resource.equals("jobs") && MINUTE.matcher(name).matches() && isOfCronJob(object)) {
            names.put(name, name.substring(0, name.length() - MINUTE_DIGITS) + "${minute}");
        }
    }

    private static boolean isOfCronJob(JsonNode job) {
        for (JsonNode owner : Trees.at(job, "metadata", "ownerReferences")) {
            if (owner.path("kind").asText().equals("CronJob")) {
                return true;
            }
        }
        return false;
    }

    /** The hash of a template that was restarted contains a time. */
    private void rememberRestart(String resource, JsonNode object) {
        JsonNode spec = resource.equals("replicasets")
                ? object.path("spec")
                : resource.equals("controllerrevisions") ? Trees.at(object, "data", "spec") : Trees.object();
        if (Trees.at(spec, "template", "metadata", "annotations").has("kubectl.kubernetes.io/restartedAt")) {
            String name = Trees.at(object, "metadata", "name").asText();
            restartHashes.add(name.substring(name.lastIndexOf('-') + 1));
        }
    }

    /** An object of a namespace or of the cluster; null if there is none. */
    synchronized @Nullable JsonNode get(String resource, String namespace, String name) {
        JsonNode own = objects.get(new Key(resource, namespace, name));
        return own == null ? objects.get(new Key(resource, "", name)) : own;
    }

    /** The objects of a resource in a namespace. */
    synchronized List<JsonNode> in(String resource, String namespace) {
        return select(resource)
                .filter(each -> each.getKey().namespace.equals(namespace))
                .map(Map.Entry::getValue)
                .toList();
    }

    /** All objects of a resource. */
    synchronized List<JsonNode> all(String resource) {
        return select(resource).map(Map.Entry::getValue).toList();
    }

    private Stream<Map.Entry<Key, JsonNode>> select(String resource) {
        return objects.entrySet().stream().filter(each -> each.getKey().resource.equals(resource));
    }

    /** Generated names that may show in a namespace, with their placeholders. */
    synchronized Map<String, String> generatedNames(String namespace) {
        Map<String, String> names = new HashMap<>(generated.getOrDefault(namespace, Map.of()));
        generated.forEach((other, its) -> {
            if (!other.equals(namespace) && (other.isEmpty() || other.startsWith(namespace + "-"))) {
                names.putAll(its);
            }
        });
        return names;
    }

    synchronized List<String> restartHashes() {
        return List.copyOf(restartHashes);
    }

    /** Waits until nothing in a namespace has changed for a while. */
    void awaitQuiet(String namespace, Duration silence) {
        Instant begin = pace.now();
        pace.until(QUIET_LIMIT, LOOK, () -> {
            Instant last = lastChange(namespace);
            Instant from = last == null || last.isBefore(begin) ? begin : last;
            return !pace.now().isBefore(from.plus(silence));
        });
    }

    private synchronized @Nullable Instant lastChange(String namespace) {
        return changed.get(namespace);
    }

    @Override
    public void close() {
        List<Runnable> open;
        synchronized (this) {
            closed = true;
            open = new ArrayList<>(watches);
        }
        open.forEach(Runnable::run);
    }
}
