package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Ingresses. */
final class IngressStrategy extends KindStrategy {
    private static final String CLASS = "kubernetes.io/ingress.class";
    private static final List<String> IN_PATH = List.of("//", "/./", "/../", "%2f", "%2F");
    private static final List<String> AT_END = List.of("/..", "/.");

    IngressStrategy() {
        super(Trait.GENERATION);
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.remove("status");
        object.putObject("status").putObject("loadBalancer");
    }

    /** An annotation that was there before is not news. */
    @Override
    public List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        return warnings(old).isEmpty() ? warnings(object) : List.of();
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        return object.path("metadata").path("annotations").has("kubernetes.io/ingress.class")
                ? List.of("annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName'"
                        + " instead")
                : List.of();
    }

    @Override
    void rules(Fields ingress) {
        Fields spec = ingress.at("spec");
        if (spec.at("rules").isEmpty() && !spec.has("defaultBackend")) {
            spec.invalid(NullNode.getInstance(), "either `defaultBackend` or `rules` must be specified");
        }
        if (spec.has("defaultBackend")) {
            backend(spec.at("defaultBackend"));
        }
        for (Fields rule : spec.at("rules").elements()) {
            host(rule.at("host"));
            if (rule.has("http")) {
                Fields paths = rule.at("http", "paths");
                if (paths.isEmpty()) {
                    paths.required();
                }
                paths.elements().forEach(IngressStrategy::path);
            }
        }
        for (Fields tls : spec.at("tls").elements()) {
            for (Fields host : tls.at("hosts").elements()) {
                host.check(host.text().contains("*") ? Names::wildcardSubdomain : Names::subdomain);
            }
            if (!tls.at("secretName").isEmpty()) {
                tls.at("secretName").check(Names::subdomain);
            }
        }
        Fields className = spec.at("ingressClassName");
        if (className.given()) {
            className.check(Names::subdomain);
        }
    }

    /** On create only: the class may come as an annotation too, if both say the same. */
    private static void sameClass(Fields ingress) {
        Fields annotation = ingress.at("metadata", "annotations").key(CLASS);
        Fields className = ingress.at("spec", "ingressClassName");
        if (annotation.given() && className.given() && !annotation.text().equals(className.text())) {
            ingress.at("annotations")
                    .at(CLASS)
                    .invalid(annotation.text(), "must match `ingressClassName` when both are specified");
        }
    }

    private static void host(Fields host) {
        if (host.isEmpty()) {
            return;
        }
        if (Addresses.parse(host.text()) != null) {
            host.invalid("must be a DNS name, not an IP address");
        }
        host.check(host.text().contains("*") ? Names::wildcardSubdomain : Names::subdomain);
    }

    private static void path(Fields path) {
        Fields type = path.at("pathType");
        Fields text = path.at("path");
        if (!type.given()) {
            type.required("pathType must be specified");
            return;
        } else {
            switch (type.text()) {
                case "Exact", "Prefix" -> {
                    if (!text.text().startsWith("/")) {
                        text.invalid(text.text(), "must be an absolute path");
                    }
                    for (String part : IN_PATH) {
                        if (text.text().contains(part)) {
                            text.invalid("must not contain '%s'".formatted(part));
                        }
                    }
                    for (String end : AT_END) {
                        if (text.text().endsWith(end)) {
                            text.invalid("cannot end with '%s'".formatted(end));
                        }
                    }
                }
                case "ImplementationSpecific" -> {
                    if (!text.isEmpty() && !text.text().startsWith("/")) {
                        text.invalid("must be an absolute path");
                    }
                }
                default -> type.oneOf("Exact", "ImplementationSpecific", "Prefix");
            }
        }
        backend(path.at("backend"));
    }

    private static void backend(Fields backend) {
        boolean service = backend.has("service");
        boolean resource = backend.has("resource");
        if (service && resource) {
            backend.invalid("", "cannot set both resource and service backends");
        } else if (resource) {
            reference(backend.at("resource"));
        } else if (!service) {
            backend.invalid("", "resource or service backend is required");
        } else {
            Fields name = backend.at("service", "name");
            if (name.isEmpty()) {
                name.required();
            } else {
                name.check(Names::label);
            }
            Fields port = backend.at("service", "port");
            boolean named = !port.at("name").isEmpty();
            boolean numbered = port.at("number").number() != 0;
            if (named && numbered) {
                backend.invalid("", "cannot set both port name & port number");
            } else if (named) {
                port.at("name").check(Names::portName);
            } else if (numbered) {
                port.at("number").between(1, 65535);
            } else {
                backend.required("port name or number is required");
            }
        }
    }

    /** A reference to an object of some kind. */
    static void reference(Fields reference) {
        Fields group = reference.at("apiGroup");
        if (group.given()) {
            group.check(Names::subdomain);
        }
        for (String field : List.of("kind", "name")) {
            if (reference.at(field).requireText()) {
                reference.at(field).check(Names::pathSegment);
            }
        }
    }

    @Override
    void createRules(Fields ingress) {
        rules(ingress);
        sameClass(ingress);
    }

    @Override
    void updateRules(Fields ingress, ObjectNode old) {
        metadataUpdate(ingress, old);
        rules(ingress);
    }

    @Override
    void statusUpdateRules(Fields ingress, ObjectNode old) {
        metadataUpdate(ingress, old);
        for (Fields point : ingress.at("status", "loadBalancer", "ingress").elements()) {
            if (!point.at("ip").isEmpty()) {
                point.at("ip").check(Addresses::ip);
            }
            Fields host = point.at("hostname");
            if (!host.isEmpty()) {
                host.check(Names::subdomain);
                if (Addresses.parse(host.text()) != null) {
                    host.invalid("must be a DNS name, not an IP address");
                }
            }
        }
    }
}
