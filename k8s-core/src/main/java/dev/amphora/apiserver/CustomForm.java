package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.strategy.Conversion;

/** How objects of one version of a custom resource are stored: in the storage version, as they are; what is read is fitted to
 * the schema of the version that it was stored in. */
final class CustomForm implements Conversion {
    private final DefinedVersion version;
    private final String storedVersion;

    CustomForm(DefinedVersion version) {
        this.version = version;
        storedVersion = version.definition().storage().apiVersion();
    }

    @Override
    public String apiVersion() {
        return version.apiVersion();
    }

    @Override
    public void toStorage(ObjectNode object) {
        object.put("apiVersion", storedVersion);
    }

    @Override
    public void fromStorage(ObjectNode object) {
        String given = object.path("apiVersion").asText();
        String name = given.substring(given.indexOf('/') + 1);
        DefinedVersion stored = version.definition().version(name).orElse(version);
        stored.fit(object);
        object.put("apiVersion", version.apiVersion());
        if (stored != version) {
            version.prune(object);
        }
    }
}
