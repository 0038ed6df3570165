package dev.amphora.apiserver;

import com.google.common.collect.ImmutableMap;
import dev.amphora.apiserver.patch.FieldFilter;
import java.util.List;
import java.util.Map;

/** What a write through an endpoint is reset in, whatever it says; nobody comes to own that by such a write. */
final class ResetFields {
    private static final FieldFilter STATUS = FieldFilter.without(List.of("status"));
    private static final FieldFilter SPEC = FieldFilter.without(List.of("spec"));
    private static final FieldFilter ALL_BUT_STATUS = FieldFilter.without(List.of("metadata", "spec"));

    /** Kinds whose objects keep more than their status when they are written as a whole. */
    private static final Map<String, FieldFilter> WHOLE =
            ImmutableMap.of("CertificateSigningRequest", FieldFilter.without(List.of("spec", "status")));

    /** Kinds whose status is written with more or less than everything but the spec. */
    private static final Map<String, FieldFilter> OF_STATUS = ImmutableMap.<String, FieldFilter>builder()
            .put("Deployment", FieldFilter.without(List.of("spec", "metadata.labels")))
            .put("Pod", FieldFilter.without(List.of("spec", "metadata.deletionTimestamp", "metadata.ownerReferences")))
            .put("CertificateSigningRequest", FieldFilter.without(List.of("spec", "status.conditions")))
            .put("CustomResourceDefinition", ALL_BUT_STATUS)
            .put("FlowSchema", ALL_BUT_STATUS)
            .put("PriorityLevelConfiguration", ALL_BUT_STATUS)
            .put("ResourceClaim", ALL_BUT_STATUS)
            .put("ServiceCIDR", ALL_BUT_STATUS)
            .put("ValidatingAdmissionPolicy", ALL_BUT_STATUS)
            .put("VolumeAttachment", ALL_BUT_STATUS)
            .buildOrThrow();

    private static final FieldFilter APPROVAL = FieldFilter.without(List.of("spec", "status.certificate"));

    private ResetFields() {}

    /** What writes through an endpoint or one of its subresources can change. */
    static FieldFilter of(Endpoint endpoint, String subresource) {
        String kind = endpoint.info().kind();
        boolean custom = endpoint.type().name().isEmpty();
        return switch (subresource) {
            case "" -> {
                boolean hasStatus = endpoint.info().subresource("status").isPresent();
                yield !custom && WHOLE.containsKey(kind)
                        ? WHOLE.getOrDefault(kind, FieldFilter.ALL)
                        : hasStatus ? STATUS : FieldFilter.ALL;
            }
            case "status" -> custom ? ALL_BUT_STATUS : OF_STATUS.getOrDefault(kind, SPEC);
            case "approval" -> APPROVAL;
            case "finalize" -> STATUS;
            default -> FieldFilter.ALL;
        };
    }
}
