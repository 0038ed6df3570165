package dev.amphora.samples.examples;

import dev.amphora.client.InformerHandler;
import dev.amphora.client.Informers;
import dev.amphora.kernel.Actor;
import dev.amphora.proxy.ServiceProxy;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A proxy that only tells where it would send connections. */
// README: proxy
public final class PrintingProxy implements ServiceProxy {
    private final Consumer<String> out;
    private @Nullable Informers informers;

    /** A proxy that tells somebody. */
    public PrintingProxy(Consumer<String> out) {
        this.out = out;
    }

    @Override
    public void start(Context context) {
        Actor actor = context.kernel().actor("proxy");
        informers = new Informers(context.client(), context.kernel());
        informers.of(EndpointSlice.class).addHandler(actor, InformerHandler.present(this::print));
    }

    private void print(EndpointSlice slice) {
        String service = slice.getMetadata().getLabels().get("kubernetes.io/service-name");
        slice.getEndpoints().stream()
                .filter(endpoint -> Boolean.TRUE.equals(endpoint.getConditions().getReady()))
                .forEach(endpoint -> out.accept(service + " -> " + endpoint.getAddresses()));
    }

    @Override
    public void close() {
        if (informers != null) {
            informers.close();
        }
    }
}
// end
