package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.ApiOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What kind of server recordings were made with; each setting gets a server of its own.
 *
 * @param topic the folder below {@code api}
 * @param controllers which controllers ran, as {@code --controllers} takes them; empty for none
 */
record Setting(String topic, String controllers) {
    /** The release that the recordings were made with. */
    static final String REFERENCE = "v1.36.3";

    private static final String ALL = "*";
    private static final String NAMESPACES = "namespace-controller";
    private static final String AGGREGATION = "clusterrole-aggregation-controller";
    /** The users of the recordings: token, user, uid, groups. */
    static final String TOKENS =
            """
            admin,admin,admin-uid,system:masters
            alice,alice,alice-uid,dev
            sched,system:kube-scheduler,sched-uid,
            kcm,system:kube-controller-manager,kcm-uid,
            node1,system:node:node-1,node-uid,system:nodes
            """;

    private static final Set<String> WITH_NODE_RESTRICTION = Set.of("crd", "admission", "access");
    private static final String DUAL_STACK = "defaults-serviceaccount-dualstack";

    /** The setting that a file was recorded in. */
    static Setting of(Path file) {
        String topic = VectorFiles.topic(file);
        if (WITH_NODE_RESTRICTION.contains(topic) && needsControllers(file)) {
            return new Setting(topic, ALL);
        }
        return new Setting(topic, topic.equals("access") ? AGGREGATION : topic.equals("reads") ? NAMESPACES : "");
    }

    private static boolean needsControllers(Path file) {
        if (!file.toString().endsWith(".json") || !Replay.holdsCases(file)) {
            return false;
        }
        JsonNode doc = VectorFiles.read(file);
        return Trees.at(doc, "setup", "controllers").asBoolean();
    }

    boolean hasControllers() {
        return controllers.equals(ALL);
    }

    boolean hasNamespaceController() {
        return hasControllers() || controllers.equals(NAMESPACES);
    }

    /** Whether the controller that fills aggregated roles has to have run. */
    boolean hasAggregatedRoles() {
        return controllers.equals(AGGREGATION) || (hasControllers() && topic.equals("access"));
    }

    /** The options of the API server. */
    ApiOptions options() {
        boolean dualStack = topic.equals(DUAL_STACK);
        ApiOptions options = ApiOptions.defaults()
                .withoutVersions(List.of("extensions/v1beta1"))
                .withAuthorizationModes(List.of("Node", "RBAC"))
                .withTokens(TOKENS)
                .withServiceClusterIpRange(dualStack ? "10.0.0.0/16,fd00:10::/108" : "10.0.0.0/16")
                .withoutVersions(List.of("extensions/v1beta1"))
                .withPublishedEndpoint(false)
                .withReleaseName(REFERENCE);
        if (WITH_NODE_RESTRICTION.contains(topic)) {
            return options.withAdmission(List.of("NodeRestriction"), List.of());
        }
        return dualStack ? options : options.withAdmission(List.of(), List.of("ServiceAccount"));
    }

    @Override
    public String toString() {
        return hasControllers() ? topic + " with controllers" : topic;
    }
}
