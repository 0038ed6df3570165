package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;
import static dev.amphora.apiserver.strategy.Strategies.setDefault;
import static dev.amphora.apiserver.strategy.Strategies.setIfZero;

import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a claim asks of devices; claims stand alone and in templates. */
final class DeviceRules {
    private static final int LONGEST_EXPRESSION = 10_240;
    private static final int MOST = 32;
    private static final int MOST_ALTERNATIVES = 8;
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
        Set<String> names = names(devices);
        if (isWithin(devices.at("requests"), MOST)) {
            devices.at("requests").elements().forEach(DeviceRules::request);
            duplicates(devices.at("requests"));
        }
        if (isWithin(devices.at("constraints"), MOST)) {
            for (Fields constraint : devices.at("constraints").elements()) {
                requestNames(constraint.at("requests"), names);
                constraint(constraint);
            }
        }
        if (isWithin(devices.at("config"), MOST)) {
            for (Fields config : devices.at("config").elements()) {
                requestNames(config.at("requests"), names);
                configuration(config);
            }
        }
    }

    private static boolean isWithin(Fields list, int most) {
        if (list.size() > most) {
            list.tooMany(most);
            return false;
        }
        return true;
    }

    private static void duplicates(Fields list) {
        Set<String> seen = new HashSet<>();
        for (Fields element : list.elements()) {
            if (!seen.add(element.at("name").text())) {
                element.duplicate(element.at("name").value());
            }
        }
    }

    private static void request(Fields request) {
        request.at("name").check(Names::label);
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
        } else if (isWithin(request.at("firstAvailable"), MOST_ALTERNATIVES)) {
            for (Fields each : request.at("firstAvailable").elements()) {
                each.at("name").check(Names::label);
                one(each);
            }
            duplicates(request.at("firstAvailable"));
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
        request.at("tolerations").elements().forEach(DeviceRules::toleration);
    }

    /** Which devices will do. */
    static void selectors(Fields selectors) {
        for (Fields selector : selectors.elements()) {
            Fields cel = selector.at("cel");
            if (!cel.given()) {
                cel.required();
            } else if (Names.bytes(cel.at("expression").text()) > LONGEST_EXPRESSION) {
                cel.at("expression").tooLong(LONGEST_EXPRESSION);
            } else {
                ExpressionRules.device(cel.at("expression"));
            }
        }
    }

    private static void requestNames(Fields list, Set<String> names) {
        Set<String> seen = new HashSet<>();
        list.elements().forEach(name -> requestName(name, names));
        for (Fields name : list.elements()) {
            if (!seen.add(name.text())) {
                name.duplicate();
            }
        }
    }

    /** A reference to a request of the claim, or to one of the alternatives in it. */
    static void requestName(Fields name, Set<String> names) {
        String[] parts = name.text().split("/", -1);
        if (parts.length <= 2) {
            for (String part : parts) {
                Names.label(part).forEach(detail -> name.invalid(part, detail));
            }
        }
        if (parts.length > 2 || !names.contains(name.text())) {
            name.invalid("must be the name of a request in the claim or the name of a request and a subrequest"
                    + " separated by '/'");
        }
    }

    /** The requests of a claim, and their alternatives after a slash. */
    static Set<String> names(Fields devices) {
        Set<String> names = new HashSet<>();
        for (Fields request : devices.at("requests").elements()) {
            String name = request.at("name").text();
            names.add(name);
            request.at("firstAvailable")
                    .elements()
                    .forEach(each -> names.add(name + "/" + each.at("name").text()));
        }
        return names;
    }

    private static void constraint(Fields constraint) {
        if (constraint.has("matchAttribute")) {
            DeviceNames.fullyQualified(constraint.at("matchAttribute"));
        } else if (constraint.has("distinctAttribute")) {
            DeviceNames.fullyQualified(constraint.at("distinctAttribute"));
        } else {
            constraint.required("exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple"
                    + " fields are set");
        }
    }

    static void toleration(Fields toleration) {
        if (!toleration.at("key").isEmpty()) {
            toleration.at("key").check(Names::labelKey);
        }
        Fields value = toleration.at("value");
        switch (toleration.at("operator").text()) {
            case "Exists" -> {
                if (!value.isEmpty()) {
                    value.invalid("must be empty for operator `Exists`");
                }
            }
            case "Equal" -> value.check(Names::labelValue);
            case "" -> toleration.at("operator").required();
            default -> toleration.at("operator").oneOf("Equal", "Exists");
        }
        if (!toleration.at("effect").isEmpty()) {
            toleration.at("effect").oneOf("NoExecute", "NoSchedule");
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
        opaqueObject(opaque.at("parameters"));
    }

    /** What only a driver understands is an object. */
    static void opaqueObject(Fields parameters) {
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
                "creationTimestamp",
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
