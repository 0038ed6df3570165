package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.access.User;
import java.util.TreeMap;

/** Certificate signing requests carry the identity of who made them, which nobody else can set. */
final class CertificateRequests {
    private CertificateRequests() {}

    /** Writes the caller into a new request; leaves other kinds alone. */
    static void sign(Call call, ObjectNode object) {
        if (!call.endpoint().info().kind().equals("CertificateSigningRequest")) {
            return;
        }
        User user = call.request().user();
        ObjectNode spec = object.withObject("/spec");
        spec.put("username", user.name());
        spec.remove("uid");
        if (!user.uid().isEmpty()) {
            spec.put("uid", user.uid());
        }
        user.groups().forEach(spec.putArray("groups")::add);
        spec.remove("extra");
        if (!user.extra().isEmpty()) {
            ObjectNode extra = spec.putObject("extra");
            new TreeMap<>(user.extra()).forEach((key, values) -> values.forEach(extra.putArray(key)::add));
        }
    }
}
