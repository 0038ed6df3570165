package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.List;
import java.util.function.UnaryOperator;

/** Pods run under a service account that exists, and find its token where clients look for it. */
final class ServiceAccountPlugin implements AdmissionPlugin {
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final String MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
    private static final String VOLUME = "kube-api-access-";
    private static final int TOKEN_SECONDS = 3607;
    private static final int MODE = 420;

    private final ObjectReader objects;
    private final UnaryOperator<String> nameGenerator;

    ServiceAccountPlugin(ObjectReader objects, UnaryOperator<String> nameGenerator) {
        this.objects = objects;
        this.nameGenerator = nameGenerator;
    }

    @Override
    public String name() {
        return "ServiceAccount";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || request.operation() != Operation.CREATE || !request.isFor("", "pods")) {
            return;
        }
        ObjectNode spec = pod.withObject("/spec");
        String account = spec.path("serviceAccountName").asText("");
        if (isMirror(pod)) {
            MountableSecrets.checkMirror(request, pod);
            return;
        }
        if (account.isEmpty()) {
            account = "default";
            spec.put("serviceAccountName", account).put("serviceAccount", account);
        }
        ObjectNode found = account(request, account);
        if (automounts(spec, found)) {
            mountToken(spec);
        }
        if (spec.path("imagePullSecrets").isEmpty()
                && !found.path("imagePullSecrets").isEmpty()) {
            spec.set("imagePullSecrets", found.path("imagePullSecrets").deepCopy());
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        boolean debugged = request.operation() == Operation.UPDATE
                && request.resource().equals("pods")
                && request.subresource().equals("ephemeralcontainers");
        boolean created = request.operation() == Operation.CREATE && request.isFor("", "pods");
        if (pod == null || !created && !debugged) {
            return;
        }
        if (created && isMirror(pod)) {
            MountableSecrets.checkMirror(request, pod);
            return;
        }
        String account = pod.path("spec").path("serviceAccountName").asText("");
        if (account.isEmpty()) {
            throw refuse(
                    request,
                    "no service account specified for pod %s/%s"
                            .formatted(
                                    request.namespace(),
                                    pod.path("metadata").path("name").asText("")));
        }
        MountableSecrets.check(request, pod, account(request, account), debugged);
    }

    private static boolean isMirror(ObjectNode pod) {
        return pod.path("metadata").path("annotations").has(MIRROR);
    }

    private ObjectNode account(AdmissionRequest request, String name) {
        return objects.get("", "serviceaccounts", request.namespace(), name)
                .orElseThrow(() -> refuse(
                        request,
                        "error looking up service account %s/%s: serviceaccount %s not found"
                                .formatted(request.namespace(), name, Json.quote(name))));
    }

    private static boolean automounts(ObjectNode spec, ObjectNode account) {
        String field = "automountServiceAccountToken";
        return spec.hasNonNull(field)
                ? spec.path(field).asBoolean()
                : account.path(field).asBoolean(true);
    }

    private void mountToken(ObjectNode spec) {
        String volume = "";
        for (JsonNode each : spec.path("volumes")) {
            if (each.path("name").asText().startsWith(VOLUME)) {
                volume = each.path("name").asText();
            }
        }
        boolean there = !volume.isEmpty();
        if (!there) {
            volume = nameGenerator.apply(VOLUME);
        }
        boolean mounted = false;
        for (String list : List.of("initContainers", "containers")) {
            for (JsonNode container : spec.path(list)) {
                mounted |= mount((ObjectNode) container, volume);
            }
        }
        if (mounted && !there) {
            spec.withArray("volumes").add(projected(volume));
        }
    }

    private static boolean mount(ObjectNode container, String volume) {
        for (JsonNode mount : container.path("volumeMounts")) {
            if (mount.path("mountPath").asText().equals(MOUNT_PATH)) {
                return false;
            }
        }
        container
                .withArray("volumeMounts")
                .addObject()
                .put("name", volume)
                .put("readOnly", true)
                .put("mountPath", MOUNT_PATH);
        return true;
    }

    private static ObjectNode projected(String name) {
        ObjectNode volume = Json.object().put("name", name);
        ObjectNode projected = volume.putObject("projected");
        ArrayNode sources = projected.putArray("sources");
        sources.addObject()
                .putObject("serviceAccountToken")
                .put("expirationSeconds", TOKEN_SECONDS)
                .put("path", "token");
        ObjectNode config = sources.addObject().putObject("configMap").put("name", "kube-root-ca.crt");
        config.putArray("items").addObject().put("key", "ca.crt").put("path", "ca.crt");
        ObjectNode item =
                sources.addObject().putObject("downwardAPI").putArray("items").addObject();
        item.put("path", "namespace");
        item.putObject("fieldRef").put("apiVersion", "v1").put("fieldPath", "metadata.namespace");
        projected.put("defaultMode", MODE);
        return volume;
    }

    private static StatusException refuse(AdmissionRequest request, String why) {
        return StatusException.forbidden("", "pods", request.name(), why);
    }
}
