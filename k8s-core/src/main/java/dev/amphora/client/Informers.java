package dev.amphora.client;

import dev.amphora.api.ResourceType;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A factory of informers that share: whoever asks for the same kind and selection gets the same {@link Informer}, so that a
 * kind is listed, watched and held once per factory. Safe for use from any thread.
 */
public final class Informers implements AutoCloseable {
    private final Client client;
    private final Kernel kernel;
    private final Map<Selection, Informer<?>> informers = new LinkedHashMap<>();
    private boolean closed;

    private record Selection(
            ResourceType<?> type, @Nullable String namespace, @Nullable String labels, @Nullable String fields) {}

    /**
     * A factory without informers.
     *
     * @param client whose rights the informers read with
     * @param kernel time, tasks and chance
     */
    public Informers(Client client, Kernel kernel) {
        this.client = client;
        this.kernel = kernel;
    }

    /** The client that the informers read with. */
    public Client client() {
        return client;
    }

    /** The informer over all objects of a model class. */
    public <T extends HasMetadata> Informer<T> of(Class<T> type) {
        return of(ResourceType.of(type));
    }

    /** The informer over all objects of a kind. */
    public <T extends HasMetadata> Informer<T> of(ResourceType<T> type) {
        return of(type, null, ListOptions.all());
    }

    /**
     * The informer over some objects of a kind. It starts when first asked for.
     *
     * @param namespace null or empty for all
     * @param selection the selectors count, the rest does not
     * @throws IllegalStateException if this factory is closed
     */
    @SuppressWarnings("unchecked")
    public <T extends HasMetadata> Informer<T> of(
            ResourceType<T> type, @Nullable String namespace, ListOptions selection) {
        String place = namespace == null || namespace.isEmpty() ? null : namespace;
        Selection key = new Selection(type, place, selection.labelSelector(), selection.fieldSelector());
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("the informers are closed");
            }
            Informer<?> known = informers.get(key);
            if (known != null) {
                return (Informer<T>) known;
            }
            Informer<T> informer = new Informer<>(
                    client,
                    kernel,
                    type,
                    place,
                    ListOptions.all().withLabels(selection.labelSelector()).withFields(selection.fieldSelector()));
            informers.put(key, informer);
            informer.start();
            return informer;
        }
    }

    /** Ends an informer that nobody needs any more, such as that of a kind which is no longer served. */
    public synchronized void stop(Informer<?> informer) {
        if (informers.values().remove(informer)) {
            informer.close();
        }
    }

    /** Ends all informers; no handler is called any more. Idempotent. */
    @Override
    public void close() {
        List<Informer<?>> all;
        synchronized (this) {
            closed = true;
            all = new ArrayList<>(informers.values());
            informers.clear();
        }
        all.forEach(Informer::close);
    }
}
