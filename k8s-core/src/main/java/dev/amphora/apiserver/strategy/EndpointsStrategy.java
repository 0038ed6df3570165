package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Endpoints. */
final class EndpointsStrategy extends KindStrategy {

    EndpointsStrategy() {
        super(Trait.CREATED_BY_UPDATE);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        for (ObjectNode subset : objects(object.path("subsets"))) {
            objects(subset.path("ports")).forEach(port -> setDefault(port, "protocol", "TCP"));
        }
    }

    @Override
    void rules(Fields endpoints) {
        for (Fields subset : endpoints.at("subsets").elements()) {
            if (subset.at("addresses").isEmpty()
                    && subset.at("notReadyAddresses").isEmpty()) {
                subset.required("must specify `addresses` or `notReadyAddresses`");
            }
            for (String list : List.of("addresses", "notReadyAddresses")) {
                subset.at(list).elements().forEach(EndpointsStrategy::address);
            }
            boolean several = subset.at("ports").size() > 1;
            for (Fields port : subset.at("ports").elements()) {
                Fields name = port.at("name");
                if (several && name.isEmpty()) {
                    name.required();
                } else if (!name.isEmpty()) {
                    name.check(Names::label);
                }
                port.at("port").between(1, 65535);
                if (port.at("protocol").requireText()) {
                    port.at("protocol").oneOf("SCTP", "TCP", "UDP");
                }
                if (port.has("appProtocol")) {
                    port.at("appProtocol").check(Names::labelKey);
                }
            }
        }
    }

    private static void address(Fields address) {
        Fields ip = address.at("ip");
        ip.check(Addresses::ip);
        if (Addresses.parse(ip.text()) == null || Addresses.ip(ip.text()).isEmpty()) {
            ServiceRules.endpoint(ip, ip.text());
        }
        if (!address.at("hostname").isEmpty()) {
            address.at("hostname").check(Names::label);
        }
        if (address.has("nodeName")) {
            address.at("nodeName").check(Names::subdomain);
        }
    }

    /** What was right once may stay. */
    @Override
    void updateRules(Fields endpoints, ObjectNode old) {
        metadataUpdate(endpoints, old);
        metadata(endpoints);
        if (!Strategies.same(endpoints.at("subsets").value(), old.path("subsets"))) {
            rules(endpoints);
        }
    }
}
