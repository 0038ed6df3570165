package dev.amphora.scheduler.plugins;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Version;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Pods that are to run together or not at all: {@code scheduling.x-k8s.io/v1alpha1}, as sigs.k8s.io/scheduler-plugins defines it. Pods
 * belong to the group of their namespace that their label {@value #LABEL} names.
 *
 * <p>The definition to apply is the class path's {@code dev/amphora/scheduler/podgroups.yaml}.
 */
@Group("scheduling.x-k8s.io")
@Version("v1alpha1")
@SuppressWarnings("NullAway.Init")
public final class PodGroup extends CustomResource<PodGroup.Spec, Map<String, Object>> implements Namespaced {
    /** The label by which pods name their group. */
    public static final String LABEL = "scheduling.x-k8s.io/pod-group";

    private static final long serialVersionUID = 1L;

    /**
     * What a group needs.
     *
     * @param minMember how many pods must have a node before any of them is bound
     * @param scheduleTimeoutSeconds how long the first waits for the last; null for the plugin's own
     * @param minResources what all of them need together; null if nobody says
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Spec(
            int minMember, @Nullable Integer scheduleTimeoutSeconds, @Nullable Map<String, Quantity> minResources) {}
}
