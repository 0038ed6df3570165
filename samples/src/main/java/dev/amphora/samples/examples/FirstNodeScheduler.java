package dev.amphora.samples.examples;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.InformerHandler;
import dev.amphora.client.Informers;
import dev.amphora.client.ListOptions;
import dev.amphora.client.ObjectKey;
import dev.amphora.kernel.Actor;
import dev.amphora.scheduler.Scheduler;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import org.jspecify.annotations.Nullable;

/** A whole scheduler: binds each pod to the first node there is. */
// README: scheduler
public final class FirstNodeScheduler implements Scheduler {
    private @Nullable Informers informers;

    @Override
    public void start(Context context) {
        Actor actor = context.kernel().actor("first-node");
        informers = new Informers(context.client(), context.kernel());
        var unbound = ListOptions.all().withFields("spec.nodeName=");
        informers
                .of(ResourceType.of(Pod.class), null, unbound)
                .addHandler(actor, InformerHandler.present(pod -> bind(context, ObjectKey.of(pod))));
    }

    private static void bind(Context context, ObjectKey pod) {
        var nodes = context.client().list(ResourceType.of(Node.class), null, ListOptions.all());
        var binding = Json.object().put("apiVersion", "v1").put("kind", "Binding");
        binding.putObject("metadata").put("name", pod.name());
        binding.putObject("target")
                .put("kind", "Node")
                .put("name", nodes.items().get(0).getMetadata().getName());
        context.client()
                .subresource(ResourceType.of(Pod.class), pod.namespace(), pod.name(), "binding", binding, false);
    }

    @Override
    public void close() {
        if (informers != null) {
            informers.close();
        }
    }
}
// end
