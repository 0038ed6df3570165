package dev.amphora.apiserver;

import com.google.common.collect.ImmutableMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which kinds are served in several versions, which of these is stored, and how the others convert. */
final class Conversions {
    private static final Map<String, Stored> STORED = ImmutableMap.of(
            "extensions/v1beta1/deployments", new Stored("apps", "v1"),
            "events.k8s.io/v1/events", new Stored("", "v1"),
            "autoscaling/v1/horizontalpodautoscalers", new Stored("autoscaling", "v2"));

    private static final Map<String, Conversion> CONVERSIONS = ImmutableMap.of(
            "extensions/v1beta1/Deployment", new Relabelled("extensions/v1beta1", "apps/v1"),
            "events.k8s.io/v1/Event", new EventConversion(),
            "autoscaling/v1/HorizontalPodAutoscaler", new Relabelled("autoscaling/v1", "autoscaling/v2"));

    private Conversions() {}

    /** The version that is stored. */
    record Stored(String group, String version) {}

    /** Where a resource is stored if not under its own version; null if it is. */
    static @Nullable Stored storedAs(String group, String version, String plural) {
        return STORED.get(group + "/" + version + "/" + plural);
    }

    /** How a served version that is not stored converts. */
    static Conversion of(String apiVersion, String kind) {
        Conversion conversion = CONVERSIONS.get(apiVersion + "/" + kind);
        if (conversion == null) {
            throw new IllegalStateException("no conversion for " + kind + " in " + apiVersion);
        }
        return conversion;
    }
}
