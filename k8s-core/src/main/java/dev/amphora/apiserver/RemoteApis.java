package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.net.HostAndPort;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.api.remote.DialFailure;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.outside.BodyCollector;
import dev.amphora.apiserver.outside.LocalServer.Reply;
import dev.amphora.apiserver.outside.LocalServer.Request;
import dev.amphora.apiserver.outside.RemoteServer;
import dev.amphora.apiserver.outside.RemoteServers;
import dev.amphora.apiserver.outside.ServiceRoute;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The APIs that other servers serve, by APIServices: whether each can be reached, and what it says to serve. What the stored objects tell
 * is said in the thread of the write that makes it so; a server is asked when its APIService changes, then every half minute, and sooner
 * after a failure. Nothing runs while there is none.
 */
final class RemoteApis implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RemoteApis.class);
    private static final String VERSION = "v1";
    private static final String MANAGER = "apiserver";
    private static final Duration ANSWER_PATIENCE = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(6);
    private static final Duration USUAL_PAUSE = Duration.ofSeconds(30);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final int MOST_DOUBLINGS = 9;
    private static final int LONGEST_LIST = 4 << 20;

    /** As whom a server is asked, so that it answers whatever its own rules are. */
    private static final ImmutableListMultimap<String, String> IDENTITY = ImmutableListMultimap.of(
            "x-remote-user", "system:kube-aggregator", "x-remote-group", User.MASTERS, "accept", "application/json");

    private final Kernel kernel;
    private final OwnRequests own;
    private final ObjectReader objects;
    private final RemoteServers servers;
    /** Held while APIServices are read, so that what was read last counts. Nobody who writes them waits for it. */
    private final Object looking = new Object();

    private final Map<String, Known> known = new TreeMap<>();
    private volatile ImmutableList<RemoteGroup> groups = ImmutableList.of();
    private @Nullable Actor actor;
    private boolean closed;

    RemoteApis(Kernel kernel, OwnRequests own, ObjectReader objects, RemoteServers servers) {
        this.kernel = kernel;
        this.own = own;
        this.objects = objects;
        this.servers = servers;
    }

    /** What is known of one server's API. Guarded by the outer object. */
    private static final class Known {
        RemoteGroup group;
        long turn;
        int failures;
        Actor.@Nullable Timer timer;

        Known(RemoteGroup group) {
            this.group = group;
        }

        void calm() {
            Actor.Timer pending = timer;
            if (pending != null) {
                pending.cancel();
                timer = null;
            }
        }
    }

    /** What came of asking: what the server says to serve and where its schemas are, or why it could not be asked. */
    private record Outcome(@Nullable JsonNode resources, @Nullable String schema, String failure) {
        static Outcome failed(String why) {
            return new Outcome(null, null, why);
        }
    }

    /** The versions of groups that other servers are said to serve, the most important first. */
    ImmutableList<RemoteGroup> groups() {
        return groups;
    }

    /** Keeps in step with APIServices, whoever writes them. */
    void start() {
        objects.follow(ApiServiceKeeper.GROUP, ApiServiceKeeper.PLURAL, new ObjectReader.Follower() {
            @Override
            public void reset() {
                if (!groups.isEmpty()) {
                    actor().execute(RemoteApis.this::look);
                }
            }

            @Override
            public void put(String namespace, String name, Supplier<ObjectNode> object) {
                if (isKnown(name) || isRemote(object.get())) {
                    actor().execute(RemoteApis.this::look);
                }
            }

            @Override
            public void remove(String namespace, String name) {
                if (isKnown(name)) {
                    actor().execute(RemoteApis.this::look);
                }
            }
        });
    }

    private synchronized boolean isKnown(String name) {
        return known.containsKey(name);
    }

    private static boolean isRemote(ObjectNode service) {
        return service.path("spec").path("service").isObject();
    }

    private synchronized Actor actor() {
        Actor made = actor;
        if (made == null) {
            made = kernel.actor("apiservices");
            actor = made;
            if (closed) {
                made.close();
            }
        }
        return made;
    }

    /** Reads all APIServices, and looks after those that are new or have changed. */
    void look() {
        List<ObjectNode> changed;
        synchronized (looking) {
            changed = take(own.list(ApiServiceKeeper.GROUP, ApiServiceKeeper.PLURAL));
        }
        changed.forEach(this::settle);
    }

    /** Takes note of all APIServices; those that are new or lead elsewhere than before. */
    private synchronized List<ObjectNode> take(List<ObjectNode> services) {
        List<ObjectNode> changed = new ArrayList<>();
        Set<String> gone = new HashSet<>(known.keySet());
        for (ObjectNode service : services) {
            if (!isRemote(service)) {
                continue;
            }
            String name = Metadata.text(service, "name");
            gone.remove(name);
            if (take(name, service)) {
                changed.add(service);
            }
        }
        for (String name : gone) {
            Known old = known.remove(name);
            if (old != null) {
                old.calm();
            }
        }
        publish();
        return changed;
    }

    /** Takes note of an APIService; whether it is new or leads elsewhere than before. */
    private boolean take(String name, ObjectNode service) {
        JsonNode spec = service.path("spec");
        JsonNode reference = spec.path("service");
        RemoteServer server = new RemoteServer(
                new ServiceRoute(
                        reference.path("namespace").asText(),
                        reference.path("name").asText(),
                        reference.path("port").asInt(443)),
                spec.path("caBundle").asText(),
                spec.path("insecureSkipTLSVerify").asBoolean());
        Known before = known.get(name);
        RemoteGroup same = before != null && before.group.server().equals(server) ? before.group : null;
        RemoteGroup group = new RemoteGroup(
                spec.path("group").asText(),
                spec.path("version").asText(),
                spec.path("groupPriorityMinimum").asInt(),
                spec.path("versionPriority").asInt(),
                server,
                same != null && same.available(),
                same == null ? null : same.resources(),
                same == null ? null : same.schema());
        if (before == null) {
            known.put(name, new Known(group));
        } else {
            before.group = group;
        }
        return same == null;
    }

    private synchronized void publish() {
        List<RemoteGroup> found = new ArrayList<>();
        known.values().forEach(each -> found.add(each.group));
        found.sort(Comparator.comparingInt(RemoteGroup::groupPriority)
                .reversed()
                .thenComparing(RemoteGroup::group)
                .thenComparing(
                        Comparator.comparingInt(RemoteGroup::versionPriority).reversed())
                .thenComparing(RemoteGroup::version));
        if (!found.equals(groups)) {
            groups = ImmutableList.copyOf(found);
        }
    }

    /** Somebody has written something: what is said of other servers is set right if it is about them. */
    void written(ApiRequest request) {
        if (request.group().equals(ApiServiceKeeper.GROUP)) {
            if (request.subresource().isEmpty()) {
                look();
            }
            return;
        }
        if (groups.isEmpty() || !isAboutServers(request)) {
            return;
        }
        List<String> names = new ArrayList<>();
        synchronized (this) {
            known.forEach((name, each) -> {
                if (each.group.server().route().namespace().equals(request.namespace())) {
                    names.add(name);
                }
            });
        }
        names.forEach(this::settle);
    }

    private static boolean isAboutServers(ApiRequest request) {
        return request.resource().equals("services") && request.group().isEmpty()
                || request.resource().equals("endpointslices");
    }

    private void settle(String name) {
        own.find(ApiServiceKeeper.GROUP, ApiServiceKeeper.PLURAL, "", name)
                .filter(RemoteApis::isRemote)
                .ifPresent(this::settle);
    }

    private void settle(ObjectNode service) {
        String name = Metadata.text(service, "name");
        RemoteGroup group;
        long turn;
        synchronized (this) {
            Known state = known.get(name);
            if (state == null || closed) {
                return;
            }
            state.calm();
            turn = ++state.turn;
            group = state.group;
        }
        ObjectNode obstacle =
                servers.isLocal(group.server()) ? null : obstacle(group.server().route());
        if (obstacle != null) {
            tell(service, obstacle);
            synchronized (this) {
                Known state = known.get(name);
                if (state != null && state.turn == turn) {
                    state.group = with(state.group, false, state.group.resources(), state.group.schema());
                    publish();
                }
            }
            return;
        }
        CompletableFuture<Outcome> asked = ask(group).toCompletableFuture();
        if (asked.isDone()) {
            settled(name, turn, asked.join());
            return;
        }
        Actor.Timer limit =
                actor().schedule(PATIENCE, () -> asked.complete(Outcome.failed("timed out waiting for " + url(group))));
        asked.whenComplete((outcome, failure) -> {
            limit.cancel();
            actor().execute(() -> settled(
                    name, turn, outcome == null ? Outcome.failed(String.valueOf(failure.getMessage())) : outcome));
        });
    }

    private static RemoteGroup with(
            RemoteGroup group, boolean available, @Nullable JsonNode resources, @Nullable String schema) {
        return new RemoteGroup(
                group.group(),
                group.version(),
                group.groupPriority(),
                group.versionPriority(),
                group.server(),
                available,
                resources,
                schema);
    }

    private void settled(String name, long turn, Outcome outcome) {
        boolean passed = outcome.failure.isEmpty();
        synchronized (this) {
            Known state = known.get(name);
            if (state == null || state.turn != turn || closed) {
                return;
            }
            state.failures = passed ? 0 : state.failures + 1;
            state.group = passed
                    ? with(state.group, true, outcome.resources, outcome.schema)
                    : with(state.group, false, state.group.resources(), state.group.schema());
            Duration pause = passed || state.failures > MOST_DOUBLINGS
                    ? USUAL_PAUSE
                    : FIRST_PAUSE.multipliedBy(1L << (state.failures - 1));
            state.timer = actor().schedule(pause, () -> settle(name));
            publish();
        }
        own.find(ApiServiceKeeper.GROUP, ApiServiceKeeper.PLURAL, "", name)
                .ifPresent(service -> tell(
                        service,
                        passed
                                ? condition("True", "Passed", "all checks passed")
                                : condition("False", "FailedDiscoveryCheck", outcome.failure)));
    }

    // ---- asking -----------------------------------------------------------------------------------------------------

    private String url(RemoteGroup group) {
        try {
            return "https://" + servers.address(group.server()) + group.path();
        } catch (IOException e) {
            return "https://" + group.server().route().host() + group.path();
        }
    }

    private CompletionStage<Outcome> ask(RemoteGroup group) {
        HostAndPort address;
        try {
            address = servers.address(group.server());
        } catch (IOException e) {
            return CompletableFuture.completedFuture(Outcome.failed(String.valueOf(e.getMessage())));
        }
        String url = "https://" + address + group.path();
        return get(group, address, group.path())
                .thenCompose(reply -> {
                    if (reply.status() < 200 || reply.status() >= 300) {
                        BodyCollector.drop(reply.body());
                        return CompletableFuture.completedFuture(
                                Outcome.failed("failing or missing response from %s: bad status from %s: %d"
                                        .formatted(url, url, reply.status())));
                    }
                    return BodyCollector.collect(reply.body(), LONGEST_LIST).thenCompose(list -> schema(group, address)
                            .thenApply(schema -> new Outcome(object(list), schema, "")));
                })
                .exceptionally(failure -> Outcome.failed("failing or missing response from %s: Get %s: %s"
                        .formatted(url, FieldError.quoted(url), DialFailure.reason(failure, address))));
    }

    /** Where the schemas are; a server needs not have any. */
    private CompletionStage<@Nullable String> schema(RemoteGroup group, HostAndPort address) {
        return get(group, address, "/openapi/v3")
                .thenCompose(reply -> BodyCollector.collect(reply.body(), LONGEST_LIST)
                        .<@Nullable String>thenApply(bytes -> {
                            JsonNode index = reply.status() == 200 ? object(bytes) : null;
                            String path = index == null
                                    ? ""
                                    : index.path("paths")
                                            .path(group.path().substring(1))
                                            .path("serverRelativeURL")
                                            .asText();
                            return path.startsWith("/openapi/v3/") ? path : null;
                        }))
                .exceptionally(failure -> null);
    }

    private CompletionStage<Reply> get(RemoteGroup group, HostAndPort address, String path) {
        return servers.ask(group.server(), address, new Request("GET", path, IDENTITY, new byte[0]), ANSWER_PATIENCE);
    }

    private static @Nullable JsonNode object(byte[] bytes) {
        try {
            JsonNode tree = Json.read(bytes);
            return tree.isObject() ? tree : null;
        } catch (RuntimeException e) {
            return null;
        }
    }

    // ---- what is said of them ---------------------------------------------------------------------------------------

    private void tell(ObjectNode service, ObjectNode found) {
        try {
            write(service, found);
        } catch (StatusException e) {
            if (e.code() != 409) {
                log.warn("The status of {} was not written: {}", Metadata.text(service, "name"), e.getMessage());
                return;
            }
            // Somebody has changed something else meanwhile, or it is gone.
            own.find(ApiServiceKeeper.GROUP, ApiServiceKeeper.PLURAL, "", Metadata.text(service, "name"))
                    .ifPresent(newer -> writeOnce(newer, found));
        }
    }

    private void writeOnce(ObjectNode service, ObjectNode found) {
        try {
            write(service, found);
        } catch (StatusException e) {
            log.debug("The status of {} was not written: {}", Metadata.text(service, "name"), e.getMessage());
        }
    }

    private void write(ObjectNode service, ObjectNode found) {
        JsonNode before = service.path("status").path("conditions").path(0);
        boolean same =
                before.path("status").asText().equals(found.path("status").asText());
        if (same
                && before.path("reason").equals(found.path("reason"))
                && before.path("message").equals(found.path("message"))) {
            return;
        }
        found.put(
                "lastTransitionTime",
                same ? before.path("lastTransitionTime").asText() : Metadata.time(kernel.instant()));
        ObjectNode next = service.deepCopy();
        next.putObject("status").putArray("conditions").add(found);
        own.updateStatus(MANAGER, ApiServiceKeeper.GROUP, VERSION, ApiServiceKeeper.PLURAL, next);
    }

    /** Why a server need not be asked at all; null if nothing speaks against it. */
    private @Nullable ObjectNode obstacle(ServiceRoute route) {
        ObjectNode service =
                own.find("", "services", route.namespace(), route.name()).orElse(null);
        if (service == null) {
            return condition(
                    "False",
                    "ServiceNotFound",
                    "service/%s in \"%s\" is not present".formatted(route.name(), route.namespace()));
        }
        if (!service.path("spec").path("type").asText().equals("ClusterIP")) {
            return null;
        }
        String portName = null;
        for (JsonNode each : service.path("spec").path("ports")) {
            if (portName == null && each.path("port").asInt() == route.port()) {
                portName = each.path("name").asText();
            }
        }
        if (portName == null) {
            return condition(
                    "False",
                    "ServicePortError",
                    "service/%s in \"%s\" is not listening on port %d"
                            .formatted(route.name(), route.namespace(), route.port()));
        }
        return hasAddresses(route, portName)
                ? null
                : condition(
                        "False",
                        "MissingEndpoints",
                        "endpoints for service/%s in \"%s\" have no addresses with port name \"%s\""
                                .formatted(route.name(), route.namespace(), portName));
    }

    private boolean hasAddresses(ServiceRoute route, String portName) {
        for (ObjectNode slice : objects.list("discovery.k8s.io", "endpointslices", route.namespace())) {
            boolean its = slice.path("metadata")
                    .path("labels")
                    .path("kubernetes.io/service-name")
                    .asText()
                    .equals(route.name());
            if (!its || slice.path("endpoints").isEmpty()) {
                continue;
            }
            for (JsonNode port : slice.path("ports")) {
                if (port.path("name").asText().equals(portName)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static ObjectNode condition(String status, String reason, String message) {
        return Json.object()
                .put("type", "Available")
                .put("status", status)
                .put("reason", reason)
                .put("message", message);
    }

    @Override
    public synchronized void close() {
        closed = true;
        known.values().forEach(Known::calm);
        Actor made = actor;
        if (made != null) {
            made.close();
        }
    }
}
