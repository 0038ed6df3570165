package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** AppArmor profiles that still come as annotations, one for each container. */
final class AppArmor {
    static final String PREFIX = "container.apparmor.security.beta.kubernetes.io/";
    static final String SECCOMP = "seccomp.security.alpha.kubernetes.io/pod";

    private static final String SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";
    static final String DEPRECATED = "deprecated since v1.30; use the \"appArmorProfile\" field instead";

    private AppArmor() {}

    /** Fills the fields of containers that have an annotation only. */
    static void fieldsFromAnnotations(ObjectNode pod) {
        for (Map.Entry<String, JsonNode> annotation :
                pod.path("metadata").path("annotations").properties()) {
            if (!annotation.getKey().startsWith(PREFIX)) {
                continue;
            }
            String name = annotation.getKey().substring(PREFIX.length());
            for (ObjectNode container : PodStrategy.containers(pod.path("spec"))) {
                if (container.path("name").asText().equals(name)
                        && !container.path("securityContext").has("appArmorProfile")) {
                    set(container, annotation.getValue().asText());
                }
            }
        }
    }

    private static void set(ObjectNode container, String profile) {
        boolean local = profile.startsWith("localhost/");
        if (!local && !profile.equals("runtime/default") && !profile.equals("unconfined")) {
            return;
        }
        ObjectNode field = Strategies.child(container, "securityContext").putObject("appArmorProfile");
        field.put("type", local ? "Localhost" : profile.equals("unconfined") ? "Unconfined" : "RuntimeDefault");
        if (local) {
            field.put("localhostProfile", profile.substring("localhost/".length()));
        }
    }

    /** Profiles of containers that have an annotation only. */
    static List<String> warnings(ObjectNode pod) {
        List<String> warnings = new ArrayList<>();
        for (ObjectNode container : PodStrategy.containers(pod.path("spec"))) {
            String key = PREFIX + container.path("name").asText();
            if (pod.path("metadata").path("annotations").has(key)
                    && !container.path("securityContext").has("appArmorProfile")) {
                warnings.add("metadata.annotations[%s]: %s".formatted(key, DEPRECATED));
            }
        }
        return warnings;
    }

    /** Annotations must name a container and a profile that can be. */
    static void checkAnnotations(Fields annotations, Fields spec) {
        Fields seccomp = annotations.at(SECCOMP);
        if (seccomp.given() && !isProfile(seccomp.text(), "docker/default")) {
            seccomp.invalid("must be a valid seccomp profile");
        }
        for (String key : annotations.keys()) {
            if (key.startsWith(SECCOMP_CONTAINER)
                    && !isProfile(annotations.key(key).text(), "docker/default")) {
                annotations.at(key).invalid("must be a valid seccomp profile");
            }
        }
        for (String key : annotations.keys()) {
            if (!key.startsWith(PREFIX)) {
                continue;
            }
            String name = key.substring(PREFIX.length());
            boolean known = PodStrategy.containers(spec.value()).stream()
                    .anyMatch(container -> container.path("name").asText().equals(name));
            Fields annotation = annotations.key(key);
            if (!known) {
                annotation.invalid(name, "container not found");
            }
            if (!annotation.isEmpty() && !isProfile(annotation.text(), "")) {
                annotation.invalid("invalid AppArmor profile name: \"%s\"".formatted(annotation.text()));
            }
        }
    }

    private static boolean isProfile(String text, String another) {
        return text.equals("runtime/default")
                || text.equals("unconfined")
                || text.equals(another)
                || text.startsWith("localhost/");
    }
}
