package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.apiserver.access.PodReferences;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What a mirror pod may not refer to, in words. */
final class NodeReferences {
    private NodeReferences() {}

    /** The kinds that a pod refers to, the first of which is told of; empty if there are none. */
    static List<String> of(JsonNode pod) {
        List<String> kinds = new ArrayList<>();
        Set<String> used = PodReferences.kinds(pod);
        add(kinds, used, "serviceaccount", "a service account");
        add(kinds, used, "secret", "secrets");
        add(kinds, used, "configmap", "configmaps");
        for (JsonNode volume : pod.path("spec").path("volumes")) {
            for (JsonNode source : volume.path("projected").path("sources")) {
                if (source.path("clusterTrustBundle").isObject()) {
                    kinds.add("clustertrustbundles");
                }
            }
        }
        add(kinds, used, "claim", "persistentvolumeclaims");
        return kinds;
    }

    private static void add(List<String> kinds, Set<String> used, String kind, String words) {
        if (used.contains(kind)) {
            kinds.add(words);
        }
    }
}
