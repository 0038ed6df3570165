package dev.amphora.apiserver.strategy;

import com.google.common.collect.ImmutableMap;

/** The strategies of the built-in kinds, by group and plural. */
public final class StrategyRegistry {
    private static final Strategy PLAIN = new KindStrategy();
    private static final Strategy CUSTOM = new Strategy() {};

    private static final ImmutableMap<String, Strategy> STRATEGIES = ImmutableMap.<String, Strategy>builder()
            .put("/pods", new PodStrategy())
            .put("/namespaces", new NamespaceStrategy())
            .put("rbac.authorization.k8s.io/clusterroles", new RbacStrategy())
            .put("rbac.authorization.k8s.io/clusterrolebindings", new RbacStrategy())
            .put("rbac.authorization.k8s.io/roles", new RbacStrategy())
            .put("rbac.authorization.k8s.io/rolebindings", new RbacStrategy())
            .put("/services", new ServiceStrategy())
            .put("/configmaps", new ConfigMapStrategy())
            .put("/secrets", new SecretStrategy())
            .put("/nodes", new NodeStrategy())
            .put("/replicationcontrollers", new ReplicationControllerStrategy())
            .put("/persistentvolumeclaims", new ClaimStrategy())
            .put("autoscaling/horizontalpodautoscalers", new AutoscalerStrategy())
            .put("batch/jobs", new JobStrategy())
            .put("batch/cronjobs", new CronJobStrategy())
            .put("apps/controllerrevisions", new ControllerRevisionStrategy())
            .put("apps/deployments", new DeploymentStrategy())
            .put("apps/replicasets", new ReplicaSetStrategy())
            .put("apps/statefulsets", new StatefulSetStrategy())
            .put("apps/daemonsets", new DaemonSetStrategy())
            .buildOrThrow();

    private StrategyRegistry() {}

    /**
     * The strategy of a kind. A built-in kind without one of its own has the metadata rules of all; a group with a dot that is not
     * the system's own is taken for that of custom resources, whose schema is all there is to them.
     *
     * @param group the group of the stored version, empty for core
     * @param plural the resource's name in paths
     */
    public static Strategy strategy(String group, String plural) {
        Strategy own = STRATEGIES.get(group + "/" + plural);
        if (own != null) {
            return own;
        }
        boolean builtIn = group.indexOf('.') < 0 || group.endsWith(".k8s.io");
        return builtIn ? PLAIN : CUSTOM;
    }
}
