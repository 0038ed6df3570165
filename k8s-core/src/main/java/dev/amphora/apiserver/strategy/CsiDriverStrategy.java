package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a storage driver can do and wants to know. */
final class CsiDriverStrategy extends KindStrategy {
    /** What raises the generation, which new drivers do not have. */
    private static final List<String> COUNTED = List.of("tokenRequests", "requiresRepublish", "seLinuxMount");

    private static final int SHORTEST_TOKEN = 600;
    private static final long LONGEST_TOKEN = 1L << 32;
    private static final int SHORTEST_PERIOD = 10;

    CsiDriverStrategy() {
        super(Trait.VERSION_NEEDED, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        setDefault(spec, "attachRequired", true);
        for (String flag : List.of("podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount")) {
            setDefault(spec, flag, false);
        }
        setDefault(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
        if (spec.path("volumeLifecycleModes").isEmpty()) {
            spec.putArray("volumeLifecycleModes").add("Persistent");
        }
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        JsonNode before = old.path("spec");
        JsonNode now = object.path("spec");
        boolean changed = COUNTED.stream().anyMatch(field -> !Strategies.same(now.path(field), before.path(field)));
        long generation = old.path("metadata").path("generation").asLong() + (changed ? 1 : 0);
        if (generation > 0) {
            Strategies.child(object, "metadata").put("generation", generation);
        }
    }

    @Override
    void rules(Fields driver) {
        Fields spec = driver.at("spec");
        if (spec.has("fsGroupPolicy")) {
            spec.at("fsGroupPolicy").oneOf("File", "None", "ReadWriteOnceWithFSType");
        }
        Set<String> audiences = new HashSet<>();
        for (Fields token : spec.at("tokenRequests").elements()) {
            if (!audiences.add(token.at("audience").text())) {
                token.at("audience").duplicate();
            }
            Fields life = token.at("expirationSeconds");
            if (life.given() && life.number() < SHORTEST_TOKEN) {
                life.invalid("may not specify a duration less than 10 minutes");
            } else if (life.given() && life.number() > LONGEST_TOKEN) {
                life.invalid("may not specify a duration larger than 2^32 seconds");
            }
        }
        Fields modes = spec.at("volumeLifecycleModes");
        for (Fields mode : modes.elements()) {
            modes.with(mode.value()).oneOf("Persistent", "Ephemeral");
        }
        Fields period = spec.at("nodeAllocatableUpdatePeriodSeconds");
        if (period.given() && period.number() < SHORTEST_PERIOD) {
            period.invalid("must be greater than or equal to 10 seconds");
        }
    }

    @Override
    void updateRules(Fields driver, ObjectNode old) {
        metadataUpdate(driver, old);
        rules(driver);
        Fields spec = driver.at("spec");
        spec.at("attachedRequired")
                .with(spec.at("attachRequired").value())
                .immutable(old.path("spec").path("attachRequired"));
        spec.at("volumeLifecycleModes").immutable(old.path("spec").path("volumeLifecycleModes"));
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        boolean same = Strategies.same(
                object.path("spec").path("tokenRequests"), old.path("spec").path("tokenRequests"));
        return same ? List.of() : warnings(object);
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        Fields spec = Fields.of(object).at("spec");
        return spec.at("tokenRequests").isEmpty() || spec.has("serviceAccountTokenInSecrets")
                ? List.of()
                : List.of("spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to"
                        + " prevent possible logging of tokens in volume attributes");
    }
}
