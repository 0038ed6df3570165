package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** The address families that a Service's spec names besides its addresses. */
final class ServiceFamilies {
    private ServiceFamilies() {}

    /** A Service with one address. */
    static void single(ObjectNode spec, String ip) {
        spec.put("clusterIP", ip);
        spec.putArray("clusterIPs").add(ip);
        spec.putArray("ipFamilies").add("IPv4");
        spec.put("ipFamilyPolicy", "SingleStack");
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
