package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.FieldError;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the status of a pod may say: about containers that it has, with addresses that can be, and nothing ended runs again. */
final class PodStatusRules {
    private static final Set<String> OWN_CONDITIONS = ImmutableSet.of("PodScheduled", "Ready", "Initialized");
    private static final Map<String, String> CONTAINERS = Map.of(
            "containerStatuses", "containers",
            "initContainerStatuses", "initContainers",
            "ephemeralContainerStatuses", "ephemeralContainers");
    private static final List<String> STATUSES =
            List.of("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses");

    private final Fields status;
    private final Fields spec;
    private final JsonNode before;

    private PodStatusRules(Fields pod, ObjectNode old) {
        status = pod.at("status");
        spec = pod.at("spec");
        before = old.path("status");
    }

    static void check(Fields pod, ObjectNode old, KindStrategy strategy) {
        strategy.metadataUpdate(pod, old);
        PodRules.annotationUpdates(pod, old);
        PodStatusRules rules = new PodStatusRules(pod, old);
        rules.conditions();
        rules.node();
        for (String list : STATUSES) {
            rules.transitions(list);
        }
        rules.claims();
        rules.extendedClaim(rules.status.at("extendedResourceClaimStatus"));
        rules.addresses("podIPs");
        rules.hostAddresses();
        STATUSES.forEach(rules::users);
        STATUSES.forEach(rules::allocations);
        String quality = rules.before.path("qosClass").asText("");
        if (!quality.equals(rules.status.at("qosClass").text())) {
            rules.status.at("qosClass").invalid("field is immutable");
        }
    }

    private void conditions() {
        for (Fields condition : status.at("conditions").elements()) {
            if (condition.at("observedGeneration").number() < 0) {
                condition.at("observedGeneration").invalid("must be a non-negative integer");
            }
            String type = condition.at("type").text();
            if (!OWN_CONDITIONS.contains(type)) {
                condition.at("Type").check(type, Names::labelKey);
            }
        }
    }

    private void node() {
        Fields nominated = status.at("nominatedNodeName");
        if (!nominated.isEmpty()
                && !nominated.text().equals(before.path("nominatedNodeName").asText())) {
            nominated.check(Names::subdomain);
        }
        if (status.at("observedGeneration").number() < 0) {
            status.at("observedGeneration").invalid("must be a non-negative integer");
        }
    }

    // Containers

    private void transitions(String list) {
        JsonNode old = before.path(list);
        for (int i = 0; i < old.size(); i++) {
            JsonNode terminated = old.get(i).path("state").path("terminated");
            String name = old.get(i).path("name").asText();
            if (terminated.isObject()
                    && runsAgain(list, name)
                    && !restarts(list, name, terminated.path("exitCode").asInt())) {
                status.at(list).at(i).at("state").forbidden("may not be transitioned to non-terminated state");
            }
        }
    }

    private boolean runsAgain(String list, String name) {
        for (JsonNode now : status.at(list).value()) {
            if (now.path("name").asText().equals(name)
                    && !now.path("state").path("terminated").isObject()) {
                return true;
            }
        }
        return false;
    }

    /** Whether a container is started again after it ended with some code. */
    private boolean restarts(String list, String name, int exitCode) {
        if (list.startsWith("ephemeral")) {
            return false;
        }
        JsonNode container = container(list, name);
        if (container.isMissingNode()) {
            return false;
        }
        if (container.hasNonNull("restartPolicy")) {
            for (JsonNode rule : container.path("restartPolicyRules")) {
                if (matches(rule.path("exitCodes"), exitCode)) {
                    if (rule.path("action").asText().equals("Restart")) {
                        return true;
                    }
                    break;
                }
            }
            return byPolicy(container.path("restartPolicy").asText(), exitCode);
        }
        return byPolicy(spec.at("restartPolicy").text(), exitCode);
    }

    private static boolean matches(JsonNode codes, int exitCode) {
        boolean found = false;
        for (JsonNode code : codes.path("values")) {
            found |= code.asInt() == exitCode;
        }
        String operator = codes.path("operator").asText();
        return operator.equals("In") && found || operator.equals("NotIn") && !found;
    }

    private static boolean byPolicy(String policy, int exitCode) {
        return switch (policy) {
            case "Never" -> false;
            case "OnFailure" -> exitCode != 0;
            default -> true;
        };
    }

    private JsonNode container(String list, String name) {
        for (JsonNode container : spec.at(CONTAINERS.getOrDefault(list, "")).value()) {
            if (container.path("name").asText().equals(name)) {
                return container;
            }
        }
        return MissingNode.getInstance();
    }

    private void users(String list) {
        boolean windows = spec.at("os", "name").is("windows");
        for (Fields container : status.at(list).elements()) {
            Fields linux = container.at("user", "linux");
            if (!linux.given()) {
                continue;
            }
            if (windows) {
                linux.forbidden("cannot be set for a windows pod");
                continue;
            }
            id(linux.at("uid"));
            id(linux.at("gid"));
            linux.at("supplementalGroups").elements().forEach(PodStatusRules::id);
        }
    }

