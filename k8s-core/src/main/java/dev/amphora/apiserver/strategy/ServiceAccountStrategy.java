package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Service accounts: nothing but metadata and references. */
final class ServiceAccountStrategy extends KindStrategy {
    private static final String MOUNTABLE = "kubernetes.io/enforce-mountable-secrets";

    ServiceAccountStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return isLimited(object)
                ? List.of(("metadata.annotations[%s]: deprecated in v1.32+;"
                                + " prefer separate namespaces to isolate access to mounted secrets")
                        .formatted(MOUNTABLE))
                : List.of();
    }

    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        return isLimited(old) ? List.of() : warnings(object);
    }

    private static boolean isLimited(JsonNode account) {
        return account.path("metadata").path("annotations").has(MOUNTABLE);
    }

    @Override
    void updateRules(Fields account, ObjectNode old) {
        metadataUpdate(account, old);
        metadata(account);
    }
}
