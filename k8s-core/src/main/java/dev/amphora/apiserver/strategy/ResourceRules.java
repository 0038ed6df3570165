package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.amphora.apiserver.schema.DecodeException;
import dev.amphora.apiserver.schema.Quantities;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Amounts of resources: what they are called, and how requests and limits go together. */
final class ResourceRules {
    private static final Set<String> STANDARD_FOR_CONTAINERS = Set.of("cpu", "memory", "ephemeral-storage");
    private static final Set<String> STANDARD = Set.of(
            "cpu",
            "memory",
            "ephemeral-storage",
            "requests.cpu",
            "requests.memory",
            "requests.ephemeral-storage",
            "limits.cpu",
            "limits.memory",
            "limits.ephemeral-storage",
            "pods",
            "resourcequotas",
            "services",
            "replicationcontrollers",
            "secrets",
            "configmaps",
            "persistentvolumeclaims",
            "storage",
            "requests.storage",
            "services.nodeports",
            "services.loadbalancers");
    private static final Set<String> WHOLE = Set.of(
            "pods",
            "resourcequotas",
            "services",
            "replicationcontrollers",
            "secrets",
            "configmaps",
            "persistentvolumeclaims",
            "services.nodeports",
            "services.loadbalancers");
    private static final String HUGE = "hugepages-";

    private final Fields spec;

    ResourceRules(Fields spec) {
        this.spec = spec;
    }

    /** What one container asks for. */
    void container(Fields resources) {
        requirements(resources, false);
    }

    /** What the pod as a whole asks for. */
    void pod(Fields resources) {
        if (!resources.given()) {
            return;
        }
        if (!resources.at("claims").isEmpty()) {
            resources.at("claims").forbidden("claims may not be set for Resources at pod-level");
        }
        requirements(resources, true);
    }

    /** Amounts that come with the pod and are no container's. */
    static void overhead(Fields overhead) {
        new ResourceRules(overhead).requirements(overhead.with(nested(overhead.value())), false);
    }

    private static JsonNode nested(JsonNode limits) {
        return JsonNodeFactory.instance.objectNode().set("limits", limits);
    }

    private void requirements(Fields resources, boolean wholePod) {
        Fields limits = resources.at("limits");
        Fields requests = resources.at("requests");
        boolean cpuOrMemory = false;
        boolean huge = false;
        for (String name : limits.keys()) {
            Fields limit = limits.key(name);
            name(limit, name, wholePod);
            amount(limit, name);
            cpuOrMemory |= name.equals("cpu") || name.equals("memory");
            if (name.startsWith(HUGE)) {
                huge = true;
                pages(limit, name);
            }
        }
        for (String name : requests.keys()) {
            Fields request = requests.key(name);
            name(request, name, wholePod);
            amount(request, name);
            JsonNode limit = limits.value().path(name);
            if (limit.isTextual() || limit.isNumber()) {
                String shown = limit.asText();
                int order = PodResources.value(request.text()).compareTo(PodResources.value(shown));
                if (order != 0 && !overcommits(name)) {
                    requests.invalid(request.text(), "must be equal to %s limit of %s".formatted(name, shown));
                } else if (order > 0) {
                    requests.invalid(
                            request.text(), "must be less than or equal to %s limit of %s".formatted(name, shown));
                }
            } else if (!overcommits(name)) {
                limits.required("Limit must be set for non overcommitable resources");
            }
            cpuOrMemory |= name.equals("cpu") || name.equals("memory");
            if (name.startsWith(HUGE)) {
                huge = true;
                pages(request, name);
            }
        }
        if (huge && !cpuOrMemory) {
            resources.forbidden("HugePages require cpu or memory");
        }
        claims(resources.at("claims"));
    }

    private void claims(Fields claims) {
        Set<String> known = new TreeSet<>();
        spec.at("resourceClaims")
                .elements()
                .forEach(claim -> known.add(claim.at("name").text()));
        Set<String> seen = new HashSet<>();
        for (Fields claim : claims.elements()) {
            String name = claim.at("name").text();
            Fields request = claim.at("request");
            if (name.isEmpty()) {
                claim.required();
                continue;
            }
            String key = request.isEmpty() ? name : name + "/" + request.text();
            if (!seen.add(key)) {
                claim.duplicate(TextNode.valueOf(key));
            }
            if (!known.contains(name)) {
                claim.notFound(
                        name,
                        "must be one of the names in pod.spec.resourceClaims"
                                + (known.isEmpty() ? " which is empty" : ": " + String.join(", ", known)));
            }
            if (!request.isEmpty()) {
                request.check(Names::label);
            }
        }
    }

