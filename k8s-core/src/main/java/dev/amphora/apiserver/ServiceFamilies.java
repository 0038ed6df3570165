package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The address families of a Service's specification: completed from its addresses and its policy, and held against the cluster. */
final class ServiceFamilies {
    private static final String POLICY = "ipFamilyPolicy";
    private static final String FAMILIES = "ipFamilies";
    private static final String SINGLE = "SingleStack";

    private ServiceFamilies() {}

    /**
     * Completes families and policy of a Service that has addresses or none of its own.
     *
     * @param spec changed
     * @param old the specification before, null for a new Service
     * @return what is asked for that the cluster hasn't got; then the families are not complete
     */
    static List<FieldError> complete(ObjectNode spec, @Nullable JsonNode old, ServiceRanges ranges) {
        if (old != null && keepsPreference(spec, old)) {
            return List.of();
        }
        boolean selectorless = isHeadless(spec) && spec.path("selector").isEmpty();
        if (!spec.path(POLICY).isTextual()) {
            spec.put(POLICY, selectorless ? "RequireDualStack" : SINGLE);
        }
        List<FieldError> errors = new ArrayList<>();
        needsPolicy(spec, "clusterIPs", "cluster IPs", errors);
        needsPolicy(spec, FAMILIES, "IP families", errors);
        inferFromAddresses(spec, ranges, errors);
        if (!errors.isEmpty()) {
            return errors;
        }
        if (!selectorless) {
            check(spec, ranges, errors);
            if (!errors.isEmpty()) {
                return errors;
            }
        }
        ArrayNode families = spec.withArray(FAMILIES);
        if (families.isEmpty()) {
            families.add(ranges.defaultFamily());
        }
        boolean wantsBoth = !spec.path(POLICY).asText().equals(SINGLE);
        if (families.size() == 1 && wantsBoth && (selectorless || ranges.isDual())) {
            families.add(ServiceRanges.otherFamily(families.get(0).asText()));
        }
        return errors;
    }

    /** A Service that would like both families keeps what it got, until somebody changes its wish. */
    private static boolean keepsPreference(JsonNode spec, JsonNode old) {
        return spec.path(POLICY).asText().equals("PreferDualStack")
                && old.path(POLICY).asText().equals("PreferDualStack")
                && spec.path(FAMILIES).equals(old.path(FAMILIES))
                && spec.path("clusterIPs").equals(old.path("clusterIPs"));
    }

    private static void needsPolicy(JsonNode spec, String list, String words, List<FieldError> errors) {
        if (spec.path(list).size() > 1 && spec.path(POLICY).asText().equals(SINGLE)) {
            errors.add(FieldError.invalid(
                    "spec.ipFamilyPolicy",
                    spec.path(POLICY),
                    "must be 'RequireDualStack' or 'PreferDualStack' when multiple %s are specified".formatted(words)));
        }
    }

    static boolean isHeadless(JsonNode spec) {
        return spec.path("clusterIP").asText("").equals("None");
    }

    private static void inferFromAddresses(ObjectNode spec, ServiceRanges ranges, List<FieldError> errors) {
        JsonNode addresses = spec.path("clusterIPs");
        for (int i = 0; i < addresses.size() && !addresses.get(i).asText().equals("None"); i++) {
            String family = ServiceRanges.familyOf(addresses.get(i).asText());
            if (i < spec.path(FAMILIES).size()) {
                continue;
            }
            if (ranges.of(family).isEmpty()) {
                errors.add(FieldError.invalid(
                        "spec.clusterIPs[%d]".formatted(i),
                        addresses,
                        "%s is not configured on this cluster".formatted(family)));
            } else {
                spec.withArray(FAMILIES).add(family);
            }
        }
    }

    private static void check(ObjectNode spec, ServiceRanges ranges, List<FieldError> errors) {
        if (spec.path(POLICY).asText().equals("RequireDualStack") && !ranges.isDual()) {
            errors.add(FieldError.invalid(
                    "spec.ipFamilyPolicy",
                    spec.path(POLICY),
                    "this cluster is not configured for dual-stack services"));
        }
        JsonNode families = spec.path(FAMILIES);
        for (int i = 0; i < families.size(); i++) {
            if (ranges.of(families.get(i).asText()).isEmpty()) {
                errors.add(FieldError.invalid(
                        "spec.ipFamilies[%d]".formatted(i), families.get(i), "not configured on this cluster"));
            }
        }
    }

    /** Writes the addresses that a Service got, one of each of its families. */
    static void assign(ObjectNode spec, List<String> addresses) {
        spec.put("clusterIP", addresses.get(0));
        ArrayNode list = spec.putArray("clusterIPs");
        addresses.forEach(list::add);
    }
}
