package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.PodReferences;
import java.util.HashSet;
import java.util.Set;

/** Which secrets pods may refer to: those that their service account lists, if it insists; mirror pods none at all. */
final class MountableSecrets {
    private static final String INSISTS = "kubernetes.io/enforce-mountable-secrets";
    private static final Set<String> TRUE = Set.of("1", "t", "T", "TRUE", "true", "True");

    private MountableSecrets() {}

    /** Holds a mirror pod, which the API knows only from its node, to what needs nothing of the API. */
    static void checkMirror(AdmissionRequest request, ObjectNode pod) {
        if (!pod.path("spec").path("serviceAccountName").asText("").isEmpty()) {
            throw refuse(request, "a mirror pod may not reference service accounts");
        }
        if (PodReferences.kinds(pod).contains("secret")) {
            throw refuse(request, "a mirror pod may not reference secrets");
        }
        for (JsonNode volume : pod.path("spec").path("volumes")) {
            for (JsonNode source : volume.path("projected").path("sources")) {
                if (source.path("serviceAccountToken").isObject()) {
                    throw refuse(request, "a mirror pod may not use ServiceAccountToken volume projections");
                }
            }
        }
    }

    /**
     * Holds a pod to the secrets of its service account.
     *
     * @param debugged whether only its ephemeral containers are looked at
     */
    static void check(AdmissionRequest request, ObjectNode pod, ObjectNode account, boolean debugged) {
        if (!TRUE.contains(
                account.path("metadata").path("annotations").path(INSISTS).asText(""))) {
            return;
        }
        String name = account.path("metadata").path("name").asText();
        String secretElsewhere =
                " is not allowed because service account %s does not reference that secret".formatted(name);
        Set<String> known = names(account.path("secrets"));
        JsonNode spec = pod.path("spec");
        if (debugged) {
            variables(request, spec.path("ephemeralContainers"), "ephemeral container", known, secretElsewhere);
            return;
        }
        for (JsonNode volume : spec.path("volumes")) {
            String secret = volume.path("secret").path("secretName").asText("");
            if (volume.path("secret").isObject() && !known.contains(secret)) {
                throw refuse(request, "volume with secret.secretName=\"%s\"".formatted(secret) + secretElsewhere);
            }
        }
        variables(request, spec.path("initContainers"), "init container", known, secretElsewhere);
        variables(request, spec.path("containers"), "container", known, secretElsewhere);
        Set<String> pulling = names(account.path("imagePullSecrets"));
        int index = 0;
        for (JsonNode each : spec.path("imagePullSecrets")) {
            String secret = each.path("name").asText("");
            if (!pulling.contains(secret)) {
                throw refuse(
                        request,
                        "imagePullSecrets[%d].name=\"%s\" is not allowed because service account %s does not reference that imagePullSecret"
                                .formatted(index, secret, name));
            }
            index++;
        }
    }

    private static void variables(
            AdmissionRequest request, JsonNode containers, String what, Set<String> known, String secretElsewhere) {
        for (JsonNode container : containers) {
            for (JsonNode variable : container.path("env")) {
                JsonNode reference = variable.path("valueFrom").path("secretKeyRef");
                String secret = reference.path("name").asText("");
                if (reference.isObject() && !known.contains(secret)) {
                    throw refuse(
                            request,
                            "%s %s with envVar %s referencing secret.secretName=\"%s\""
                                            .formatted(
                                                    what,
                                                    container.path("name").asText(),
                                                    variable.path("name").asText(),
                                                    secret)
                                    + secretElsewhere);
                }
            }
        }
    }

    private static Set<String> names(JsonNode references) {
        Set<String> names = new HashSet<>();
        references.forEach(each -> names.add(each.path("name").asText("")));
        return names;
    }

    private static StatusException refuse(AdmissionRequest request, String why) {
        return StatusException.forbidden("", "pods", request.name(), why);
    }
}
