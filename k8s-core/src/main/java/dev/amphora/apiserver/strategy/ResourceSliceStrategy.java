package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The devices that a driver offers in a pool, or a part of them. */
final class ResourceSliceStrategy extends KindStrategy {
    private static final int MOST_DEVICES = 128;
    private static final int MOST_ADVANCED_DEVICES = 64;
    private static final int MOST_COUNTER_SETS = 8;
    private static final int MOST_CONSUMPTIONS = 2;
    private static final int MOST_COUNTERS = 32;
    private static final int MOST_ENTRIES = 32;
    private static final int MOST_TAINTS = 16;
    private static final String ONE_OF =
            "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
    private static final String ONE_OF_DEVICE =
            "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when"
                    + " `perDeviceNodeSelection` is set to true in the ResourceSlice spec";

    ResourceSliceStrategy() {
        super(Trait.GENERATION, Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    public void stamp(ObjectNode object, String now) {
        for (ObjectNode device : objects(object.path("spec").path("devices"))) {
            objects(device.path("taints")).forEach(taint -> Strategies.setDefault(taint, "timeAdded", now));
        }
    }

    @Override
    public List<String> warnings(ObjectNode object) {
        String driver = object.path("spec").path("driver").asText("");
        return driver.equals(driver.toLowerCase(Locale.ROOT))
                ? List.of()
                : List.of("spec.driver: driver names should be lowercase; \"%s\" contains uppercase characters"
                        .formatted(driver));
    }

    @Override
    void rules(Fields slice) {
        spec(slice.at("spec"), MissingNode.getInstance());
    }

    @Override
    void updateRules(Fields slice, ObjectNode old) {
        metadataUpdate(slice, old);
        spec(slice.at("spec"), old.path("spec"));
    }

    private static void spec(Fields spec, JsonNode old) {
        StorageRules.driverName(spec.at("driver"));
        Fields pool = spec.at("pool");
        DeviceNames.pool(pool.at("name"));
        if (pool.at("resourceSliceCount").number() <= 0) {
            pool.at("resourceSliceCount")
                    .invalid(LongNode.valueOf(pool.at("resourceSliceCount").number()), "must be greater than zero");
        }
        if (pool.at("generation").number() < 0) {
            pool.at("generation").invalid("must be greater than or equal to zero");
        }
        if (!old.isMissingNode()) {
            pool.at("name").immutable(old.path("pool").path("name"));
            spec.at("driver").immutable(old.path("driver"));
            if (!Strategies.same(spec.at("nodeName").value(), old.path("nodeName"))) {
                spec.at("nodeName").invalid(GoValues.orNull(spec.at("nodeName").value()), "field is immutable");
            }
        }
        List<String> set = nodes(spec, "must be either unset or set to a non-empty string");
        flag(spec, "perDeviceNodeSelection", set);
        oneOf(spec, set, ONE_OF, ONE_OF + ", but multiple fields are set");
        Fields devices = spec.at("devices");
        Fields counters = spec.at("sharedCounters");
        if (counters.given() && devices.given()) {
            spec.invalid("", "only one of `sharedCounters` or `devices` is allowed");
        }
        boolean advanced = devices.elements().stream()
                .anyMatch(device -> !device.at("taints").isEmpty()
                        || !device.at("consumesCounters").isEmpty());
        if (isWithin(devices, advanced ? MOST_ADVANCED_DEVICES : MOST_DEVICES)) {
            boolean perDevice = spec.at("perDeviceNodeSelection").flag();
            devices.elements().forEach(device -> device(device, before(device, old), perDevice));
            duplicates(devices, "name");
        }
        if (isWithin(counters, MOST_COUNTER_SETS)) {
            counters.elements().forEach(each -> counters(each, "name"));
            duplicates(counters, "name");
        }
    }

    /** Which of the ways to say where something can be reached from are used; a selector of a slice has one term. */
    private static List<String> nodes(Fields place, String empty) {
        List<String> set = new ArrayList<>();
        Fields name = place.at("nodeName");
        if (name.given() && name.isEmpty()) {
            name.invalid("", empty);
        } else if (name.given()) {
            set.add("`nodeName`");
            name.check(Names::subdomain);
        }
        Fields selector = place.at("nodeSelector");
        if (selector.given()) {
            set.add("`nodeSelector`");
            SchedulingRules.nodeSelector(selector);
            Fields terms = selector.at("nodeSelectorTerms");
            if (place.path().equals("spec") && terms.size() != 1) {
                terms.invalid(
                        GoForm.list(terms.value(), "core.v1.NodeSelectorTerm"),
                        "must have exactly one node selector term");
            }
        }
        flag(place, "allNodes", set);
        return set;
    }

    private static void flag(Fields place, String name, List<String> set) {
        Fields flag = place.at(name);
        if (flag.given() && flag.flag()) {
            set.add("`" + name + "`");
        } else if (flag.given()) {
            flag.invalid("must be either unset or set to true");
        }
    }

    private static void oneOf(Fields place, List<String> set, String none, String several) {
        if (set.isEmpty()) {
            place.required(none);
        } else if (set.size() > 1) {
            place.invalid("{" + String.join(", ", set) + "}", several);
        }
    }

    private static boolean isWithin(Fields list, int most) {
        if (list.size() > most) {
            list.tooMany(most);
            return false;
        }
        return true;
    }

    private static void duplicates(Fields list, String key) {
        Set<String> seen = new HashSet<>();
        for (Fields element : list.elements()) {
            String value = element.at(key).text();
            if (!seen.add(value)) {
                element.duplicate(TextNode.valueOf(value));
            }
        }
    }

    private static JsonNode before(Fields device, JsonNode old) {
        for (JsonNode each : old.path("devices")) {
            if (each.path("name").equals(device.at("name").value())) {
                return each;
            }
        }
        return MissingNode.getInstance();
    }

    private static void device(Fields device, JsonNode old, boolean perDevice) {
        device.at("name").check(Names::label);
        int entries = device.at("attributes").size() + device.at("capacity").size();
        if (entries > MOST_ENTRIES) {
            device.invalid(
                    IntNode.valueOf(entries),
                    "the total number of attributes and capacities must not exceed " + MOST_ENTRIES);
        }
        for (String name : device.at("attributes").keys()) {
            DeviceNames.qualified(device.at("attributes"), name);
            DeviceAttributes.attribute(device.at("attributes").key(name));
        }
        if (old.isMissingNode() || !Strategies.same(device.at("capacity").value(), old.path("capacity"))) {
            for (String name : device.at("capacity").keys()) {
                DeviceNames.qualified(device.at("capacity"), name);
                DeviceAttributes.capacity(
                        device.at("capacity").key(name),
                        device.at("allowMultipleAllocations").flag());
            }
        }
        if ((old.isMissingNode() || !Strategies.same(device.at("taints").value(), old.path("taints")))
                && isWithin(device.at("taints"), MOST_TAINTS)) {
            device.at("taints").elements().forEach(ResourceSliceStrategy::taint);
        }
        if (isWithin(device.at("consumesCounters"), MOST_CONSUMPTIONS)) {
            device.at("consumesCounters").elements().forEach(each -> counters(each, "counterSet"));
            duplicates(device.at("consumesCounters"), "counterSet");
        }
        if (perDevice) {
            oneOf(device, nodes(device, "must not be empty"), ONE_OF_DEVICE, ONE_OF_DEVICE);
        } else if (device.has("nodeName") || device.has("nodeSelector") || device.has("allNodes")) {
            device.invalid(
                    NullNode.getInstance(),
                    "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true"
                            + " in the ResourceSlice spec");
        }
        DeviceNames.bindingConditions(device);
    }

    private static void taint(Fields taint) {
        taint.at("key").check(Names::labelKey);
        if (!taint.at("value").isEmpty()) {
            taint.at("value").check(Names::labelValue);
        }
        if (taint.at("effect").requireText()) {
            taint.at("effect").oneOf("NoExecute", "NoSchedule", "None");
        }
    }

    private static void counters(Fields set, String name) {
        if (set.at(name).requireText()) {
            set.at(name).check(Names::label);
        }
        Fields counters = set.at("counters");
        if (counters.isEmpty()) {
            counters.required();
        } else if (isWithin(counters, MOST_COUNTERS)) {
            counters.keys().forEach(key -> counters.check(key, Names::label));
        }
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "spec.driver", object.path("spec").path("driver").asText(""),
                "spec.nodeName", object.path("spec").path("nodeName").asText(""));
    }
}
