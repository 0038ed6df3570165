package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.Json;
import dev.amphora.apiserver.schema.GroupInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one APIService for each version of a group that is served here. As with {@link FlowKeeper} that happens in the thread of the write
 * that makes it so; {@link RemoteApis} looks after those of other servers.
 */
final class ApiServiceKeeper implements LateObjects.Source {
    static final String GROUP = "apiregistration.k8s.io";
    static final String PLURAL = "apiservices";
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

    private final OwnRequests own;
    private final Endpoints endpoints;
    private volatile @Nullable SchemaCatalogue registered;

    ApiServiceKeeper(OwnRequests own, Endpoints endpoints) {
        this.own = own;
        this.endpoints = endpoints;
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
    }

    /** How important a group is that is served here. */
    static int priority(String group) {
        return GROUPS.getOrDefault(group, CUSTOM_GROUP);
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

    /** Definitions have changed: if somebody has looked before, he may still be watching. */
    void definitionsChanged(LateObjects late) {
        if (registered != null) {
            late.look(GROUP, PLURAL);
        }
    }
}
