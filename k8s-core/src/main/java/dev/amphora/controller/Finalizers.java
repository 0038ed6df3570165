package dev.amphora.controller;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.ArrayList;
import java.util.List;

/** Finalizers: an object that is deleted stays until everybody who put one has taken it away again. */
public final class Finalizers {
    private Finalizers() {}

    /** Whether an object carries a finalizer. */
    public static boolean has(HasMetadata object, String finalizer) {
        return of(object).contains(finalizer);
    }

    /**
     * Puts a finalizer on an object, if it has none of that name.
     *
     * @param object as it was read; it is not changed
     * @param finalizer such as {@code example.dev/cleanup}
     * @return the object as it is now
     * @throws dev.amphora.api.StatusException a conflict if somebody changed the object since it was read
     */
    public static <T extends HasMetadata> T add(Client client, T object, String finalizer) {
        if (has(object, finalizer)) {
            return object;
        }
        List<String> wanted = new ArrayList<>(of(object));
        wanted.add(finalizer);
        return write(client, object, wanted);
    }

    /**
     * Takes a finalizer off an object, if it is there. If it was the last one of an object that is being deleted, the object goes.
     *
     * @param object as it was read; it is not changed
     * @return the object as it is now, or was when it went
     * @throws dev.amphora.api.StatusException a conflict if somebody changed the object since it was read
     */
    public static <T extends HasMetadata> T remove(Client client, T object, String finalizer) {
        if (!has(object, finalizer)) {
            return object;
        }
        List<String> wanted = new ArrayList<>(of(object));
        wanted.remove(finalizer);
        return write(client, object, wanted);
    }

    private static List<String> of(HasMetadata object) {
        List<String> finalizers = object.getMetadata().getFinalizers();
        return finalizers == null ? List.of() : finalizers;
    }

    private static <T extends HasMetadata> T write(Client client, T object, List<String> finalizers) {
        ObjectMeta metadata = object.getMetadata();
        ObjectNode body = Json.object();
        ObjectNode change = body.putObject("metadata");
        change.put("uid", metadata.getUid()).put("resourceVersion", metadata.getResourceVersion());
        ArrayNode list = change.putArray("finalizers");
        finalizers.forEach(list::add);
        return client.patch(
                ResourceType.of(object), metadata.getNamespace(), metadata.getName(), Patch.merge(body), null);
    }
}
