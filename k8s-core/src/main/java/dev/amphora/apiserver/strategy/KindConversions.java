package dev.amphora.apiserver.strategy;

import com.google.common.collect.ImmutableMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which served versions of kinds are not the stored ones, and how these convert. */
public final class KindConversions {
    private static final ImmutableMap<String, Conversion> CONVERSIONS = ImmutableMap.of(
            "extensions/v1beta1/Deployment", new ExtensionsDeployment(),
            "autoscaling/v1/HorizontalPodAutoscaler", new AutoscalerV1(),
            "events.k8s.io/v1/Event", new EventsV1());
    private static final ImmutableMap<String, String> STORED = ImmutableMap.of(
            "extensions/v1beta1/Deployment", "apps/v1",
            "events.k8s.io/v1/Event", "v1",
            "autoscaling/v1/HorizontalPodAutoscaler", "autoscaling/v2");

    private KindConversions() {}

    /** How a served version converts; empty if it is the stored one. */
    public static Optional<Conversion> find(String apiVersion, String kind) {
        return Optional.ofNullable(CONVERSIONS.get(apiVersion + "/" + kind));
    }

    /** The version in which objects are stored that are served in another one; null if they are stored as served. */
    public static @Nullable String storedVersion(String apiVersion, String kind) {
        return STORED.get(apiVersion + "/" + kind);
    }
}
