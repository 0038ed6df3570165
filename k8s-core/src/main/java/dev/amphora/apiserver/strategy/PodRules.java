package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** What a pod's specification must look like, in pods and in the templates of workloads. */
final class PodRules {
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final Pattern INT_32 = Pattern.compile("-?(0|[1-9][0-9]*)");
    private static final int MAX_NAMESERVERS = 3;
    private static final int MAX_SEARCHES = 32;
    private static final int MAX_SEARCH_CHARACTERS = 2048;

    private PodRules() {}

    /** A new pod, beyond its metadata. */
    static void create(Fields pod) {
        pod(pod);
        if (!pod.at("spec", "ephemeralContainers").isEmpty()) {
            pod.at("spec", "ephemeralContainers").forbidden("cannot be set on create");
        }
    }

    /** Any pod, beyond its metadata. */
    static void pod(Fields pod) {
        annotations(pod.at("metadata", "annotations"), pod.at("spec"));
        spec(pod.at("spec"), pod.at("metadata"));
    }

    /** The template of a workload. */
    static void template(Fields template) {
        LabelRules.labels(
                template.at("labels").with(template.at("metadata", "labels").value()));
        Fields annotations = template.at("annotations")
                .with(template.at("metadata", "annotations").value());
        LabelRules.annotations(annotations);
        annotations(annotations, template.at("spec"));
        spec(template.at("spec"), template.at("metadata").with(MissingNode.getInstance()));
        if (!template.at("spec", "ephemeralContainers").isEmpty()) {
            template.at("spec", "ephemeralContainers").forbidden("ephemeral containers not allowed in pod template");
        }
    }

    private static void annotations(Fields annotations, Fields spec) {
        if (annotations.value().has(MIRROR) && spec.at("nodeName").isEmpty()) {
            Fields mirror = annotations.key(MIRROR);
            mirror.invalid("must set spec.nodeName if mirror pod annotation is set");
        }
        Fields tolerations = annotations.key("scheduler.alpha.kubernetes.io/tolerations");
        if (tolerations.given() && !tolerations.text().startsWith("[")) {
            annotations.invalid("scheduler.alpha.kubernetes.io/tolerations", "unexpected end of JSON input");
        }
        Fields cost = annotations.key("controller.kubernetes.io/pod-deletion-cost");
        if (cost.given() && !isInt32(cost.text())) {
            cost.invalid("must be a 32bit integer");
        }
        AppArmor.checkAnnotations(annotations, spec);
    }

    /** What some annotations mean for a pod is settled once it exists. */
    static void annotationUpdates(Fields pod, ObjectNode old) {
        Fields annotations = pod.at("metadata", "annotations");
        JsonNode before = old.path("metadata").path("annotations");
        for (String key : annotations.with(before).keys()) {
            if (annotations.value().path(key).equals(before.path(key))) {
                continue;
            }
            if (key.startsWith(AppArmor.PREFIX)) {
                annotations.key(key).forbidden("may not remove or update AppArmor annotations");
            }
            if (key.equals(MIRROR)) {
                annotations.key(key).forbidden("may not remove or update mirror pod annotation");
            }
        }
        for (String key : annotations.keys()) {
            if (before.has(key)) {
                continue;
            }
            if (key.startsWith(AppArmor.PREFIX)) {
                annotations.key(key).forbidden("may not add AppArmor annotations");
            }
            if (key.equals(MIRROR)) {
                annotations.key(key).forbidden("may not add mirror pod annotation");
            }
        }
        annotations(annotations, pod.at("spec"));
    }

    private static boolean isInt32(String text) {
        if (!INT_32.matcher(text).matches() || text.length() > 11) {
            return false;
        }
        long value = Long.parseLong(text);
        return value >= Integer.MIN_VALUE && value <= Integer.MAX_VALUE;
    }

