package dev.amphora.controller.endpoints;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the slices of a Service that a controller manages, and carries plans out. */
final class SliceWriter {
    private static final ResourceType<EndpointSlice> SLICES = ResourceType.of(EndpointSlice.class);

    private final Client client;
    private final Informer<EndpointSlice> slices;
    private final String manager;

    SliceWriter(Client client, Informer<EndpointSlice> slices, String manager) {
        this.client = client;
        this.slices = slices;
        this.manager = manager;
        slices.addIndex(manager, slice -> serviceOf(slice));
    }

    /** The Service that a slice of this manager belongs to, as an index key; none if it is somebody else's. */
    private List<String> serviceOf(EndpointSlice slice) {
        ObjectKey key = key(slice);
        return key == null ? List.of() : List.of(key.toString());
    }

    List<ObjectKey> keys(EndpointSlice slice) {
        ObjectKey key = key(slice);
        return key == null ? List.of() : List.of(key);
    }

    private @Nullable ObjectKey key(EndpointSlice slice) {
        if (slice.getMetadata().getLabels() == null
                || !manager.equals(slice.getMetadata().getLabels().get(SlicePlanner.MANAGED_BY))) {
            return null;
        }
        String service = slice.getMetadata().getLabels().get(SlicePlanner.SERVICE_NAME);
        return service == null ? null : ObjectKey.of(slice.getMetadata().getNamespace(), service);
    }

    List<EndpointSlice> of(ObjectKey service) {
        return slices.byIndex(manager, service.toString()).stream()
                .filter(slice -> slice.getMetadata().getDeletionTimestamp() == null)
                .toList();
    }

    /** Writes; creations in a namespace that is on its way out are given up quietly. */
    void carryOut(SlicePlanner.Plan plan, ObjectKey service, ControlLoop<ObjectKey> loop) {
        for (EndpointSlice slice : plan.create()) {
            try {
                loop.wrote(service, slices, client.create(slice));
            } catch (StatusException e) {
                if (e.hasCause("NamespaceTerminating")) {
                    return;
                }
                throw e;
            }
        }
        for (EndpointSlice slice : plan.update()) {
            loop.wrote(service, slices, client.update(slice));
        }
        for (EndpointSlice slice : plan.delete()) {
            try {
                client.delete(
                        SLICES,
                        slice.getMetadata().getNamespace(),
                        slice.getMetadata().getName(),
                        DeleteOptions.defaults());
            } catch (StatusException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
            }
            loop.deleted(service, slices, slice);
        }
    }
}
