package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Leases. */
final class LeaseStrategy extends KindStrategy {

    LeaseStrategy() {
        super(Trait.CREATED_BY_UPDATE, Trait.VERSION_NEEDED);
    }

    /** Coordinated election is off, and so are its fields. */
    @Override
    public void dropDisabledFields(ObjectNode object) {
        if (object.path("spec") instanceof ObjectNode spec) {
            spec.remove(List.of("strategy", "preferredHolder"));
        }
    }

    @Override
    void rules(Fields lease) {
        Fields spec = lease.at("spec");
        for (String field : List.of("leaseDurationSeconds", "leaseTransitions")) {
            Fields number = spec.at(field);
            if (number.given() && field.equals("leaseDurationSeconds") && number.number() <= 0) {
                number.invalid("must be greater than 0");
            } else if (number.given() && number.number() < 0) {
                number.invalid("must be greater than or equal to 0");
            }
        }
    }

    @Override
    void updateRules(Fields lease, ObjectNode old) {
        metadataUpdate(lease, old);
        rules(lease);
    }
}
