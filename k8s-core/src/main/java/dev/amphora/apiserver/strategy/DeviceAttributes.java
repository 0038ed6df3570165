package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** What a device is and has: attributes of one type each, and capacities of which requests may take a part. */
final class DeviceAttributes {
    private static final int LONGEST = 64;
    private static final int MOST_VALUES = 10;
    private static final String NUMBER = "(0|[1-9]\\d*)";
    private static final String PRE_RELEASE = "(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)";
    private static final String BUILD = "[0-9a-zA-Z-]+";
    private static final Pattern VERSION = Pattern.compile(NUMBER + "\\." + NUMBER + "\\." + NUMBER + "(-" + PRE_RELEASE
            + "(\\." + PRE_RELEASE + ")*)?(\\+" + BUILD + "(\\." + BUILD + ")*)?");
    private static final List<String> SINGLE = List.of("bool", "int", "string", "version");
    private static final List<String> LISTS = List.of("bools", "ints", "strings", "versions");

    private DeviceAttributes() {}

    /** One value of one type. */
    static void attribute(Fields attribute) {
        if (attribute.has("string")) {
            atMost(attribute.at("string"));
        }
        if (attribute.has("version")) {
            version(attribute.at("version"));
        }
        int set = 0;
        for (String field : SINGLE) {
            set += attribute.has(field) ? 1 : 0;
        }
        for (String field : LISTS) {
            set += attribute.has(field) ? 1 : 0;
        }
        if (set == 0) {
            attribute.invalid("", "exactly one value must be specified");
        } else if (set > 1) {
            attribute.invalid(shown(attribute), "exactly one value must be specified");
        }
    }

    private static com.fasterxml.jackson.databind.JsonNode shown(Fields attribute) {
        var result = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode();
        for (String field : List.of("int", "bool", "string", "version", "ints", "bools", "strings", "versions")) {
            boolean list = field.endsWith("s");
            String one = list ? field.substring(0, field.length() - 1) : field;
            String name = Character.toUpperCase(one.charAt(0)) + one.substring(1) + (list ? "Values" : "Value");
            result.set(name, GoValues.orNull(attribute.at(field).value()));
        }
        return result;
    }

    private static void version(Fields version) {
        if (!VERSION.matcher(version.text()).matches()) {
            version.invalid("must be a string compatible with semver.org spec 2.0.0");
        }
        atMost(version);
    }

    private static void atMost(Fields text) {
        if (Names.bytes(text.text()) > LONGEST) {
            text.tooLong(LONGEST);
        }
    }

    /** An amount; how much of it a request may take is for devices that are shared. */
    static void capacity(Fields capacity, boolean shared) {
        Fields policy = capacity.at("requestPolicy");
        if (!policy.given()) {
            return;
        }
        if (!shared) {
            policy.forbidden("allowMultipleAllocations must be true");
            return;
        }
        Fields values = policy.at("validValues");
        Fields range = policy.at("validRange");
        if (!values.isEmpty() && range.given()) {
            policy.forbidden(
                    "exactly one policy can be specified, cannot specify \"validValues\" and \"validRange\" at the"
                            + " same time");
        } else if (!values.isEmpty()) {
            if (!policy.has("default")) {
                policy.at("default").required("required when validValues is defined");
            } else {
                values(values, policy.at("default"), capacity.at("value"));
            }
        } else if (range.given()) {
            if (!policy.has("default")) {
                policy.at("default").required("required when validRange is defined");
            } else {
                range(range, policy.at("default"), capacity.at("value"));
            }
        }
    }

    private static void values(Fields values, Fields preset, Fields most) {
        List<Fields> all = values.elements();
        for (int i = 1; i < all.size(); i++) {
            if (amount(all.get(i - 1)).compareTo(amount(all.get(i))) > 0) {
                all.get(i).invalid("values must be sorted in ascending order");
            }
        }
        if (all.size() > MOST_VALUES) {
            values.tooMany(MOST_VALUES);
            return;
        }
        boolean found = false;
        for (Fields value : all) {
            if (amount(value).compareTo(amount(most)) > 0) {
                value.invalid("option is larger than capacity value: " + most.text());
            }
            found |= amount(value).compareTo(amount(preset)) == 0;
        }
        Set<BigDecimal> seen = new HashSet<>();
        for (Fields value : all) {
            if (!seen.add(amount(value).stripTrailingZeros())) {
                value.duplicate(TextNode.valueOf(amount(value).toPlainString()));
            }
        }
        if (!found) {
            values.invalid(preset.text(), "default value is not valid according to the requestPolicy");
        }
    }

    private static void range(Fields range, Fields preset, Fields most) {
        Fields low = range.at("min");
        Fields high = range.at("max");
        Fields step = range.at("step");
        if (!low.given()) {
            low.required("required when validRange is defined");
            return;
        }
        if (amount(low).compareTo(amount(most)) > 0) {
            low.invalid("min is larger than capacity value: " + most.text());
        }
        if (amount(preset).compareTo(amount(low)) < 0) {
            range.at("default").invalid(preset.text(), "default is less than min: " + low.text());
        }
        if (high.given()) {
            if (amount(low).compareTo(amount(high)) > 0) {
                high.invalid(low.text(), "min is larger than max: " + high.text());
            }
            if (amount(high).compareTo(amount(most)) > 0) {
                high.invalid("max is larger than capacity value: " + most.text());
            }
            if (amount(preset).compareTo(amount(high)) > 0) {
                range.at("default").invalid(preset.text(), "default is more than max: " + high.text());
            }
        }
        if (step.given() && amount(step).signum() > 0) {
            steps(step, preset, low);
            if (high.given()) {
                steps(step, high, low);
            }
        } else if (step.given()) {
            step.invalid("must be greater than zero");
        }
    }

    private static void steps(Fields step, Fields value, Fields low) {
        if (amount(value).subtract(amount(low)).remainder(amount(step)).signum() != 0) {
            step.invalid(
                    value.text(),
                    "value is not a multiple of a given step (%s) from (%s)".formatted(step.text(), low.text()));
        }
    }

    private static BigDecimal amount(Fields quantity) {
        return PodResources.value(quantity.text());
    }
}
