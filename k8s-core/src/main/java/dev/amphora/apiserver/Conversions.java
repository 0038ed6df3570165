package dev.amphora.apiserver;

import com.google.common.collect.ImmutableMap;
import dev.amphora.apiserver.strategy.Conversion;
import dev.amphora.apiserver.strategy.KindConversions;
import java.util.Map;

/** How served versions that are not stored convert. */
final class Conversions {
    /** Where a kind's strategy has nothing to say. */
    private static final Map<String, Conversion> PLAIN = ImmutableMap.of(
            "extensions/v1beta1/Deployment", new Relabelled("extensions/v1beta1", "apps/v1"),
            "events.k8s.io/v1/Event", new EventConversion(),
            "autoscaling/v1/HorizontalPodAutoscaler", new Relabelled("autoscaling/v1", "autoscaling/v2"));

    private Conversions() {}

    /** How a served version that is not stored converts. */
    static Conversion of(String apiVersion, String kind) {
        return KindConversions.find(apiVersion, kind).orElseGet(() -> {
            Conversion plain = PLAIN.get(apiVersion + "/" + kind);
            if (plain == null) {
                throw new IllegalStateException("no conversion for " + kind + " in " + apiVersion);
            }
            return plain;
        });
    }
}
