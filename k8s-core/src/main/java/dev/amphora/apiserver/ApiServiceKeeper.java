package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.schema.GroupInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.kernel.Kernel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one APIService for each version of a group that is served here, and says of others whether their server can be reached. As with
 * {@link FlowKeeper} that happens in the thread of the write that makes it so.
 */
final class ApiServiceKeeper implements LateObjects.Source {
    static final String GROUP = "apiregistration.k8s.io";
    static final String PLURAL = "apiservices";
    private static final Logger log = LoggerFactory.getLogger(ApiServiceKeeper.class);
    private static final String VERSION = "v1";
    private static final String MANAGER = "apiserver";
    private static final String AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged";
    private static final int CUSTOM_GROUP = 1000;
    private static final int CUSTOM_VERSION = 100;

    /** How far ahead the groups stand that the reference serves itself. */
    private static final ImmutableMap<String, Integer> GROUPS = ImmutableMap.<String, Integer>builder()
            .put("", 18000)
            .put("extensions", 17900)
            .put("apps", 17800)
            .put("events.k8s.io", 17750)
            .put("authentication.k8s.io", 17700)
            .put("authorization.k8s.io", 17600)
            .put("autoscaling", 17500)
            .put("batch", 17400)
            .put("certificates.k8s.io", 17300)
            .put("networking.k8s.io", 17200)
            .put("policy", 17100)
            .put("rbac.authorization.k8s.io", 17000)
            .put("storage.k8s.io", 16800)
            .put("admissionregistration.k8s.io", 16700)
            .put("apiextensions.k8s.io", 16700)
            .put("scheduling.k8s.io", 16600)
            .put("coordination.k8s.io", 16500)
            .put("node.k8s.io", 16300)
            .put("discovery.k8s.io", 16200)
            .put("resource.k8s.io", 16200)
            .put("flowcontrol.apiserver.k8s.io", 16100)
            .buildOrThrow();

    private static final Map<String, Integer> VERSIONS = ImmutableMap.of(
            "/v1", 1,
            "extensions/v1beta1", 1,
            "autoscaling/v2", 30,
            "resource.k8s.io/v1", 20,
            "flowcontrol.apiserver.k8s.io/v1", 21);

    private static final int USUAL_VERSION = 15;

    private final Kernel kernel;
    private final OwnRequests own;
    private final Endpoints endpoints;
    private volatile @Nullable SchemaCatalogue registered;
    private volatile ImmutableList<RemoteGroup> remote = ImmutableList.of();

    ApiServiceKeeper(Kernel kernel, OwnRequests own, Endpoints endpoints) {
        this.kernel = kernel;
        this.own = own;
        this.endpoints = endpoints;
    }

    /** The versions of groups that other servers are said to serve, the most important first. */
    ImmutableList<RemoteGroup> remote() {
        return remote;
    }

    @Override
    public boolean isDue() {
        return endpoints.catalogue() != registered;
    }

    @Override
    public void write() {
        SchemaCatalogue catalogue = endpoints.catalogue();
        registered = catalogue;
        Set<String> custom = new TreeSet<>();
        List<GroupInfo> groups = new ArrayList<>(catalogue.groups());
        groups.sort(Comparator.comparing((GroupInfo group) -> group.name().isEmpty()));
        for (GroupInfo group : groups) {
            for (String version : group.versions()) {
                if (GROUPS.containsKey(group.name())) {
                    plant(
                            group.name(),
                            version,
                            GROUPS.getOrDefault(group.name(), 0),
                            version(group.name(), version),
                            "onstart");
                } else if (!group.name().equals(GROUP)) {
                    custom.add(version + "." + group.name());
                    plant(group.name(), version, CUSTOM_GROUP, CUSTOM_VERSION, "true");
                }
            }
        }
        for (ObjectNode service : own.list(GROUP, PLURAL)) {
            String name = Metadata.text(service, "name");
            if (automanaged(service).equals("true") && !custom.contains(name)) {
                own.delete(MANAGER, GROUP, VERSION, PLURAL, name);
            }
        }
        note();
    }

    private static int version(String group, String version) {
        return VERSIONS.getOrDefault(group + "/" + version, USUAL_VERSION);
    }

    private static String automanaged(ObjectNode service) {
        return service.path("metadata").path("labels").path(AUTOMANAGED).asText();
    }

