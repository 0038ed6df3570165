package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.kernel.Kernel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The plugins that are switched on, in order. */
final class Admission {
    private final ImmutableList<AdmissionPlugin> plugins;
    private final AdmissionSteps mutating;
    private final AdmissionSteps validating;

    Admission(Kernel kernel, List<AdmissionPlugin> plugins) {
        this.plugins = ImmutableList.copyOf(plugins);
        mutating = new AdmissionSteps(kernel, plugins, "mutate", "admit", AdmissionPlugin::mutate);
        validating = new AdmissionSteps(kernel, plugins, "validate", "validate", AdmissionPlugin::validate);
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
        mutating.ask(request(call, operation, object, old));
    }

    void validate(Call call, Operation operation, @Nullable ObjectNode object, @Nullable ObjectNode old) {
        validating.ask(request(call, operation, object, old));
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
        mutating.ask(request);
        validating.ask(request);
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
