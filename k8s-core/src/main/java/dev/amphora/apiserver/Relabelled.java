package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.strategy.Conversion;

/**
 * The conversion between two versions that have the same fields.
 *
 * @param apiVersion the served version
 * @param storedVersion the stored one
 */
record Relabelled(String apiVersion, String storedVersion) implements Conversion {

    @Override
    public void toStorage(ObjectNode object) {
        object.put("apiVersion", storedVersion);
    }

    @Override
    public void fromStorage(ObjectNode object) {
        object.put("apiVersion", apiVersion);
    }
}
