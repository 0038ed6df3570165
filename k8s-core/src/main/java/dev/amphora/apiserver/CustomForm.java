package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.outside.WebhookServers;
import dev.amphora.apiserver.strategy.Conversion;
import dev.amphora.kernel.Kernel;
import org.jspecify.annotations.Nullable;

/** How objects of one version of a custom resource are stored: in the storage version, as they are; what is read is fitted to
 * the schema of the version that it was stored in. */
final class CustomForm implements Conversion {
    private final DefinedVersion version;
    private final String storedVersion;
    private final @Nullable ConversionWebhook webhook;

    CustomForm(DefinedVersion version, Kernel kernel, WebhookServers servers) {
        this.version = version;
        JsonNode conversion = version.definition().tree().path("spec").path("conversion");
        webhook = conversion.path("strategy").asText().equals("Webhook")
                ? new ConversionWebhook(kernel, servers, conversion)
                : null;
        storedVersion = version.definition().storage().apiVersion();
    }

    @Override
    public String apiVersion() {
        return version.apiVersion();
    }

    @Override
    public void toStorage(ObjectNode object) {
        convert(object, storedVersion);
        DefinedVersion.writeWholeNumbers(object);
    }

    @Override
    public void fromStorage(ObjectNode object) {
        String given = object.path("apiVersion").asText();
        String name = given.substring(given.indexOf('/') + 1);
        DefinedVersion stored = version.definition().version(name).orElse(version);
        stored.fit(object);
        convert(object, version.apiVersion());
        if (stored != version) {
            version.prune(object);
        }
    }

    private void convert(ObjectNode object, String apiVersion) {
        if (webhook == null) {
            object.put("apiVersion", apiVersion);
        } else {
            webhook.convert(object, apiVersion);
        }
    }
}