    void resizePolicy(Fields policies) {
        Set<String> seen = new HashSet<>();
        for (Fields policy : policies.elements()) {
            Fields resource = policy.at("resourceName");
            if (!seen.add(resource.text())) {
                policy.duplicate(TextNode.valueOf(resource.text()));
            }
            if (policies.with(resource.value()).requireText()) {
                policies.with(resource.value()).oneOf("cpu", "memory");
            }
            Fields restart = policies.with(policy.at("restartPolicy").value());
            if (restart.requireText()) {
                restart.oneOf("NotRequired", "RestartContainer");
            }
            if (spec.at("restartPolicy").is("Never") && !restart.is("NotRequired")) {
                restart.invalid("must be 'NotRequired' when pod `restartPolicy` is 'Never'");
            }
        }
    }

    private static void name(Fields place, String name, boolean wholePod) {
        List<String> wrong = Names.labelKey(name);
        place.check(name, Names::labelKey);
        if (wholePod) {
            if (wrong.isEmpty() && isNative(name) && !PodResources.isSupported(name)) {
                if (name.indexOf('/') < 0 && !STANDARD.contains(name)) {
                    place.invalid(name, "must be a standard resource type or fully qualified");
                } else {
                    place.with(TextNode.valueOf(name)).oneOf("cpu", HUGE, "memory");
                }
            }
            return;
        }
        if (name.indexOf('/') < 0) {
            if (wrong.isEmpty() && !STANDARD.contains(name) && !name.startsWith(HUGE)) {
                place.invalid(name, "must be a standard resource type or fully qualified");
            }
            if (!STANDARD_FOR_CONTAINERS.contains(name) && !name.startsWith(HUGE)) {
                place.invalid(name, "must be a standard resource for containers");
            }
        } else if (!isNative(name) && !isExtended(name)) {
            place.invalid(name, "doesn't follow extended resource name standard");
        }
    }

    /** A name must be that of a resource of containers. */
    static void containerName(Fields place, String name) {
        name(place, name, false);
    }

    /** Whether a resource is of the kind that belongs to the system. */
    static boolean isNative(String name) {
        return name.indexOf('/') < 0 || name.contains("kubernetes.io/");
    }

    /** Whether a resource is one of those that others add. */
    static boolean isExtended(String name) {
        return !isNative(name)
                && !name.startsWith("requests.")
                && Names.labelKey("requests." + name).isEmpty();
    }

    /** Whether more may be promised than there is. */
    private static boolean overcommits(String name) {
        return isNative(name) && !name.startsWith(HUGE);
    }

    /** An amount of a resource: not negative, and whole if the resource can't be divided. */
    static void amount(Fields place, String name) {
        BigDecimal value = PodResources.value(place.text());
        if (value.signum() < 0) {
            place.invalid(place.text(), "must be greater than or equal to 0");
        }
        if ((WHOLE.contains(name) || isExtended(name))
                && value.stripTrailingZeros().scale() > 0) {
            place.invalid(place.text(), "must be an integer");
        }
    }

    private static void pages(Fields place, String name) {
        BigDecimal size;
        try {
            size = Quantities.valueOf(name.substring(HUGE.length()));
        } catch (DecodeException e) {
            place.invalid(
                    place.text(),
                    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
            return;
        }
        BigDecimal value = PodResources.value(place.text());
        if (size.signum() <= 0 || value.signum() < 0 || value.remainder(size).signum() != 0) {
            place.invalid(place.text(), "%s is not positive integer multiple of %s".formatted(place.text(), name));
        }
    }

    /** The names of standard resources, for the kinds that limit them. */
    static boolean isStandard(String name) {
        return STANDARD.contains(name) || name.startsWith(HUGE) || name.startsWith("requests." + HUGE);
    }
}
