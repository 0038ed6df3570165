package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Network policies. */
final class NetworkPolicyStrategy extends KindStrategy {

    NetworkPolicyStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        ObjectNode spec = Strategies.child(object, "spec");
        for (String direction : List.of("ingress", "egress")) {
            for (ObjectNode rule : objects(spec.path(direction))) {
                objects(rule.path("ports")).forEach(port -> setDefault(port, "protocol", "TCP"));
            }
        }
        if (spec.path("policyTypes").isEmpty()) {
            ArrayNode types = spec.putArray("policyTypes").add("Ingress");
            if (!spec.path("egress").isEmpty()) {
                types.add("Egress");
            }
        }
    }

    @Override
    void rules(Fields policy) {
        Fields spec = policy.at("spec");
        LabelRules.selector(spec.at("podSelector"));
        for (String direction : List.of("ingress", "egress")) {
            for (Fields rule : spec.at(direction).elements()) {
                rule.at("ports").elements().forEach(NetworkPolicyStrategy::port);
                rule.at(direction.equals("ingress") ? "from" : "to").elements().forEach(NetworkPolicyStrategy::peer);
            }
        }
        Fields types = spec.at("policyTypes");
        if (types.size() > 2) {
            types.invalid("may not specify more than two policyTypes");
            return;
        }
        types.elements().forEach(type -> type.oneOf("Ingress", "Egress"));
    }

    private static void port(Fields port) {
        if (port.has("protocol")) {
            port.at("protocol").oneOf("TCP", "UDP", "SCTP");
        }
        Fields number = port.at("port");
        Fields end = port.at("endPort");
        if (number.given()) {
            if (number.value().isTextual()) {
                if (end.given()) {
                    end.invalid("may not be specified when `port` is non-numeric");
                }
                number.check(Names::portName);
            } else {
                number.between(1, 65535);
                if (end.given()) {
                    if (end.number() < number.number()) {
                        end.invalid(number.value(), "must be greater than or equal to `port`");
                    }
                    end.between(1, 65535);
                }
            }
        } else if (end.given()) {
            end.invalid("may not be specified when `port` is not specified");
        }
    }

    private static void peer(Fields peer) {
        int peers = 0;
        for (String selector : List.of("podSelector", "namespaceSelector")) {
            if (peer.has(selector)) {
                peers++;
                LabelRules.selector(peer.at(selector));
            }
        }
        Fields block = peer.at("ipBlock");
        if (block.given()) {
            peers++;
            block(block);
        }
        if (peers == 0) {
            peer.required("must specify a peer");
        } else if (peers > 1 && block.given()) {
            peer.forbidden("may not specify both ipBlock and another peer");
        }
    }

    private static void block(Fields block) {
        Fields cidr = block.at("cidr");
        if (cidr.isEmpty()) {
            cidr.required();
            return;
        }
        cidr.check(Addresses::cidr);
        boolean readable = Addresses.isCidr(cidr.text());
        if (!readable) {
            return;
        }
        for (Fields except : block.at("except").elements()) {
            except.check(Addresses::cidr);
            if (Addresses.isCidr(except.text()) && !Addresses.isStrictlyWithin(except.text(), cidr.text())) {
                except.invalid("must be a strict subset of `cidr`");
            }
        }
    }

    @Override
    void updateRules(Fields policy, ObjectNode old) {
        metadataUpdate(policy, old);
        rules(policy);
    }
}
