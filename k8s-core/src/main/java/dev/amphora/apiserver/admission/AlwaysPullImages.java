package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Images are pulled whenever a container starts, so that nobody runs one that he couldn't pull. */
final class AlwaysPullImages implements AdmissionPlugin {
    private static final List<String> CONTAINERS = List.of("initContainers", "containers", "ephemeralContainers");
    private static final String ALWAYS = "Always";

    @Override
    public String name() {
        return "AlwaysPullImages";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || !concerns(request, pod)) {
            return;
        }
        for (String list : CONTAINERS) {
            pod.path("spec").path(list).forEach(each -> ((ObjectNode) each).put("imagePullPolicy", ALWAYS));
        }
        for (JsonNode volume : pod.path("spec").path("volumes")) {
            if (volume.path("image") instanceof ObjectNode image) {
                image.put("pullPolicy", ALWAYS);
            }
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || !concerns(request, pod)) {
            return;
        }
        List<String> errors = new ArrayList<>();
        for (String list : CONTAINERS) {
            int index = 0;
            for (JsonNode container : pod.path("spec").path(list)) {
                check(
                        errors,
                        "spec.%s[%d].imagePullPolicy".formatted(list, index++),
                        container.path("imagePullPolicy"));
            }
        }
        int index = 0;
        for (JsonNode volume : pod.path("spec").path("volumes")) {
            if (volume.path("image").isObject()) {
                check(
                        errors,
                        "spec.volumes[%d].image.pullPolicy".formatted(index),
                        volume.path("image").path("pullPolicy"));
            }
            index++;
        }
        if (!errors.isEmpty()) {
            throw request.refusal(FieldError.aggregate(errors));
        }
    }

    private static void check(List<String> errors, String path, JsonNode policy) {
        if (!policy.asText("").equals(ALWAYS)) {
            errors.add(
                    "%s: Unsupported value: \"%s\": supported values: \"Always\"".formatted(path, policy.asText("")));
        }
    }

    /** Not a change that brings no new image. */
    private static boolean concerns(AdmissionRequest request, ObjectNode pod) {
        boolean written = request.operation() == Operation.CREATE || request.operation() == Operation.UPDATE;
        if (!written || !request.isFor("", "pods")) {
            return false;
        }
        ObjectNode old = request.old();
        return old == null || !images(old).containsAll(images(pod));
    }

    private static Set<String> images(ObjectNode pod) {
        Set<String> images = new HashSet<>();
        for (String list : CONTAINERS) {
            pod.path("spec")
                    .path(list)
                    .forEach(each -> images.add(each.path("image").asText("")));
        }
        for (JsonNode volume : pod.path("spec").path("volumes")) {
            images.add(volume.path("image").path("reference").asText(""));
        }
        return images;
    }
}
