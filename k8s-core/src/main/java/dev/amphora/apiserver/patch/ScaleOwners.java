package dev.amphora.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.amphora.apiserver.patch.FieldOwners.Owned;
import dev.amphora.apiserver.patch.FieldOwners.Owner;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who owns the number of replicas, as the {@code scale} subresource has it: the entries of an object are cut down to that field for it,
 * and what a write through it has made of them goes back into the object's entries. Those who came by a scale have no time.
 */
public final class ScaleOwners {
    private static final String SCALE_VERSION = "autoscaling/v1";
    private static final FieldSet IN_SCALE = FieldSet.of("f:spec", "f:replicas");

    private final FieldOwners object;
    private final String version;
    private final FieldSet replicas;

    /**
     * The owners of one object.
     *
     * @param entries the object's {@code managedFields}, null if it has none
     * @param version the version of the object that is scaled; entries of other versions are left alone
     * @param replicas where the object has its number of replicas, such as {@code spec} and {@code replicas}
     */
    public ScaleOwners(@Nullable JsonNode entries, String version, List<String> replicas) {
        FieldOwners parsed = FieldOwners.parse(entries);
        object = parsed == null ? new FieldOwners() : parsed;
        this.version = version;
        this.replicas = FieldSet.of(replicas.stream().map(FieldSet::field).toArray(String[]::new));
    }

    /** The entries of the scale; null if nobody owns the field. */
    public @Nullable ArrayNode ofScale() {
        FieldOwners scale = new FieldOwners();
        object.all().forEach((owner, owned) -> {
            if (hasReplicas(owned)) {
                scale.all().put(owner, new Owned(IN_SCALE, SCALE_VERSION, owned.time()));
            }
        });
        return scale.toJson();
    }

    private boolean hasReplicas(Owned owned) {
        return owned.apiVersion().equals(version)
                && !owned.fields().intersection(replicas).isEmpty();
    }

    /**
     * The entries of the object after a write to its scale; null if there are none.
     *
     * @param entries what the scale has now
     */
    public @Nullable ArrayNode ofObject(@Nullable JsonNode entries) {
        FieldOwners given = FieldOwners.parse(entries);
        Map<Owner, Owned> scale = (given == null ? new FieldOwners() : given).all();
        FieldOwners result = new FieldOwners();
        object.all().forEach((owner, owned) -> {
            if (!hasReplicas(owned) || scale.remove(owner) != null) {
                result.all().put(owner, owned);
                return;
            }
            FieldSet rest = owned.fields().difference(replicas);
            if (!rest.isEmpty()) {
                result.all().put(owner, new Owned(rest, owned.apiVersion(), owned.time()));
            }
        });
        scale.forEach((owner, owned) -> {
            if (!owned.fields().intersection(IN_SCALE).isEmpty()) {
                Owned known = object.all().get(owner);
                result.all().put(owner, new Owned(replicas, version, known == null ? "" : known.time()));
            }
        });
        return result.toJson();
    }
}
