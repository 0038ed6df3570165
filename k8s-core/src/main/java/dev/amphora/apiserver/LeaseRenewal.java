package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.Trees;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The write that a cluster sees most often: a Lease of which nothing changes but when it was renewed, by who renews it always. What it doesn't touch is
 * neither compared by fields, completed, checked nor written anew; what comes of it is the same as the general way's.
 */
final class LeaseRenewal {
    private static final String TIME = "renewTime";
    private static final String FIELDS = "managedFields";
    private static final String VERSION = "resourceVersion";

    /** What an object has by the server alone, and a caller may leave out. */
    private static final Set<String> SERVERS = Set.of(FIELDS, VERSION, "uid", "creationTimestamp");

    private LeaseRenewal() {}

    /**
     * The {@code managedFields} after a renewal.
     *
     * @param given what is wanted
     * @param old what is stored
     * @return null if this is anything but a renewal by the only one who ever wrote the Lease
     */
    static @Nullable JsonNode managed(Call call, ObjectNode given, ObjectNode old, String now) {
        Endpoint endpoint = call.endpoint();
        if (!endpoint.stored().kind().equals("Lease")
                || endpoint.custom() != null
                || endpoint.conversion() != null
                || !isOne(given, old)
                || !(old.path("metadata").get(FIELDS) instanceof ArrayNode entries)
                || entries.size() != 1
                || !(entries.get(0) instanceof ObjectNode entry)
                || !isBy(call, entry)) {
            return null;
        }
        ObjectNode renewed = Trees.shallow(entry);
        renewed.put("time", now);
        return Json.mapper().createArrayNode().add(renewed);
    }

    /** Whether an entry is that of the caller, who has written the time before. */
    private static boolean isBy(Call call, ObjectNode entry) {
        return entry.path("manager").asText().equals(call.request().fieldManager())
                && entry.path("operation").asText().equals("Update")
                && entry.path("apiVersion")
                        .asText()
                        .equals(call.endpoint().info().apiVersion())
                && !entry.has("subresource")
                && entry.has("time")
                && entry.path("fieldsV1").path("f:spec").has("f:" + TIME);
    }

    /** The same after plugins were asked, who may have changed it; what they make of the entries doesn't count. */
    static boolean isStill(ObjectNode given, ObjectNode old) {
        Metadata.of(given).remove(FIELDS);
        return isOne(given, old);
    }

    /** Whether an object differs from what is stored in nothing but the time of the renewal. */
    private static boolean isOne(ObjectNode given, ObjectNode old) {
        return given.size() == old.size()
                && same(given, old, "kind")
                && same(given, old, "apiVersion")
                && given.get("metadata") instanceof ObjectNode metadata
                && old.get("metadata") instanceof ObjectNode known
                && isSameMetadata(metadata, known)
                && given.get("spec") instanceof ObjectNode spec
                && old.get("spec") instanceof ObjectNode before
                && isLater(spec, before);
    }

    private static boolean same(ObjectNode given, ObjectNode old, String member) {
        JsonNode value = given.get(member);
        JsonNode before = old.get(member);
        return value != null && before != null && Trees.same(value, before);
    }

    private static boolean isSameMetadata(ObjectNode given, ObjectNode old) {
        for (Map.Entry<String, JsonNode> member : given.properties()) {
            if (!member.getKey().equals(VERSION) && !same(given, old, member.getKey())) {
                return false;
            }
        }
        for (Map.Entry<String, JsonNode> member : old.properties()) {
            if (!SERVERS.contains(member.getKey()) && !given.has(member.getKey())) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLater(ObjectNode given, ObjectNode old) {
        JsonNode time = given.get(TIME);
        JsonNode before = old.get(TIME);
        if (given.size() != old.size()
                || time == null
                || before == null
                || !time.isTextual()
                || !before.isTextual()
                || time.equals(before)) {
            return false;
        }
        for (Map.Entry<String, JsonNode> member : given.properties()) {
            if (!member.getKey().equals(TIME) && !same(given, old, member.getKey())) {
                return false;
            }
        }
        return true;
    }

    /** The Lease as it is to be; shares with the stored one what isn't to be changed. */
    static ObjectNode renewed(ObjectNode given, ObjectNode old, JsonNode managed) {
        ObjectNode renewed = Trees.shallow(old);
        ObjectNode metadata = Trees.shallow((ObjectNode) old.get("metadata"));
        metadata.set(FIELDS, managed);
        renewed.set("metadata", metadata);
        ObjectNode spec = Trees.shallow((ObjectNode) old.get("spec"));
        spec.set(TIME, given.get("spec").get(TIME));
        renewed.set("spec", spec);
        return renewed;
    }

    /**
     * Keeps at hand what the next renewal and whoever watches need, instead of reading both from the text again.
     *
     * @param before what was replaced
     * @param now what is stored since
     */
    static void prepareNext(VersionedObject before, VersionedObject now) {
        now.hold();
        Lease known = before.known(Lease.class);
        if (known != null) {
            now.share(typed(known, now.tree()));
        }
    }

    /** The renewed Lease as an object; shares with the one before what hasn't changed. */
    private static Lease typed(Lease before, ObjectNode renewed) {
        ObjectMeta old = before.getMetadata();
        ObjectMeta metadata = new ObjectMeta(
                old.getAnnotations(),
                old.getCreationTimestamp(),
                old.getDeletionGracePeriodSeconds(),
                old.getDeletionTimestamp(),
                old.getFinalizers(),
                old.getGenerateName(),
                old.getGeneration(),
                old.getLabels(),
                List.of(entry(old.getManagedFields().get(0), renewed)),
                old.getName(),
                old.getNamespace(),
                old.getOwnerReferences(),
                renewed.path("metadata").path(VERSION).asText(),
                old.getSelfLink(),
                old.getUid());
        LeaseSpec last = before.getSpec();
        LeaseSpec spec = new LeaseSpec(
                last.getAcquireTime(),
                last.getHolderIdentity(),
                last.getLeaseDurationSeconds(),
                last.getLeaseTransitions(),
                last.getPreferredHolder(),
                time(renewed.path("spec").path(TIME).asText()),
                last.getStrategy());
        return new Lease(before.getApiVersion(), before.getKind(), metadata, spec);
    }

    /** A time as it is stored, to the microsecond; reading any format would take longer than all the rest. */
    private static ZonedDateTime time(String text) {
        return LocalDateTime.of(
                        digits(text, 0, 4),
                        digits(text, 5, 7),
                        digits(text, 8, 10),
                        digits(text, 11, 13),
                        digits(text, 14, 16),
                        digits(text, 17, 19),
                        1000 * digits(text, 20, 26))
                .atZone(ZoneOffset.UTC);
    }

    private static int digits(String text, int begin, int end) {
        return Integer.parseInt(text, begin, end, 10);
    }

    private static ManagedFieldsEntry entry(ManagedFieldsEntry before, ObjectNode renewed) {
        return new ManagedFieldsEntry(
                before.getApiVersion(),
                before.getFieldsType(),
                before.getFieldsV1(),
                before.getManager(),
                before.getOperation(),
                before.getSubresource(),
                renewed.path("metadata").path(FIELDS).path(0).path("time").asText());
    }
}
