package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Services. Addresses and node ports are given out by the pipeline; what an update leaves out of them is put back here. */
final class ServiceStrategy extends KindStrategy {
    private static final int AFFINITY_SECONDS = 10_800;

    ServiceStrategy() {
        super(Trait.CREATED_BY_UPDATE, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    List<String> names(String name) {
        return Names.label(name);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "sessionAffinity", "None");
        String affinity = spec.path("sessionAffinity").asText();
        if (affinity.equals("None")) {
            spec.remove("sessionAffinityConfig");
        } else if (affinity.equals("ClientIP")) {
            ObjectNode client = Strategies.child(Strategies.child(spec, "sessionAffinityConfig"), "clientIP");
            setDefault(client, "timeoutSeconds", AFFINITY_SECONDS);
        }
        setDefault(spec, "type", "ClusterIP");
        for (ObjectNode port : objects(spec.path("ports"))) {
            setDefault(port, "protocol", "TCP");
            JsonNode target = port.path("targetPort");
            if (!target.isTextual() && target.asInt() == 0
                    || target.isTextual() && target.asText().isEmpty()) {
                if (port.has("port")) {
                    port.set("targetPort", port.get("port"));
                }
            }
        }
        if (externallyAccessible(spec)) {
            setDefault(spec, "externalTrafficPolicy", "Cluster");
        }
        String type = type(spec);
        if (!type.equals("ExternalName")) {
            setDefault(spec, "internalTrafficPolicy", "Cluster");
        }
        if (type.equals("LoadBalancer")) {
            setDefault(spec, "allocateLoadBalancerNodePorts", true);
            for (ObjectNode point :
                    objects(object.path("status").path("loadBalancer").path("ingress"))) {
                if (!point.path("ip").asText("").isEmpty()) {
                    setDefault(point, "ipMode", "VIP");
                }
            }
        }
    }

    static String type(JsonNode spec) {
        return spec.path("type").asText();
    }

    /** Whether traffic may come from outside of the cluster. */
    static boolean externallyAccessible(JsonNode spec) {
        String type = type(spec);
        return type.equals("NodePort")
                || type.equals("LoadBalancer")
                || (type.equals("ClusterIP") && !spec.path("externalIPs").isEmpty());
    }

    static boolean needsNodePorts(JsonNode spec) {
        return type(spec).equals("NodePort") || type(spec).equals("LoadBalancer");
    }

    static boolean needsHealthPort(JsonNode spec) {
        return type(spec).equals("LoadBalancer")
                && spec.path("externalTrafficPolicy").asText().equals("Local");
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        object.putObject("status").putObject("loadBalancer");
        if (object.path("spec") instanceof ObjectNode spec) {
            listAddress(spec);
        }
    }

    /** The single address is the first of the list. */
    private static void listAddress(ObjectNode spec) {
        String address = spec.path("clusterIP").asText("");
        if (!address.isEmpty() && spec.path("clusterIPs").isEmpty()) {
            spec.putArray("clusterIPs").add(address);
        }
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepStatus(object, old);
        Strategies.setGeneration(object, old, false);
        ObjectNode spec = Strategies.child(object, "spec");
        JsonNode before = old.path("spec");
        followAddress(spec, before);
        trimFamilies(spec, before);
        dropUnneeded(spec, before);
        if (!type(spec).equals("LoadBalancer") && type(before).equals("LoadBalancer")) {
            object.putObject("status").putObject("loadBalancer");
        }
        keepAllocated(spec, before);
    }

    /** A change of the single address alone is a change of the list. */
    private static void followAddress(ObjectNode spec, JsonNode before) {
        String address = spec.path("clusterIP").asText("");
        String oldAddress = before.path("clusterIP").asText("");
        boolean sameList = Strategies.same(spec.path("clusterIPs"), before.path("clusterIPs"));
        if (address.equals(oldAddress)) {
            if (!address.isEmpty() && spec.path("clusterIPs").isEmpty()) {
                Strategies.keep(spec, before, "clusterIPs");
            }
        } else if (address.isEmpty()) {
            if (sameList) {
                spec.remove("clusterIPs");
            }
        } else if (spec.path("clusterIPs").isEmpty() || sameList) {
            spec.putArray("clusterIPs").add(address);
        }
    }

    /** A Service that wants no more than one family keeps its first address, if the caller leaves the lists as they were. */
    private static void trimFamilies(ObjectNode spec, JsonNode before) {
        boolean narrows = spec.path("ipFamilyPolicy").asText("").equals("SingleStack")
                && !before.path("ipFamilyPolicy").asText("").equals("SingleStack");
        if (!narrows) {
            return;
        }
        for (String list : List.of("clusterIPs", "ipFamilies")) {
            if (before.path(list).size() == 2 && spec.path(list).equals(before.path(list))) {
                String first = spec.path(list).get(0).asText();
                spec.putArray(list).add(first);
            }
        }
    }

    /** What the old type had and the new one has no use for goes, unless the caller changed it. */
    private static void dropUnneeded(ObjectNode spec, JsonNode before) {
        if (type(spec).equals("ExternalName") && !type(before).equals("ExternalName")) {
            dropSame(spec, before, "clusterIP");
            dropSame(spec, before, "clusterIPs");
            dropSame(spec, before, "ipFamilies");
            dropSame(spec, before, "ipFamilyPolicy");
            dropSame(spec, before, "internalTrafficPolicy");
        }
        if (needsNodePorts(before) && !needsNodePorts(spec) && sameNodePorts(spec, before)) {
            objects(spec.path("ports")).forEach(port -> port.remove("nodePort"));
        }
        if (needsHealthPort(before) && !needsHealthPort(spec)) {
            dropSame(spec, before, "healthCheckNodePort");
        }
        if (type(before).equals("LoadBalancer") && !type(spec).equals("LoadBalancer")) {
            dropSame(spec, before, "allocateLoadBalancerNodePorts");
            dropSame(spec, before, "loadBalancerClass");
        }
        if (externallyAccessible(before) && !externallyAccessible(spec)) {
            dropSame(spec, before, "externalTrafficPolicy");
        }
    }

    private static void dropSame(ObjectNode spec, JsonNode before, String field) {
        if (Strategies.same(spec.path(field), before.path(field))) {
            spec.remove(field);
        }
    }

    private static boolean sameNodePorts(JsonNode spec, JsonNode before) {
        Set<Integer> ports = new HashSet<>();
        Set<Integer> old = new HashSet<>();
        spec.path("ports").forEach(port -> ports.add(port.path("nodePort").asInt()));
        before.path("ports").forEach(port -> old.add(port.path("nodePort").asInt()));
        return ports.equals(old);
    }

    /** Puts back addresses and ports that were given out and that the caller left out. */
    private static void keepAllocated(ObjectNode spec, JsonNode before) {
        if (!type(spec).equals("ExternalName") && !type(before).equals("ExternalName")) {
            if (spec.path("clusterIP").asText("").isEmpty()) {
                Strategies.keep(spec, before, "clusterIP");
            }
            if (spec.path("clusterIPs").isEmpty()) {
                Strategies.keep(spec, before, "clusterIPs");
            }
            for (String field : List.of("ipFamilies", "ipFamilyPolicy")) {
                if (!spec.has(field)) {
                    Strategies.keep(spec, before, field);
                }
            }
        }
        if (needsNodePorts(spec) && needsNodePorts(before)) {
            Map<String, Integer> byName = new HashMap<>();
            before.path("ports")
                    .forEach(port -> byName.put(
                            port.path("name").asText(""), port.path("nodePort").asInt()));
            Set<Integer> used = new HashSet<>();
            spec.path("ports").forEach(port -> used.add(port.path("nodePort").asInt()));
            for (ObjectNode port : objects(spec.path("ports"))) {
                int known = byName.getOrDefault(port.path("name").asText(""), 0);
                if (port.path("nodePort").asInt() == 0 && known != 0 && used.add(known)) {
                    port.put("nodePort", known);
                }
            }
        }
        if (needsHealthPort(spec)
                && needsHealthPort(before)
                && spec.path("healthCheckNodePort").asInt() == 0) {
            Strategies.keep(spec, before, "healthCheckNodePort");
        }
    }

    @Override
    void rules(Fields service) {
        ServiceRules.spec(service.at("spec"));
    }

    @Override
    void updateRules(Fields service, ObjectNode old) {
        metadataUpdate(service, old);
        ServiceRules.update(service.at("spec"), old.path("spec"));
        metadata(service);
        rules(service);
    }

    @Override
    void statusUpdateRules(Fields service, ObjectNode old) {
        metadataUpdate(service, old);
        ServiceRules.status(service);
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        List<String> warnings = new ArrayList<>();
        JsonNode spec = object.path("spec");
        if (!spec.path("externalIPs").isEmpty()) {
            warnings.add("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
        }
        boolean headless = spec.path("clusterIP").asText("").equals("None");
        if (headless && spec.path("sessionAffinity").asText("").equals("ClientIP")) {
            warnings.add("spec.SessionAffinity is ignored for headless services");
        }
        if (!spec.path("externalName").asText("").isEmpty() && !type(spec).equals("ExternalName")) {
            warnings.add("spec.externalName is ignored when spec.type is not \"ExternalName\"");
        }
        if (spec.path("trafficDistribution").asText("").equals("PreferClose")) {
            warnings.add("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"");
        }
        return warnings;
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "spec.clusterIP", object.path("spec").path("clusterIP").asText(""),
                "spec.type", object.path("spec").path("type").asText(""));
    }
}
