package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The plugins that are switched on, in order. */
final class Admission {
    private final ImmutableList<AdmissionPlugin> plugins;

    Admission(List<AdmissionPlugin> plugins) {
        this.plugins = ImmutableList.copyOf(plugins);
    }

    /** Whether a plugin may have to wait for something outside this process. */
    boolean mayWait() {
        for (AdmissionPlugin plugin : plugins) {
            if (plugin.mayWait()) {
                return true;
            }
        }
        return false;
    }

    void mutate(Call call, Operation operation, @Nullable ObjectNode object, @Nullable ObjectNode old) {
        AdmissionRequest request = request(call, operation, object, old);
        for (AdmissionPlugin plugin : plugins) {
            plugin.mutate(request);
        }
    }

    void validate(Call call, Operation operation, @Nullable ObjectNode object, @Nullable ObjectNode old) {
        AdmissionRequest request = request(call, operation, object, old);
        for (AdmissionPlugin plugin : plugins) {
            plugin.validate(request);
        }
    }

    /** Asks about a connection. */
    void connect(Call call, String kind, ObjectNode options) {
        AdmissionRequest about = request(call, Operation.CONNECT, options, null);
        AdmissionRequest request = new AdmissionRequest(
                about.operation(),
                about.group(),
                about.version(),
                kind,
                about.resource(),
                about.subresource(),
                about.namespace(),
                about.name(),
                options,
                null,
                about.user(),
                about.dryRun(),
                about.warnings());
        plugins.forEach(plugin -> plugin.mutate(request));
        plugins.forEach(plugin -> plugin.validate(request));
    }

    private static AdmissionRequest request(
            Call call, Operation operation, @Nullable ObjectNode object, @Nullable ObjectNode old) {
        Endpoint endpoint = call.endpoint();
        ApiRequest request = call.request();
        String name = request.name();
        if (name.isEmpty() && object != null) {
            name = Metadata.text(object, "name").isEmpty()
                    ? Metadata.text(object, "generateName")
                    : Metadata.text(object, "name");
        }
        return new AdmissionRequest(
                operation,
                endpoint.stored().group(),
                endpoint.stored().version(),
                endpoint.info().kind(),
                endpoint.info().plural(),
                request.subresource(),
                request.namespace(),
                name,
                object,
                old,
                request.user(),
                request.options().isDryRun(),
                call::warn);
    }
}
