package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;
import static dev.amphora.apiserver.strategy.Strategies.setIfZero;

import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a claim asks of devices; claims stand alone and in templates. What a selector's expression means is not looked at here. */
final class DeviceRules {
    private static final int LONGEST_EXPRESSION = 10_240;
    private static final String ONE_OF = "exactly one of `exactly` or `firstAvailable` is required";

    private DeviceRules() {}

    /** The defaults of a claim's specification. */
    static void setDefaults(ObjectNode spec) {
        for (ObjectNode request : objects(spec.path("devices").path("requests"))) {
            if (request.path("exactly") instanceof ObjectNode exactly) {
                requestDefaults(exactly);
            }
            objects(request.path("firstAvailable")).forEach(DeviceRules::requestDefaults);
        }
    }

    private static void requestDefaults(ObjectNode request) {
        setDefault(request, "allocationMode", "ExactCount");
        if (request.path("allocationMode").asText().equals("ExactCount")) {
            setIfZero(request, "count", 1);
        }
        objects(request.path("tolerations")).forEach(toleration -> setDefault(toleration, "operator", "Equal"));
    }

    /** A claim's specification. */
    static void claim(Fields spec) {
        Fields devices = spec.at("devices");
        Set<String> names = new HashSet<>();
        for (Fields request : devices.at("requests").elements()) {
            request(request, names);
        }
        for (Fields constraint : devices.at("constraints").elements()) {
            requestNames(constraint.at("requests"), names);
        }
        for (Fields config : devices.at("config").elements()) {
            requestNames(config.at("requests"), names);
            configuration(config);
        }
    }

    private static void request(Fields request, Set<String> names) {
        Fields name = request.at("name");
        name.check(Names::label);
        if (!names.add(name.text())) {
            request.duplicate(name.value());
        }
        boolean exactly = request.has("exactly");
        boolean first = !request.at("firstAvailable").isEmpty();
        if (exactly == first) {
            if (exactly) {
                request.with(NullNode.getInstance()).invalid(ONE_OF + ", but multiple fields are set");
            } else {
                request.required(ONE_OF);
            }
        } else if (exactly) {
            one(request.at("exactly"));
        } else {
            Set<String> own = new HashSet<>();
            for (Fields each : request.at("firstAvailable").elements()) {
                each.at("name").check(Names::label);
                if (!own.add(each.at("name").text())) {
                    each.duplicate(each.at("name").value());
                }
                names.add(name.text() + "/" + each.at("name").text());
                one(each);
            }
        }
    }

    private static void one(Fields request) {
        if (request.at("deviceClassName").requireText()) {
            request.at("deviceClassName").check(Names::subdomain);
        }
        selectors(request.at("selectors"));
        Fields count = request.at("count");
        switch (request.at("allocationMode").text()) {
            case "All" -> {
                if (count.number() != 0) {
                    count.invalid("must not be specified when allocationMode is 'All'");
                }
            }
            case "ExactCount" -> count.positive();
            default -> request.at("allocationMode").oneOf("All", "ExactCount");
        }
        for (Fields toleration : request.at("tolerations").elements()) {
            if (!toleration.at("key").isEmpty()) {
                toleration.at("key").check(Names::labelKey);
            }
        }
    }

    /** Which devices will do. */
    static void selectors(Fields selectors) {
        for (Fields selector : selectors.elements()) {
            Fields cel = selector.at("cel");
            if (!cel.given()) {
                cel.required();
            } else if (Names.bytes(cel.at("expression").text()) > LONGEST_EXPRESSION) {
                cel.at("expression").tooLong(LONGEST_EXPRESSION);
            }
        }
    }

    private static void requestNames(Fields list, Set<String> names) {
        Set<String> seen = new HashSet<>();
        for (Fields name : list.elements()) {
            if (name.text().indexOf('/') < 0) {
                name.check(Names::label);
            }
            if (!names.contains(name.text())) {
                name.invalid("must be the name of a request in the claim or the name of a request and a subrequest"
                        + " separated by '/'");
            }
        }
        for (Fields name : list.elements()) {
            if (!seen.add(name.text())) {
                name.duplicate();
            }
        }
    }

    /** Parameters for a driver. */
    static void configuration(Fields config) {
        Fields opaque = config.at("opaque");
        if (!opaque.given()) {
            opaque.required();
            return;
        }
        StorageRules.driverName(opaque.at("driver"));
        Fields parameters = opaque.at("parameters");
        if (!parameters.given()) {
            parameters.required();
        } else if (!parameters.value().isObject()) {
            parameters.invalid("<value omitted>", "must be a valid JSON object");
        }
    }

    /** What may stand in the metadata of a template's claim: labels and annotations. */
    static void templateMetadata(Fields metadata) {
        for (String field : List.of(
                "name",
                "generateName",
                "namespace",
                "selfLink",
                "uid",
                "resourceVersion",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "finalizers",
                "managedFields")) {
            if (!metadata.at(field).isEmpty()) {
                metadata.at(field.equals("uid") ? "uID" : field).forbidden("cannot be set");
            }
        }
        LabelRules.labels(metadata.at("labels"));
        LabelRules.annotations(metadata.at("annotations"));
    }
}
