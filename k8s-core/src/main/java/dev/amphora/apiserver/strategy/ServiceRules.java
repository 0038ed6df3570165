package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a service must look like, and what of it may change. */
final class ServiceRules {
    private static final String ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";
    private static final int LONGEST_AFFINITY = 86_400;

    private ServiceRules() {}

    static void spec(Fields spec) {
        String type = ServiceStrategy.type(spec.value());
        boolean headless = spec.at("clusterIP").is("None");
        // Addresses are looked at before they are given out, and that comes before all else.
        Fields addresses = spec.apart();
        addresses(addresses, type);
        if (!addresses.errors().isEmpty()) {
            spec.add(addresses.errors());
            return;
        }
        if (!spec.at("ports").given() || spec.at("ports").isEmpty()) {
            if (!headless && !type.equals("ExternalName")) {
                spec.at("ports").required();
            }
        }
        byType(spec, type, headless);
        ports(spec, headless);
        LabelRules.labels(spec.at("selector"));
        affinity(spec);
        if (spec.has("publishNotReadyAddresses")
                && !spec.at("publishNotReadyAddresses").value().isBoolean()) {
            spec.at("publishNotReadyAddresses").invalid("must be a boolean");
        }
        for (Fields ip : spec.at("externalIPs").elements()) {
            List<String> wrong = Addresses.ip(ip.text());
            ip.check(Addresses::ip);
            if (wrong.isEmpty()) {
                nonSpecial(ip, ip.text());
            }
        }
        if (spec.at("type").requireText()) {
            spec.at("type").oneOf("ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        }
        nodePorts(spec, type);
        portNumbers(spec);
        sourceRanges(spec, type);
        if (spec.has("allocateLoadBalancerNodePorts") && !type.equals("LoadBalancer")) {
            spec.at("allocateLoadBalancerNodePorts").forbidden(ONLY_LOAD_BALANCER);
        }
        Fields lbClass = spec.at("loadBalancerClass");
        if (lbClass.given()) {
            lbClass.check(Names::labelKey);
            if (!type.equals("LoadBalancer")) {
                lbClass.forbidden(ONLY_LOAD_BALANCER);
            }
        }
        external(spec, type);
        Fields internal = spec.at("internalTrafficPolicy");
        if (!internal.given()) {
            if (List.of("ClusterIP", "NodePort", "LoadBalancer").contains(type)) {
                internal.required();
            }
        } else {
            internal.oneOf("Cluster", "Local");
        }
        if (spec.has("trafficDistribution")) {
            spec.at("trafficDistribution").oneOf("PreferClose", "PreferSameZone", "PreferSameNode");
        }
    }

    private static void byType(Fields spec, String type, boolean headless) {
        switch (type) {
            case "LoadBalancer", "NodePort" -> {
                if (headless) {
                    spec.at("clusterIPs")
                            .at(0)
                            .invalid("None", "may not be set to 'None' for %s services".formatted(type));
                }
            }
            case "ExternalName" -> {
                if (!spec.at("clusterIP").isEmpty() || !spec.at("clusterIPs").isEmpty()) {
                    spec.at("clusterIPs").forbidden("may not be set for ExternalName services");
                }
                for (String field : List.of("ipFamilies", "ipFamilyPolicy")) {
                    if (!spec.at(field).isEmpty()) {
                        spec.at(field).forbidden("may not be set for ExternalName services");
                    }
                }
                Fields name = spec.at("externalName");
                if (name.isEmpty()) {
                    name.required();
                } else {
                    String text = name.text();
                    String plain = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
                    for (String detail : Names.subdomain(plain)) {
                        name.invalid(plain, detail);
                    }
                }
            }
            default -> {}
        }
    }

    private static void ports(Fields spec, boolean headless) {
        Set<String> names = new HashSet<>();
        boolean several = spec.at("ports").size() > 1;
        for (Fields port : spec.at("ports").elements()) {
            Fields name = port.at("name");
            if (several && name.isEmpty()) {
                name.required();
            } else if (!name.isEmpty()) {
                name.check(Names::label);
                if (!names.add(name.text())) {
                    name.duplicate();
                }
            }
            port.at("port").between(1, 65535);
            if (port.at("protocol").requireText()) {
                port.at("protocol").oneOf("SCTP", "TCP", "UDP");
            }
            Fields target = port.at("targetPort");
            if (target.value().isTextual()) {
                target.check(Names::portName);
            } else {
                target.between(1, 65535);
            }
            if (port.has("appProtocol")) {
                port.at("appProtocol").check(Names::labelKey);
            }
        }
    }

    private static void affinity(Fields spec) {
        Fields affinity = spec.at("sessionAffinity");
        if (affinity.requireText()) {
            affinity.oneOf("ClientIP", "None");
        }
        Fields seconds = spec.at("sessionAffinityConfig", "clientIP", "timeoutSeconds");
        if (affinity.is("ClientIP")) {
            if (!seconds.given()) {
                spec.at("sessionAffinityConfig").required("when session affinity type is ClientIP");
            } else if (seconds.number() <= 0 || seconds.number() > LONGEST_AFFINITY) {
                seconds.invalid("must be greater than 0 and less than " + LONGEST_AFFINITY);
            }
        } else if (affinity.is("None") && spec.has("sessionAffinityConfig")) {
            spec.at("sessionAffinityConfig").forbidden("must not be set when session affinity is None");
        }
    }

    private static void addresses(Fields spec, String type) {
        if (type.equals("ExternalName")) {
            return;
        }
        Set<String> seen = new HashSet<>();
        for (Fields family : spec.at("ipFamilies").elements()) {
            family.oneOf("IPv4", "IPv6");
            if (!seen.add(family.text())) {
                family.duplicate();
            }
        }
        if (spec.has("ipFamilyPolicy")) {
            spec.at("ipFamilyPolicy").oneOf("PreferDualStack", "RequireDualStack", "SingleStack");
        }
        Fields list = spec.at("clusterIPs");
        String single = spec.at("clusterIP").text();
        if (list.isEmpty()) {
            return;
        }
        if (single.isEmpty()) {
            list.invalid("must be empty when `clusterIP` is not specified");
        } else if (!list.at(0).is(single)) {
            list.invalid("first value must match `clusterIP`");
        }
        for (Fields address : list.elements()) {
            if (address.is("None") && address.path().endsWith("[0]")) {
                if (list.size() > 1) {
                    list.invalid("'None' must be the first and only value");
                }
                continue;
            }
            address.check(Addresses::ip);
        }
        if (list.size() > 2) {
            list.invalid("may only hold up to 2 values");
        }
        if (list.size() == 2
                && Addresses.isV6(list.at(0).text())
                        == Addresses.isV6(list.at(1).text())
                && Addresses.parse(list.at(0).text()) != null
                && Addresses.parse(list.at(1).text()) != null) {
            list.invalid("may specify no more than one IP for each IP family");
        }
        families(spec, list);
    }

    private static void families(Fields spec, Fields list) {
        for (int i = 0; i < list.size() && i < spec.at("ipFamilies").size(); i++) {
            String address = list.at(i).text();
            if (Addresses.parse(address) == null) {
                continue;
            }
            boolean v6 = spec.at("ipFamilies").at(i).is("IPv6");
            if (v6 != Addresses.isV6(address)) {
                list.at(i)
                        .invalid(
                                address,
                                "expected an %s value as indicated by `ipFamilies[%d]`"
                                        .formatted(v6 ? "IPv6" : "IPv4", i));
            }
        }
    }

    /** An address that stands for a host of its own. */
    static void nonSpecial(Fields place, String text) {
        @Nullable InetAddress ip = Addresses.parse(text);
        if (ip == null) {
            place.invalid(text, "must be a valid IP address");
            return;
        }
        if (ip.isAnyLocalAddress()) {
            place.invalid(text, "may not be unspecified (%s)".formatted(text));
        }
        if (ip.isLoopbackAddress()) {
            place.invalid(text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
        }
        if (ip.isLinkLocalAddress()) {
            place.invalid(text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
        }
        if (Addresses.contains("224.0.0.0/24", text) || Addresses.contains("ff02::/16", text)) {
            place.invalid(text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
        }
    }

    /**
     * An address that stands for a pod or another host. Other than in the reference it may lie in the upper half of the loopback
     * range, where pods live that need no network of their own.
     */
    static void endpoint(Fields place, String text) {
        if (!Addresses.contains("127.128.0.0/9", text)) {
            nonSpecial(place, text);
        }
    }

    private static void nodePorts(Fields spec, String type) {
        for (Fields port : spec.at("ports").elements()) {
            Fields node = port.at("nodePort");
            if (node.number() == 0) {
                continue;
            }
            if (type.equals("ClusterIP") || type.equals("ExternalName")) {
                node.forbidden("may not be used when `type` is '%s'".formatted(type));
            }
        }
    }

    private static void portNumbers(Fields spec) {
        Set<String> seen = new HashSet<>();
        for (Fields port : spec.at("ports").elements()) {
            if (!seen.add(port.at("protocol").text() + port.at("port").number())) {
                ObjectNode shown = JsonNodeFactory.instance.objectNode();
                shown.put("Name", "")
                        .put("Protocol", port.at("protocol").text())
                        .putNull("AppProtocol");
                shown.put("Port", port.at("port").number()).put("TargetPort", 0).put("NodePort", 0);
                port.duplicate(shown);
            }
        }
    }

    private static void sourceRanges(Fields spec, String type) {
        Fields ranges = spec.at("LoadBalancerSourceRanges")
                .with(spec.at("loadBalancerSourceRanges").value());
        if (ranges.isEmpty()) {
            return;
        }
        if (!type.equals("LoadBalancer")) {
            ranges.forbidden(ONLY_LOAD_BALANCER);
        }
        ranges.elements().forEach(range -> range.check(range.text().strip(), Addresses::cidr));
    }

    private static void external(Fields spec, String type) {
        Fields policy = spec.at("externalTrafficPolicy");
        boolean reachable = ServiceStrategy.externallyAccessible(spec.value());
        if (!reachable) {
            if (!policy.isEmpty()) {
                policy.invalid("may only be set for externally-accessible services");
            }
        } else if (policy.isEmpty()) {
            policy.required();
        } else {
            policy.oneOf("Cluster", "Local");
        }
        Fields health = spec.at("healthCheckNodePort");
        if (health.number() == 0) {
            return;
        }
        if (ServiceStrategy.needsHealthPort(spec.value())) {
            health.between(1, 65535);
        } else {
            health.invalid("may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
        }
    }

    // Changes

    static void update(Fields spec, JsonNode before) {
        boolean external = ServiceStrategy.type(spec.value()).equals("ExternalName")
                || ServiceStrategy.type(before).equals("ExternalName");
        if (!external) {
            JsonNode oldList = before.path("clusterIPs");
            Fields list = spec.at("clusterIPs");
            for (int i = 0; i < oldList.size() && i < 1; i++) {
                if (!oldList.get(i).asText().isEmpty()
                        && !Strategies.same(oldList.get(i), list.at(i).value())) {
                    list.at(i).invalid(list.given() ? list.value() : NullNode.getInstance(), "may not change once set");
                }
            }
        }
        boolean balanced = ServiceStrategy.type(before).equals("LoadBalancer");
        if (balanced && ServiceStrategy.type(spec.value()).equals("LoadBalancer")) {
            Fields lbClass = spec.at("loadBalancerClass");
            if (!Strategies.same(lbClass.value(), before.path("loadBalancerClass"))) {
                lbClass.invalid(GoValues.orNull(lbClass.value()), "may not change once set");
            }
        } else if (ServiceStrategy.type(before).equals("LoadBalancer")
                || !ServiceStrategy.type(spec.value()).equals("LoadBalancer")) {
            if (spec.has("loadBalancerClass")) {
                spec.at("loadBalancerClass").forbidden(ONLY_LOAD_BALANCER);
            }
        }
        if (ServiceStrategy.needsHealthPort(before) && ServiceStrategy.needsHealthPort(spec.value())) {
            long old = before.path("healthCheckNodePort").asLong();
            if (old != 0 && old != spec.at("healthCheckNodePort").number()) {
                spec.at("healthCheckNodePort").forbidden("field is immutable");
            }
        }
    }

    static void status(Fields service) {
        Fields ingress = service.at("status", "loadBalancer", "ingress");
        if (!ingress.isEmpty() && !service.at("spec", "type").is("LoadBalancer")) {
            ingress.forbidden("may only be used when `spec.type` is 'LoadBalancer'");
            return;
        }
        for (Fields point : ingress.elements()) {
            Fields ip = point.at("ip");
            if (!ip.isEmpty()) {
                ip.check(Addresses::ip);
            }
            Fields mode = point.at("ipMode");
            if (ip.isEmpty() && mode.given()) {
                mode.forbidden("may not be specified when `ip` is not set");
            } else if (!ip.isEmpty() && !mode.given()) {
                mode.required("must be specified when `ip` is set");
            } else if (mode.given()) {
                mode.oneOf("Proxy", "VIP");
            }
            Fields host = point.at("hostname");
            if (!host.isEmpty()) {
                host.check(Names::subdomain);
                if (Addresses.parse(host.text()) != null) {
                    host.invalid("must be a DNS name, not an IP address");
                }
            }
        }
    }
}
