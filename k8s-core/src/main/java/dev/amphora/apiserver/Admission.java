package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.Json;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.admission.Origin;
import dev.amphora.apiserver.admission.Rounds;
import dev.amphora.kernel.Kernel;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The plugins that are switched on, in order. */
final class Admission {
    private final ImmutableList<AdmissionPlugin> plugins;
    private final AdmissionSteps mutating;
    private final AdmissionSteps validating;
    private final Endpoints endpoints;

    Admission(Kernel kernel, List<AdmissionPlugin> plugins, Endpoints endpoints) {
        this.plugins = ImmutableList.copyOf(plugins);
        this.endpoints = endpoints;
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
        mutate(request(call, operation, object, old));
    }

    void validate(Call call, Operation operation, @Nullable ObjectNode object, @Nullable ObjectNode old) {
        validating.ask(request(call, operation, object, old));
    }

    /** Asks about the deletion of an object, of the one that the call names or of one among many. */
    void delete(Call call, Deletes.Options options, ObjectNode old) {
        AdmissionRequest request = request(
                call,
                Operation.DELETE,
                call.endpoint().info().kind(),
                call.request().name(),
                null,
                old,
                options.isDryRun() || call.options().isDryRun(),
                options::tree);
        mutate(request);
        validating.ask(request);
    }

    /** Asks about a connection. */
    void connect(Call call, String kind, ObjectNode options) {
        AdmissionRequest request = request(
                call, Operation.CONNECT, kind, call.request().name(), options, null, false, NullNode::getInstance);
        mutate(request);
        validating.ask(request);
    }

    private void mutate(AdmissionRequest request) {
        do {
            mutating.ask(request);
        } while (request.origin().rounds().next());
    }

    private AdmissionRequest request(
            Call call, Operation operation, @Nullable ObjectNode object, @Nullable ObjectNode old) {
        String name = call.request().name();
        if (name.isEmpty() && object != null) {
            name = Metadata.text(object, "name").isEmpty()
                    ? Metadata.text(object, "generateName")
                    : Metadata.text(object, "name");
        }
        return request(
                call,
                operation,
                call.endpoint().info().kind(),
                name,
                object,
                old,
                call.options().isDryRun(),
                () -> options(call, operation));
    }

    private AdmissionRequest request(
            Call call,
            Operation operation,
            String kind,
            String name,
            @Nullable ObjectNode object,
            @Nullable ObjectNode old,
            boolean dryRun,
            Supplier<JsonNode> options) {
        Endpoint endpoint = call.endpoint();
        ApiRequest request = call.request();
        // A namespace counts as being in itself.
        String namespace = endpoint.info().qualifiedName().equals("namespaces") ? name : request.namespace();
        return new AdmissionRequest(
                operation,
                endpoint.stored().group(),
                endpoint.stored().version(),
                kind,
                endpoint.info().plural(),
                request.subresource(),
                namespace,
                name,
                object,
                old,
                request.user(),
                dryRun,
                call::warn,
                new Origin(
                        endpoint.info(), options, new AdmissionForms(call, endpoints), call::annotate, new Rounds()));
    }

    private static ObjectNode options(Call call, Operation operation) {
        ObjectNode options = Json.object();
        options.put("kind", operation == Operation.CREATE ? "CreateOptions" : "UpdateOptions")
                .put("apiVersion", "meta.k8s.io/v1");
        RequestOptions given = call.options();
        given.dryRun().forEach(options.withArray("dryRun")::add);
        if (given.dryRun().isEmpty()) {
            options.remove("dryRun");
        }
        if (!given.fieldManager().isEmpty()) {
            options.put("fieldManager", given.fieldManager());
        }
        if (!given.fieldValidation().isEmpty()) {
            options.put("fieldValidation", given.fieldValidation());
        }
        return options;
    }
}
