package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Ranges from which Services get their addresses. */
final class ServiceCidrStrategy extends KindStrategy {

    @Override
    void rules(Fields range) {
        Fields cidrs = range.at("spec", "cidrs");
        if (cidrs.isEmpty()) {
            cidrs.required("at least one CIDR required");
            return;
        }
        if (cidrs.size() > 2) {
            cidrs.invalid("may only hold up to 2 values");
        }
        boolean valid = true;
        for (Fields cidr : cidrs.elements()) {
            cidr.check(Addresses::cidr);
            valid &= Addresses.cidr(cidr.text()).isEmpty();
        }
        if (valid
                && cidrs.size() == 2
                && Addresses.isV6(cidrs.at(0).text())
                        == Addresses.isV6(cidrs.at(1).text())) {
            cidrs.invalid("may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64");
        }
    }

    @Override
    public void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepAllButStatus(object, old);
        JsonNode version = object.path("metadata").path("resourceVersion");
        Strategies.keep(object, old, "metadata");
        Strategies.metadata(object).set("resourceVersion", version);
    }

    /** Another family may be added; what is there stays. */
    @Override
    void updateRules(Fields range, ObjectNode old) {
        metadataUpdate(range, old);
        Fields cidrs = range.at("spec", "cidrs");
        JsonNode before = old.path("spec").path("cidrs");
        if (cidrs.size() < before.size()) {
            cidrs.invalid(cidrs.given() ? cidrs.value() : NullNode.getInstance(), "field is immutable");
            return;
        }
        for (int i = 0; i < before.size(); i++) {
            cidrs.at(i).immutable(before.get(i));
        }
        if (cidrs.errors().isEmpty()) {
            rules(range);
        }
    }
}
