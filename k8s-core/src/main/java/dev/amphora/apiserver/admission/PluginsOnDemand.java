package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The reference's plugins that are off unless they are named, as far as one or two rules are all they are. */
final class PluginsOnDemand {
    private static final String HOSTNAME = "kubernetes.io/hostname";

    private PluginsOnDemand() {}

    /**
     * All of them.
     *
     * @param namespaces makes a namespace
     */
    static List<AdmissionPlugin> all(
            ObjectReader objects,
            Authorizer authorizer,
            Supplier<SchemaCatalogue> catalogue,
            Consumer<String> namespaces) {
        return List.of(
                new NodeRestriction(objects, authorizer),
                new AlwaysPullImages(),
                new NamespaceSelectors(objects),
                new OwnerReferencesPermissionEnforcement(authorizer, catalogue),
                AdmissionPlugin.mutating("NamespaceAutoProvision", request -> provide(request, objects, namespaces)),
                AdmissionPlugin.validating("NamespaceExists", request -> requireNamespace(request, objects)),
                AdmissionPlugin.validating("LimitPodHardAntiAffinityTopology", PluginsOnDemand::limitTopology),
                AdmissionPlugin.validating("DenyServiceExternalIPs", PluginsOnDemand::denyExternalAddresses),
                AdmissionPlugin.mutating("ExtendedResourceToleration", PluginsOnDemand::tolerate),
                AdmissionPlugin.validating("AlwaysDeny", request -> {
                    throw request.refusal("admission control is denying all modifications");
                }));
    }

    private static boolean isWrite(AdmissionRequest request) {
        return request.operation() == Operation.CREATE || request.operation() == Operation.UPDATE;
    }

    private static void provide(AdmissionRequest request, ObjectReader objects, Consumer<String> namespaces) {
        String namespace = request.namespace();
        if (request.operation() == Operation.CREATE
                && !request.dryRun()
                && !namespace.isEmpty()
                && !request.isFor("", "namespaces")
                && objects.get("", "namespaces", "", namespace).isEmpty()) {
            namespaces.accept(namespace);
        }
    }

    private static void requireNamespace(AdmissionRequest request, ObjectReader objects) {
        String namespace = request.namespace();
        if (request.operation() != Operation.CONNECT
                && !namespace.isEmpty()
                && !request.isFor("", "namespaces")
                && objects.get("", "namespaces", "", namespace).isEmpty()) {
            throw StatusException.notFound("", "namespaces", namespace);
        }
    }

    private static void limitTopology(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || !isWrite(request) || !request.isFor("", "pods")) {
            return;
        }
        for (JsonNode term : pod.path("spec")
                .path("affinity")
                .path("podAntiAffinity")
                .path("requiredDuringSchedulingIgnoredDuringExecution")) {
            String key = term.path("topologyKey").asText("");
            if (!key.equals(HOSTNAME)) {
                throw request.refusal(
                        "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey %s but only key %s is allowed"
                                .formatted(key, HOSTNAME));
            }
        }
    }

    private static void denyExternalAddresses(AdmissionRequest request) {
        ObjectNode service = request.object();
        if (service == null || !isWrite(request) || !request.isFor("", "services")) {
            return;
        }
        Set<String> added = addresses(service);
        ObjectNode old = request.old();
        if (old != null) {
            added.removeAll(addresses(old));
        }
        if (!added.isEmpty()) {
            throw request.refusal("Use of external IPs is denied by admission control.");
        }
    }

    private static Set<String> addresses(ObjectNode service) {
        Set<String> addresses = new TreeSet<>();
        service.path("spec").path("externalIPs").forEach(each -> addresses.add(each.asText()));
        return addresses;
    }

    /** Pods that ask for a resource of a vendor's bear with nodes that are kept for those. */
    private static void tolerate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || !isWrite(request) || !request.isFor("", "pods")) {
            return;
        }
        Set<String> resources = new TreeSet<>();
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : pod.path("spec").path(list)) {
                container.path("resources").path("requests").fieldNames().forEachRemaining(resources::add);
            }
        }
        resources.removeIf(name -> !name.contains("/")
                || name.substring(0, name.indexOf('/')).endsWith("kubernetes.io")
                || name.startsWith("requests."));
        for (String resource : resources) {
            ArrayNode tolerations = pod.withObject("/spec").withArray("tolerations");
            boolean there = false;
            for (JsonNode each : tolerations) {
                there |= each.path("key").asText("").equals(resource)
                        && each.path("operator").asText("").equals("Exists")
                        && each.path("effect").asText("").isEmpty();
            }
            if (!there) {
                tolerations.addObject().put("key", resource).put("operator", "Exists");
            }
        }
    }
}