    static void spec(Fields spec, Fields metadata) {
        Volumes volumes = VolumeRules.check(spec.at("volumes"), metadata);
        resourceClaims(spec.at("resourceClaims"), metadata);
        new ContainerRules(spec, volumes).check();
        new ResourceRules(spec).pod(spec.at("resources"));
        hostNetwork(spec);
        if (spec.at("restartPolicy").requireText()) {
            spec.at("restartPolicy").oneOf("Always", "OnFailure", "Never");
        }
        if (spec.at("dnsPolicy").requireText()) {
            spec.at("dnsPolicy").oneOf("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
        }
        LabelRules.labels(spec.at("nodeSelector"));
        SecurityRules.pod(spec);
        SchedulingRules.affinity(spec.at("affinity"));
        dns(spec);
        SchedulingRules.gates(spec);
        SchedulingRules.spread(spec.at("topologySpreadConstraints"));
        WindowsRules.hostProcesses(spec);
        hostUsers(spec);
        names(spec);
        SchedulingRules.tolerations(spec.at("tolerations"));
        hostAliases(spec.at("hostAliases"));
        if (!spec.at("priorityClassName").isEmpty()) {
            spec.at("priorityClassName").check(Names::subdomain);
        }
        if (spec.has("runtimeClassName")) {
            spec.at("runtimeClassName").check(Names::subdomain);
        }
        if (spec.has("preemptionPolicy") && spec.at("preemptionPolicy").requireText()) {
            spec.at("preemptionPolicy").oneOf("PreemptLowerPriority", "Never");
        }
        if (spec.has("overhead")) {
            ResourceRules.overhead(spec.at("overhead"));
        }
        operatingSystem(spec);
    }

    private static void names(Fields spec) {
        if (!spec.at("serviceAccountName").isEmpty()) {
            spec.at("serviceAccountName").check(Names::subdomain);
        }
        if (!spec.at("nodeName").isEmpty()) {
            spec.at("nodeName").check(Names::subdomain);
        }
        if (spec.has("activeDeadlineSeconds")) {
            spec.at("activeDeadlineSeconds").between(1, Integer.MAX_VALUE);
        }
        if (spec.has("hostnameOverride")) {
            spec.at("hostnameOverride").check(Names::subdomain);
        }
        for (String field : List.of("hostname", "subdomain")) {
            if (!spec.at(field).isEmpty()) {
                spec.at(field).check(Names::label);
            }
        }
    }

    private static void resourceClaims(Fields claims, Fields metadata) {
        Set<String> names = new HashSet<>();
        for (Fields claim : claims.elements()) {
            Fields name = claim.at("name");
            if (name.isEmpty()) {
                name.required();
            } else if (!names.add(name.text())) {
                name.duplicate();
            } else {
                name.check(Names::label);
            }
            boolean direct = claim.has("resourceClaimName");
            boolean template = claim.has("resourceClaimTemplateName");
            if (!direct && !template) {
                claim.invalid(
                        GoValues.resourceClaim(claim.value()),
                        "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
            } else if (direct && template) {
                claim.invalid(
                        GoValues.resourceClaim(claim.value()),
                        "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
            }
            for (String field : List.of("resourceClaimName", "resourceClaimTemplateName")) {
                if (claim.has(field)) {
                    claim.at(field).check(Names::subdomain);
                }
            }
        }
    }

    private static void hostNetwork(Fields spec) {
        if (!spec.at("hostNetwork").flag()) {
            return;
        }
        for (String list : List.of("containers", "initContainers")) {
            for (Fields container : spec.at(list).elements()) {
                for (Fields port : container.at("ports").elements()) {
                    Fields hostPort = port.at("hostPort");
                    if (hostPort.number() != 0
                            && hostPort.number() != port.at("containerPort").number()) {
                        hostPort.invalid("must match `containerPort` when `hostNetwork` is true");
                    }
                }
            }
        }
    }

    private static void hostUsers(Fields spec) {
        if (!spec.has("hostUsers") || spec.at("hostUsers").flag()) {
            return;
        }
        for (Fields container : spec.at("containers").elements()) {
            Fields devices = container.at("volumeDevices");
            if (!devices.isEmpty()) {
                devices.forbidden("when `hostUsers` is false");
            }
        }
        for (String field : List.of("hostPID", "hostIPC", "hostNetwork")) {
            if (spec.at(field).flag()) {
                spec.at(field).forbidden("when `hostUsers` is false");
            }
        }
    }

    private static void dns(Fields spec) {
        Fields config = spec.at("dnsConfig");
        boolean none = spec.at("dnsPolicy").is("None");
        if (none && !config.given()) {
            config.required("must provide `dnsConfig` when `dnsPolicy` is None");
        }
        if (!config.given()) {
            return;
        }
        Fields servers = config.at("nameservers");
        if (none && servers.isEmpty()) {
            servers.required("must provide at least one DNS nameserver when `dnsPolicy` is None");
        }
        if (servers.size() > MAX_NAMESERVERS) {
            servers.invalid("must not have more than %d nameservers".formatted(MAX_NAMESERVERS));
        }
        servers.elements().forEach(server -> server.check(Addresses::ip));
        Fields searches = config.at("searches");
        if (searches.size() > MAX_SEARCHES) {
            searches.invalid("must not have more than %d search paths".formatted(MAX_SEARCHES));
        }
        int length = searches.size() - 1;
        for (Fields search : searches.elements()) {
            length += search.text().length();
            String text = search.text();
            if (text.equals(".")) {
                continue;
            }
            search.check(
                    text.endsWith(".") ? text.substring(0, text.length() - 1) : text, Names::subdomainWithUnderscores);
        }
        if (length > MAX_SEARCH_CHARACTERS) {
            searches.invalid("must not have more than %d characters (including spaces) in the search list"
                    .formatted(MAX_SEARCH_CHARACTERS));
        }
        config.at("options").elements().forEach(option -> {
            if (option.at("name").isEmpty()) {
                config.at("options").with(option.value()).required("must not be empty");
            }
        });
    }

    private static void hostAliases(Fields aliases) {
        for (Fields alias : aliases.elements()) {
            alias.at("ip").check(Addresses::ip);
            alias.at("hostnames").elements().forEach(name -> name.check(Names::subdomain));
        }
    }

    private static void operatingSystem(Fields spec) {
        Fields os = spec.at("os");
        if (!os.given()) {
            return;
        }
        Fields name = os.at("name");
        if (!name.requireText() || !os.with(name.value()).oneOf("linux", "windows")) {
            return;
        }
        if (name.is("windows")) {
            WindowsRules.windowsPod(spec);
        } else {
            WindowsRules.linuxPod(spec);
        }
    }
}
