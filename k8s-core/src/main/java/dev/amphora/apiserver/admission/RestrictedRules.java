package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.apiserver.admission.PodRule.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the level {@code restricted} asks for beyond {@link BaselineRules}: as few rights as a container can do with. */
final class RestrictedRules {
    private static final Set<String> VOLUMES = Set.of(
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "image",
            "persistentVolumeClaim",
            "projected",
            "secret");

    private RestrictedRules() {}

    /** Linux alone has them; since that is known of a pod, others need not say so. */
    private static boolean isExempt(PodParts pod, PodLevel level) {
        return level.isSince(25) && pod.isWindows();
    }

    static @Nullable Violation escalation(PodParts pod, PodLevel level) {
        if (!level.isSince(8) || isExempt(pod, level)) {
            return null;
        }
        List<String> containers =
                pod.named(security -> security.path("allowPrivilegeEscalation").asBoolean(true));
        return containers.isEmpty()
                ? null
                : new Violation(
                        "allowPrivilegeEscalation != false",
                        PodParts.containers(containers) + " must set securityContext.allowPrivilegeEscalation=false");
    }

    static @Nullable Violation capabilities(PodParts pod, PodLevel level) {
        if (!level.isSince(22) || isExempt(pod, level)) {
            return null;
        }
        List<String> problems = new ArrayList<>();
        List<String> keeping = pod.named(security -> {
            for (JsonNode each : security.path("capabilities").path("drop")) {
                if (each.asText().equals("ALL")) {
                    return false;
                }
            }
            return true;
        });
        if (!keeping.isEmpty()) {
            problems.add(PodParts.containers(keeping) + " must set securityContext.capabilities.drop=[\"ALL\"]");
        }
        String added = BaselineRules.added(pod, Set.of("NET_BIND_SERVICE"));
        if (!added.isEmpty()) {
            problems.add(added);
        }
        return problems.isEmpty() ? null : new Violation("unrestricted capabilities", String.join("; ", problems));
    }

    static @Nullable Violation volumes(PodParts pod, PodLevel level) {
        List<String> names = new ArrayList<>();
        TreeSet<String> types = new TreeSet<>();
        for (JsonNode volume : pod.spec().path("volumes")) {
            for (var member : volume.properties()) {
                if (member.getValue().isObject() && !VOLUMES.contains(member.getKey())) {
                    names.add(volume.path("name").asText(""));
                    types.add(member.getKey());
                }
            }
        }
        return names.isEmpty()
                ? null
                : new Violation(
                        "restricted volume types",
                        "%s %s %s %s %s"
                                .formatted(
                                        PodParts.plural("volume", names.size()),
                                        PodParts.quoted(names),
                                        names.size() == 1 ? "uses" : "use",
                                        PodParts.plural("restricted volume type", types.size()),
                                        PodParts.quoted(types)));
    }

    static @Nullable Violation nonRoot(PodParts pod, PodLevel level) {
        if (pod.hasOwnUsers()) {
            return null;
        }
        JsonNode own = pod.security().path("runAsNonRoot");
        List<String> root = pod.named(security -> security.path("runAsNonRoot").isBoolean()
                && !security.path("runAsNonRoot").asBoolean());
        List<String> setters = PodParts.setters(own.isBoolean() && !own.asBoolean(), root);
        if (!setters.isEmpty()) {
            return new Violation(
                    "runAsNonRoot != true",
                    String.join(" and ", setters) + " must not set securityContext.runAsNonRoot=false");
        }
        List<String> silent = own.asBoolean()
                ? List.of()
                : pod.named(security -> !security.path("runAsNonRoot").isBoolean());
        return silent.isEmpty()
                ? null
                : new Violation(
                        "runAsNonRoot != true",
                        "pod or " + PodParts.containers(silent) + " must set securityContext.runAsNonRoot=true");
    }

    static @Nullable Violation user(PodParts pod, PodLevel level) {
        if (!level.isSince(23) || pod.hasOwnUsers()) {
            return null;
        }
        List<String> setters = PodParts.setters(isRoot(pod.security()), pod.named(RestrictedRules::isRoot));
        return setters.isEmpty()
                ? null
                : new Violation("runAsUser=0", String.join(" and ", setters) + " must not set runAsUser=0");
    }

    private static boolean isRoot(JsonNode security) {
        return security.path("runAsUser").isNumber()
                && security.path("runAsUser").asLong() == 0;
    }

    static @Nullable Violation seccomp(PodParts pod, PodLevel level) {
        if (isExempt(pod, level)) {
            return null;
        }
        Violation explicit = BaselineRules.seccompFields(pod);
        if (explicit != null) {
            return explicit;
        }
        List<String> silent = pod.security().path("seccompProfile").isObject()
                ? List.of()
                : pod.named(security -> !security.path("seccompProfile").isObject());
        return silent.isEmpty()
                ? null
                : new Violation(
                        "seccompProfile",
                        "pod or " + PodParts.containers(silent)
                                + " must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");
    }
}
