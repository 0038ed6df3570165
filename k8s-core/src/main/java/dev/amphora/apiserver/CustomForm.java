package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.strategy.Conversion;

/** How objects of one version of a custom resource are stored: in the storage version, as they are; what is read is fitted to the schema. */
final class CustomForm implements Conversion {
    private final DefinedVersion version;
    private final String stored;

    CustomForm(DefinedVersion version) {
        this.version = version;
        stored = version.definition().storage().apiVersion();
    }

    @Override
    public String apiVersion() {
        return version.apiVersion();
    }

    @Override
    public void toStorage(ObjectNode object) {
        object.put("apiVersion", stored);
    }

    @Override
    public void fromStorage(ObjectNode object) {
        object.put("apiVersion", version.apiVersion());
        version.fit(object);
    }
}