    private void plant(String group, String version, int groupPriority, int versionPriority, String managed) {
        String name = version + "." + group;
        if (own.find(GROUP, PLURAL, "", name).isPresent()) {
            return;
        }
        ObjectNode service = Json.object();
        service.putObject("metadata").put("name", name).putObject("labels").put(AUTOMANAGED, managed);
        ObjectNode spec = service.putObject("spec");
        if (!group.isEmpty()) {
            spec.put("group", group);
        }
        spec.put("version", version).put("groupPriorityMinimum", groupPriority).put("versionPriority", versionPriority);
        own.plant(MANAGER, GROUP, VERSION, PLURAL, service, null);
    }

    /** Somebody has written something: what is said of other servers is set right if it is about that. */
    void written(ApiRequest request) {
        boolean ours = request.group().equals(GROUP);
        if (ours ? !request.subresource().isEmpty() : remote.isEmpty() || !isAboutServers(request)) {
            return;
        }
        note();
        for (ObjectNode service : own.list(GROUP, PLURAL)) {
            if (service.path("spec").path("service").isObject()) {
                settle(service);
            }
        }
        note();
    }

    /** Definitions have changed: if somebody has looked before, he may still be watching. */
    void definitionsChanged(LateObjects late) {
        if (registered != null) {
            late.look(GROUP, PLURAL);
        }
    }

    private static boolean isAboutServers(ApiRequest request) {
        return request.resource().equals("services") && request.group().isEmpty()
                || request.resource().equals("endpointslices");
    }

    private void note() {
        List<RemoteGroup> found = new ArrayList<>();
        for (ObjectNode service : own.list(GROUP, PLURAL)) {
            JsonNode spec = service.path("spec");
            if (spec.path("service").isObject()) {
                found.add(new RemoteGroup(
                        spec.path("group").asText(),
                        spec.path("version").asText(),
                        spec.path("groupPriorityMinimum").asInt(),
                        spec.path("versionPriority").asInt()));
            }
        }
        found.sort(Comparator.comparingInt(RemoteGroup::groupPriority)
                .reversed()
                .thenComparing(RemoteGroup::group)
                .thenComparing(
                        Comparator.comparingInt(RemoteGroup::versionPriority).reversed()));
        if (!found.equals(remote)) {
            remote = ImmutableList.copyOf(found);
        }
    }

    private void settle(ObjectNode service) {
        ObjectNode found = availability(service.path("spec"));
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
        try {
            own.updateStatus(MANAGER, GROUP, VERSION, PLURAL, next);
        } catch (StatusException e) {
            log.warn("The status of {} was not written: {}", Metadata.text(service, "name"), e.getMessage());
        }
    }

    private ObjectNode availability(JsonNode spec) {
        JsonNode reference = spec.path("service");
        String namespace = reference.path("namespace").asText();
        String name = reference.path("name").asText();
        int port = reference.path("port").asInt(443);
        ObjectNode service = own.find("", "services", namespace, name).orElse(null);
        if (service == null) {
            return unavailable("ServiceNotFound", "service/%s in \"%s\" is not present".formatted(name, namespace));
        }
        if (!service.path("spec").path("type").asText().equals("ExternalName")) {
            String portName = null;
            for (JsonNode each : service.path("spec").path("ports")) {
                if (each.path("port").asInt() == port) {
                    portName = each.path("name").asText();
                }
            }
            if (portName == null) {
                return unavailable(
                        "ServicePortError",
                        "service/%s in \"%s\" is not listening on port %d".formatted(name, namespace, port));
            }
            if (!hasAddresses(namespace, name, portName)) {
                return unavailable(
                        "MissingEndpoints",
                        "endpoints for service/%s in \"%s\" have no addresses with port name \"%s\""
                                .formatted(name, namespace, portName));
            }
        }
        return unavailable(
                "FailedDiscoveryCheck",
                "failing or missing response from service/%s in \"%s\": other API servers are not asked"
                        .formatted(name, namespace));
    }

    private boolean hasAddresses(String namespace, String name, String portName) {
        for (ObjectNode slice : own.list("discovery.k8s.io", "endpointslices")) {
            boolean its = Metadata.text(slice, "namespace").equals(namespace)
                    && slice.path("metadata")
                            .path("labels")
                            .path("kubernetes.io/service-name")
                            .asText()
                            .equals(name);
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

    private static ObjectNode unavailable(String reason, String message) {
        return Json.object()
                .put("type", "Available")
                .put("status", "False")
                .put("reason", reason)
                .put("message", message);
    }
}
