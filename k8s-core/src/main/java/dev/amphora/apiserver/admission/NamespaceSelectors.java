package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.Map;
import java.util.TreeMap;

/** Pods go to the nodes that an annotation of their namespace selects: the plugin {@code PodNodeSelector}. */
final class NamespaceSelectors implements AdmissionPlugin {
    private static final String ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector";

    private final ObjectReader objects;

    NamespaceSelectors(ObjectReader objects) {
        this.objects = objects;
    }

    @Override
    public String name() {
        return "PodNodeSelector";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        ObjectNode pod = request.object();
        if (pod == null || request.operation() != Operation.CREATE || !request.isFor("", "pods")) {
            return;
        }
        Map<String, String> wanted = wanted(request.namespace());
        if (wanted.isEmpty()) {
            return;
        }
        ObjectNode selector = pod.withObject("/spec").withObject("/nodeSelector");
        wanted.forEach((label, value) -> {
            if (!selector.path(label).asText(value).equals(value)) {
                throw request.refusal("pod node label selector conflicts with its namespace node label selector");
            }
            selector.put(label, value);
        });
    }

    private Map<String, String> wanted(String namespace) {
        Map<String, String> wanted = new TreeMap<>();
        String text = objects.get("", "namespaces", "", namespace)
                .map(found -> found.path("metadata")
                        .path("annotations")
                        .path(ANNOTATION)
                        .asText(""))
                .orElse("");
        for (String term : Splitter.on(',').trimResults().omitEmptyStrings().split(text)) {
            int equals = term.indexOf('=');
            if (equals > 0) {
                wanted.put(
                        term.substring(0, equals).trim(),
                        term.substring(equals + 1).replaceFirst("^=", "").trim());
            }
        }
        return wanted;
    }
}
