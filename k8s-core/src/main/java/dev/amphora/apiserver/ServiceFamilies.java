package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.ArrayList;
import java.util.List;

/** The address families that a Service's spec names besides its addresses. */
final class ServiceFamilies {
    private ServiceFamilies() {}

    /** A Service with one address; the wish for more families, where there are any, stays. */
    static void single(ObjectNode spec, String ip) {
        spec.put("clusterIP", ip);
        spec.putArray("clusterIPs").add(ip);
        spec.putArray("ipFamilies").add("IPv4");
        if (!spec.path("ipFamilyPolicy").isTextual()) {
            spec.put("ipFamilyPolicy", "SingleStack");
        }
    }

    /** What a Service with addresses asks for that a cluster of one family, IPv4, hasn't got. */
    static List<FieldError> check(JsonNode spec) {
        List<FieldError> errors = new ArrayList<>();
        if (spec.path("ipFamilyPolicy").asText().equals("RequireDualStack")) {
            errors.add(FieldError.invalid(
                    "spec.ipFamilyPolicy",
                    spec.path("ipFamilyPolicy"),
                    "this cluster is not configured for dual-stack services"));
        }
        JsonNode families = spec.path("ipFamilies");
        for (int i = 0; i < families.size(); i++) {
            if (!families.get(i).asText().equals("IPv4")) {
                errors.add(FieldError.invalid(
                        "spec.ipFamilies[%d]".formatted(i), families.get(i), "not configured on this cluster"));
            }
        }
        JsonNode addresses = spec.path("clusterIPs");
        for (int i = 0; i < addresses.size(); i++) {
            if (addresses.get(i).asText().indexOf(':') >= 0) {
                errors.add(FieldError.invalid(
                        "spec.clusterIPs[%d]".formatted(i), addresses, "IPv6 is not configured on this cluster"));
            }
        }
        return errors;
    }

    /** A Service without an address; one that selects nothing may have endpoints of any family. */
    static void headless(ObjectNode spec) {
        spec.putArray("clusterIPs").add("None");
        boolean any = spec.path("selector").isEmpty();
        if (!spec.has("ipFamilies")) {
            spec.putArray("ipFamilies").add("IPv4");
            if (any) {
                spec.withArray("ipFamilies").add("IPv6");
            }
        }
        if (!spec.has("ipFamilyPolicy")) {
            spec.put("ipFamilyPolicy", any ? "RequireDualStack" : "SingleStack");
        }
    }
}
