package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.objects;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Limit ranges. */
final class LimitRangeStrategy extends KindStrategy {
    private static final List<String> TYPES = List.of("Pod", "Container", "PersistentVolumeClaim");
    private static final List<String> LISTS =
            List.of("max", "min", "default", "defaultRequest", "maxLimitRequestRatio");

    LimitRangeStrategy() {
        super(Trait.CREATED_BY_UPDATE);
    }

    @Override
    public void setDefaults(ObjectNode object) {
        for (ObjectNode limit : objects(object.path("spec").path("limits"))) {
            LISTS.forEach(list -> Strategies.roundAmounts(limit.path(list)));
            if (limit.path("type").asText().equals("Container")) {
                complete(limit);
            }
        }
    }

    /** A container's default limit is the maximum, its default request the default limit or else the minimum. */
    private static void complete(ObjectNode limit) {
        ObjectNode defaults = Strategies.child(limit, "default");
        ObjectNode requests = Strategies.child(limit, "defaultRequest");
        addMissing(defaults, limit.path("max"));
        addMissing(requests, defaults);
        addMissing(requests, limit.path("min"));
        if (defaults.isEmpty()) {
            limit.remove("default");
        }
        if (requests.isEmpty()) {
            limit.remove("defaultRequest");
        }
    }

    private static void addMissing(ObjectNode amounts, JsonNode from) {
        for (Map.Entry<String, JsonNode> amount : from.properties()) {
            if (!amounts.has(amount.getKey())) {
                amounts.set(amount.getKey(), amount.getValue());
            }
        }
    }

    @Override
    void rules(Fields range) {
        Set<String> types = new HashSet<>();
        for (Fields limit : range.at("spec", "limits").elements()) {
            Fields type = limit.at("type");
            type.check(Names::labelKey);
            if (!type.isEmpty()
                    && type.text().indexOf('/') < 0
                    && !TYPES.contains(type.text())
                    && Names.labelKey(type.text()).isEmpty()) {
                type.invalid("must be a standard limit type or fully qualified");
            }
            if (!types.add(type.text())) {
                type.duplicate();
            }
            limit(limit, type.text());
        }
    }

    private static void limit(Fields limit, String type) {
        for (String list : List.of("max", "min")) {
            resourceNames(limit.at(list), type);
        }
        if (type.equals("Pod")) {
            for (String list : List.of("default", "defaultRequest")) {
                if (!limit.at(list).isEmpty()) {
                    limit.at(list).forbidden("may not be specified when `type` is 'Pod'");
                }
            }
        } else {
            resourceNames(limit.at("default"), type);
            resourceNames(limit.at("defaultRequest"), type);
        }
        if (type.equals("PersistentVolumeClaim")) {
            if (!limit.at("min").value().has("storage")
                    && !limit.at("max").value().has("storage")) {
                limit.at("limits")
                        .required("either minimum or maximum storage value is required, but neither was provided");
            }
        }
        resourceNames(limit.at("maxLimitRequestRatio"), type);
        Set<String> all = new TreeSet<>();
        LISTS.forEach(list -> all.addAll(limit.at(list).keys()));
        for (String name : all) {
            amounts(limit, name, type);
        }
    }

    private static void resourceNames(Fields list, String type) {
        for (String name : list.keys()) {
            if (type.equals("Container")) {
                ResourceRules.containerName(list.key(name), name);
            } else {
                list.key(name).check(name, Names::labelKey);
                if (name.indexOf('/') < 0 && Names.labelKey(name).isEmpty() && !ResourceRules.isStandard(name)) {
                    list.key(name).invalid(name, "must be a standard resource type or fully qualified");
                }
            }
        }
    }

    private static void amounts(Fields limit, String name, String type) {
        Fields min = limit.at("min").key(name);
        Fields max = limit.at("max").key(name);
        Fields defaults = limit.at("default").key(name);
        Fields requests = limit.at("defaultRequest").key(name);
        Fields ratio = limit.at("maxLimitRequestRatio").key(name);
        above(min, min, "min value", max, "max value");
        above(requests, min, "min value", requests, "default request value");
        above(requests, requests, "default request value", max, "max value");
        above(requests, requests, "default request value", defaults, "default limit value");
        above(defaults, min, "min value", defaults, "default value", min);
        above(defaults, defaults, "default value", max, "max value", max);
        if (ratio.given()) {
            ratio(ratio, min, max);
        }
    }

    private static void above(Fields place, Fields low, String lowName, Fields high, String highName) {
        above(place, low, lowName, high, highName, place);
    }

    /** One amount must not be above another; the error shows a third. */
    private static void above(Fields place, Fields low, String lowName, Fields high, String highName, Fields shown) {
        if (low.given() && high.given() && value(low).compareTo(value(high)) > 0) {
            place.invalid(
                    shown.text(), "%s %s is greater than %s %s".formatted(lowName, low.text(), highName, high.text()));
        }
    }

    private static void ratio(Fields ratio, Fields min, Fields max) {
        if (value(ratio).compareTo(BigDecimal.ONE) < 0) {
            ratio.invalid(ratio.text(), "ratio %s is less than 1".formatted(ratio.text()));
        }
        if (min.given() && max.given() && value(min).signum() != 0) {
            double most = value(max).divide(value(min), MathContext.DECIMAL64).doubleValue();
            if (value(ratio).doubleValue() > most) {
                ratio.invalid(
                        ratio.text(),
                        String.format(Locale.ROOT, "ratio %s is greater than max/min = %f", ratio.text(), most));
            }
        }
    }

    private static BigDecimal value(Fields amount) {
        return PodResources.value(amount.text());
    }

    @Override
    void updateRules(Fields range, ObjectNode old) {
        metadata(range);
        rules(range);
    }
}
