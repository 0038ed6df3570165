package dev.amphora.rest;

import com.google.common.collect.ImmutableMap;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.List;
import java.util.Map;

/** What users of outdated built-in resources are told with every answer. */
final class Deprecations {
    private static final Map<String, List<String>> CORE = ImmutableMap.of(
            "componentstatuses",
            List.of("v1 ComponentStatus is deprecated in v1.19+"),
            "endpoints",
            List.of("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"));

    private Deprecations() {}

    static List<String> of(ResourceInfo resource) {
        return resource.group().isEmpty() ? CORE.getOrDefault(resource.plural(), List.of()) : List.of();
    }
}