    private static void id(Fields id) {
        if (id.number() < 0 || id.number() > Integer.MAX_VALUE) {
            id.invalid(LongNode.valueOf(id.number()), "must be between 0 and 2147483647, inclusive");
        }
    }

    private void allocations(String list) {
        for (Fields container : status.at(list).elements()) {
            JsonNode asked = container(list, container.at("name").text()).path("resources");
            boolean known = !container(list, container.at("name").text()).isMissingNode();
            for (Fields resource : container.at("allocatedResourcesStatus").elements()) {
                if (known) {
                    asked(resource.at("name"), asked);
                }
                health(resource.at("resources"));
            }
        }
    }

    private static void asked(Fields name, JsonNode resources) {
        if (!name.text().startsWith("claim:")) {
            if (!resources.path("requests").has(name.text())) {
                name.invalid("must match one of the container's resource requests");
            }
            return;
        }
        for (JsonNode claim : resources.path("claims")) {
            String request = claim.path("request").asText("");
            String full = "claim:" + claim.path("name").asText() + (request.isEmpty() ? "" : "/" + request);
            if (full.equals(name.text())) {
                return;
            }
        }
        name.invalid("must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or"
                + " 'claim:<claimName>' if request is empty");
    }

    private static void health(Fields resources) {
        Set<String> seen = new HashSet<>();
        for (Fields resource : resources.elements()) {
            resource.at("health").oneOf("Healthy", "Unhealthy", "Unknown");
            if (!seen.add(resource.at("resourceID").text())) {
                resource.at("resourceID").duplicate();
            }
        }
    }

    // Claims

    private void claims() {
        Set<String> known = new HashSet<>();
        spec.at("resourceClaims")
                .elements()
                .forEach(claim -> known.add(claim.at("name").text()));
        Set<String> seen = new HashSet<>();
        for (Fields claim : status.at("resourceClaimStatuses").elements()) {
            Fields name = claim.at("name");
            if (!known.contains(name.text())) {
                name.invalid(name.text(), "must match the name of an entry in `spec.resourceClaims`");
            }
            if (!seen.add(name.text())) {
                name.duplicate();
            }
            if (claim.has("resourceClaimName")) {
                name.check(claim.at("resourceClaimName").text(), Names::subdomain);
            }
        }
    }

    /** The claim by which a pod got the devices that it asked for as extended resources. */
    private void extendedClaim(Fields claim) {
        if (!claim.given()) {
            return;
        }
        Fields mappings = claim.at("requestMappings");
        if (mappings.isEmpty()) {
            mappings.required("at least one request mapping is required");
        }
        Map<String, JsonNode> containers = new HashMap<>();
        for (String list : List.of("initContainers", "containers")) {
            spec.at(list)
                    .elements()
                    .forEach(container -> containers.put(container.at("name").text(), container.value()));
        }
        Set<List<String>> seen = new HashSet<>();
        for (Fields mapping : mappings.elements()) {
            Fields container = mapping.at("containerName");
            Fields resource = mapping.at("resourceName");
            Fields request = mapping.at("requestName");
            JsonNode known = containers.get(container.text());
            if (known == null) {
                container.invalid(
                        "must match the name of an entry in spec.initContainers.name or spec.containers.name");
            } else if (!known.path("resources").path("requests").has(resource.text())) {
                resource.invalid("must match the extended resource name of an entry in"
                        + " spec.initContainers.resources.requests or spec.containers.resources.requests");
            }
            claim.at("requestName").check(request.text(), Names::label);
            if (!seen.add(List.of(container.text(), resource.text(), request.text()))) {
                container.duplicate();
                resource.duplicate();
                request.duplicate();
            }
        }
        if (claim.at("resourceClaimName").requireText()) {
            claim.at("resourceClaimName").check(Names::subdomain);
        }
    }

    // Addresses

    private void hostAddresses() {
        Fields first = status.at("hostIPs").at(0).at("ip");
        if (!status.at("hostIPs").isEmpty() && !first.is(status.at("hostIP").text())) {
            first.invalid("must be equal to `hostIP`");
        }
        addresses("hostIPs");
    }

    private void addresses(String list) {
        Fields addresses = status.at(list);
        Set<String> kept = new HashSet<>();
        before.path(list).forEach(address -> kept.add(address.path("ip").asText()));
        for (Fields address : addresses.elements()) {
            if (!kept.contains(address.at("ip").text())) {
                address.check(address.at("ip").text(), Addresses::ip);
            }
        }
        if (addresses.size() < 2) {
            return;
        }
        ArrayNode shown = JsonNodeFactory.instance.arrayNode();
        boolean valid = true;
        int v6 = 0;
        for (Fields address : addresses.elements()) {
            String text = address.at("ip").text();
            shown.addObject().put("IP", text);
            if (valid && Addresses.parse(text) == null) {
                valid = false;
                status.add(List.of(FieldError.internal(
                        addresses.path(),
                        "failed to check for dual stack with error:invalid IP[%d]: %s"
                                .formatted(shown.size() - 1, text))));
            }
            v6 += Addresses.isV6(text) ? 1 : 0;
        }
        if (!valid || addresses.size() > 2 || v6 != 1) {
            addresses.invalid(shown, "may specify no more than one IP for each IP family");
        }
    }
}
