package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.apiserver.admission.PodRule.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the level {@code baseline} forbids: the known ways from a container to its host. */
final class BaselineRules {
    private static final String APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/";
    private static final String SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
    private static final String SECCOMP = "container.seccomp.security.alpha.kubernetes.io/";
    private static final Set<String> CAPABILITIES = Set.of(
            "AUDIT_WRITE",
            "CHOWN",
            "DAC_OVERRIDE",
            "FOWNER",
            "FSETID",
            "KILL",
            "MKNOD",
            "NET_BIND_SERVICE",
            "SETFCAP",
            "SETGID",
            "SETPCAP",
            "SETUID",
            "SYS_CHROOT");
    private static final Set<String> SELINUX_TYPES = Set.of("", "container_t", "container_init_t", "container_kvm_t");
    private static final Set<String> SYSCTLS = Set.of(
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range");
    private static final Set<String> SYSCTLS_1_29 = Set.of(
            "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes");
    private static final Set<String> SYSCTLS_1_32 = Set.of("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem");
    private static final List<String> PROBES = List.of("livenessProbe", "readinessProbe", "startupProbe");
    private static final List<String> HOOKS = List.of("postStart", "preStop");

    private BaselineRules() {}

    static @Nullable Violation appArmor(PodParts pod, PodLevel level) {
        TreeSet<String> values = new TreeSet<>();
        boolean podSets = isUnconfined(pod.security().path("appArmorProfile"), values);
        List<String> containers = pod.named(security -> isUnconfined(security.path("appArmorProfile"), values));
        List<String> setters = PodParts.setters(podSets, containers);
        int annotations = 0;
        for (var each : pod.annotations().properties()) {
            String value = each.getValue().asText("");
            if (each.getKey().startsWith(APP_ARMOR)
                    && !value.isEmpty()
                    && !value.equals("runtime/default")
                    && !value.startsWith("localhost/")) {
                values.add(each.getKey() + "=" + Json.quote(value));
                annotations++;
            }
        }
        if (annotations > 0) {
            setters.add(PodParts.plural("annotation", annotations));
        }
        return setters.isEmpty()
                ? null
                : new Violation(
                        PodParts.plural("forbidden AppArmor profile", values.size()),
                        "%s must not set AppArmor profile type to %s"
                                .formatted(String.join(" and ", setters), PodParts.quoted(values)));
    }

    private static boolean isUnconfined(JsonNode profile, Set<String> values) {
        String type = profile.path("type").asText("");
        if (!profile.isObject() || type.equals("RuntimeDefault") || type.equals("Localhost")) {
            return false;
        }
        values.add(type);
        return true;
    }

    static @Nullable Violation capabilities(PodParts pod, PodLevel level) {
        String added = added(pod, CAPABILITIES);
        return added.isEmpty() ? null : new Violation("non-default capabilities", added);
    }

    /** Who adds capabilities that are not among some; empty if nobody does. */
    static String added(PodParts pod, Set<String> allowed) {
        TreeSet<String> forbidden = new TreeSet<>();
        List<String> containers = pod.named(security -> {
            int before = forbidden.size();
            boolean bad = false;
            for (JsonNode each : security.path("capabilities").path("add")) {
                if (!allowed.contains(each.asText())) {
                    forbidden.add(each.asText());
                    bad = true;
                }
            }
            return bad || forbidden.size() > before;
        });
        return containers.isEmpty()
                ? ""
                : "%s must not include %s in securityContext.capabilities.add"
                        .formatted(PodParts.containers(containers), PodParts.quoted(forbidden));
    }

    static @Nullable Violation hostNamespaces(PodParts pod, PodLevel level) {
        List<String> shared = new ArrayList<>();
        for (String each : List.of("hostNetwork", "hostPID", "hostIPC")) {
            if (pod.spec().path(each).asBoolean()) {
                shared.add(each + "=true");
            }
        }
        return shared.isEmpty() ? null : new Violation("host namespaces", String.join(", ", shared));
    }

    static @Nullable Violation hostPath(PodParts pod, PodLevel level) {
        List<String> volumes = new ArrayList<>();
        for (JsonNode volume : pod.spec().path("volumes")) {
            if (volume.path("hostPath").isObject()) {
                volumes.add(volume.path("name").asText(""));
            }
        }
        return volumes.isEmpty()
                ? null
                : new Violation(
                        "hostPath volumes", PodParts.plural("volume", volumes.size()) + " " + PodParts.quoted(volumes));
    }

    static @Nullable Violation hostPorts(PodParts pod, PodLevel level) {
        TreeSet<String> ports = new TreeSet<>();
        List<String> containers = new ArrayList<>();
        for (JsonNode container : pod.containers()) {
            boolean uses = false;
            for (JsonNode port : container.path("ports")) {
                if (port.path("hostPort").asInt() != 0) {
                    ports.add(port.path("hostPort").asText());
                    uses = true;
                }
            }
            if (uses) {
                containers.add(container.path("name").asText(""));
            }
        }
        return containers.isEmpty()
                ? null
                : new Violation(
                        "hostPort",
                        "%s %s %s %s"
                                .formatted(
                                        PodParts.containers(containers),
                                        containers.size() == 1 ? "uses" : "use",
                                        PodParts.plural("hostPort", ports.size()),
                                        String.join(", ", ports)));
    }

    static @Nullable Violation hosts(PodParts pod, PodLevel level) {
        if (!level.isSince(34)) {
            return null;
        }
        TreeSet<String> containers = new TreeSet<>();
        TreeSet<String> hosts = new TreeSet<>();
        for (JsonNode container : pod.containers()) {
            List<String> found = new ArrayList<>();
            PROBES.forEach(probe -> hosts(container.path(probe), found));
            HOOKS.forEach(hook -> hosts(container.path("lifecycle").path(hook), found));
            if (!found.isEmpty()) {
                containers.add(container.path("name").asText(""));
                hosts.addAll(found);
            }
        }
        return containers.isEmpty()
                ? null
                : new Violation(
                        "probe or lifecycle host",
                        "%s %s %s %s"
                                .formatted(
                                        PodParts.containers(containers),
                                        containers.size() == 1 ? "uses" : "use",
                                        PodParts.plural("probe or lifecycle host", hosts.size()),
                                        PodParts.quoted(hosts)));
    }

    private static void hosts(JsonNode handler, List<String> hosts) {
        for (String way : List.of("httpGet", "tcpSocket")) {
            String host = handler.path(way).path("host").asText("");
            if (!host.isEmpty()) {
                hosts.add(host);
            }
        }
    }

    static @Nullable Violation privileged(PodParts pod, PodLevel level) {
        List<String> containers =
                pod.named(security -> security.path("privileged").asBoolean());
        return containers.isEmpty()
                ? null
                : new Violation(
                        "privileged",
                        PodParts.containers(containers) + " must not set securityContext.privileged=true");
    }

    static @Nullable Violation procMount(PodParts pod, PodLevel level) {
        if (pod.hasOwnUsers() && !level.isRestricted()) {
            return null;
        }
        TreeSet<String> types = new TreeSet<>();
        List<String> containers = pod.named(security -> {
            String type = security.path("procMount").asText("Default");
            if (type.equals("Default")) {
                return false;
            }
            types.add(type);
            return true;
        });
        return containers.isEmpty()
                ? null
                : new Violation(
                        "procMount",
                        "%s must not set securityContext.procMount to %s"
                                .formatted(PodParts.containers(containers), PodParts.quoted(types)));
    }

    static @Nullable Violation seLinux(PodParts pod, PodLevel level) {
        TreeSet<String> types = new TreeSet<>();
        TreeSet<String> others = new TreeSet<>();
        boolean podSets = isForbidden(pod.security().path("seLinuxOptions"), level, types, others);
        List<String> containers =
                pod.named(security -> isForbidden(security.path("seLinuxOptions"), level, types, others));
        List<String> setters = PodParts.setters(podSets, containers);
        if (setters.isEmpty()) {
            return null;
        }
        List<String> what = new ArrayList<>();
        if (!types.isEmpty()) {
            what.add(PodParts.plural("type", types.size()) + " " + PodParts.quoted(types));
        }
        others.descendingSet().forEach(each -> what.add(each + " may not be set"));
        return new Violation(
                "seLinuxOptions",
                "%s set forbidden securityContext.seLinuxOptions: %s"
                        .formatted(String.join(" and ", setters), String.join("; ", what)));
    }

    private static boolean isForbidden(JsonNode options, PodLevel level, Set<String> types, Set<String> others) {
        String type = options.path("type").asText("");
        boolean bad = !SELINUX_TYPES.contains(type) && !(type.equals("container_engine_t") && level.isSince(31));
        if (bad) {
            types.add(type);
        }
        for (String member : List.of("user", "role")) {
            if (!options.path(member).asText("").isEmpty()) {
                others.add(member);
                bad = true;
            }
        }
        return bad;
    }

    static @Nullable Violation seccomp(PodParts pod, PodLevel level) {
        return level.isSince(19) ? seccompFields(pod) : seccompAnnotations(pod);
    }

    private static @Nullable Violation seccompAnnotations(PodParts pod) {
        TreeSet<String> forbidden = new TreeSet<>();
        List<String> keys = new ArrayList<>(List.of(SECCOMP_POD));
        pod.named(security -> true).forEach(name -> keys.add(SECCOMP + name));
        for (String key : keys) {
            JsonNode value = pod.annotations().path(key);
            if (value.isTextual()
                    && !value.asText().equals("runtime/default")
                    && !value.asText().equals("docker/default")
                    && !value.asText().startsWith("localhost/")) {
                forbidden.add(key + "=" + Json.quote(value.asText()));
            }
        }
        return forbidden.isEmpty()
                ? null
                : new Violation(
                        "seccompProfile",
                        "forbidden %s %s"
                                .formatted(
                                        PodParts.plural("annotation", forbidden.size()), String.join(", ", forbidden)));
    }

    /** Who sets a profile that confines nothing; null if nobody does. */
    static @Nullable Violation seccompFields(PodParts pod) {
        TreeSet<String> values = new TreeSet<>();
        boolean podSets = isUnconfined(pod.security().path("seccompProfile"), values);
        List<String> containers = pod.named(security -> isUnconfined(security.path("seccompProfile"), values));
        List<String> setters = PodParts.setters(podSets, containers);
        return setters.isEmpty()
                ? null
                : new Violation(
                        "seccompProfile",
                        "%s must not set securityContext.seccompProfile.type to %s"
                                .formatted(String.join(" and ", setters), PodParts.quoted(values)));
    }

    static @Nullable Violation sysctls(PodParts pod, PodLevel level) {
        TreeSet<String> forbidden = new TreeSet<>();
        for (JsonNode sysctl : pod.security().path("sysctls")) {
            String name = sysctl.path("name").asText("");
            boolean allowed = SYSCTLS.contains(name)
                    || (name.equals("net.ipv4.ip_local_reserved_ports") && level.isSince(27))
                    || (SYSCTLS_1_29.contains(name) && level.isSince(29))
                    || (SYSCTLS_1_32.contains(name) && level.isSince(32));
            if (!allowed) {
                forbidden.add(name);
            }
        }
        return forbidden.isEmpty() ? null : new Violation("forbidden sysctls", String.join(", ", forbidden));
    }

    static @Nullable Violation hostProcess(PodParts pod, PodLevel level) {
        boolean podSets =
                pod.security().path("windowsOptions").path("hostProcess").asBoolean();
        List<String> containers = pod.named(
                security -> security.path("windowsOptions").path("hostProcess").asBoolean());
        List<String> setters = PodParts.setters(podSets, containers);
        return setters.isEmpty()
                ? null
                : new Violation(
                        "hostProcess",
                        String.join(" and ", setters)
                                + " must not set securityContext.windowsOptions.hostProcess=true");
    }
}
