package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/** Classes of what can be changed in volumes that exist. */
final class VolumeAttributesClassStrategy extends KindStrategy {
    private static final int MOST_PARAMETERS = 512;

    VolumeAttributesClassStrategy() {
        super(Trait.DELETE_RETURNS_OBJECT);
    }

    @Override
    void rules(Fields attributes) {
        Fields driver = attributes.at("driverName");
        if (driver.requireText()) {
            driver.check(driver.text().toLowerCase(Locale.ROOT), Names::labelKey);
        }
        Fields parameters = attributes.at("parameters");
        if (parameters.isEmpty()) {
            parameters.required("must contain at least one key/value pair");
        }
        if (parameters.size() > MOST_PARAMETERS) {
            parameters.tooLong(MOST_PARAMETERS);
        }
        if (parameters.keys().contains("")) {
            parameters.invalid("", "field can not be empty.");
        }
    }

    @Override
    void updateRules(Fields attributes, ObjectNode old) {
        metadataUpdate(attributes, old);
        if (!attributes.at("driverName").text().equals(old.path("driverName").asText(""))) {
            attributes.at("driverName").forbidden("updates to driverName are forbidden.");
        }
        if (!Strategies.same(attributes.at("parameters").value(), old.path("parameters"))) {
            attributes.at("parameters").forbidden("updates to parameters are forbidden.");
        }
        metadata(attributes);
        rules(attributes);
    }
}
