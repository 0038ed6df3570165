package dev.amphora.controller.node;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.client.Informer;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Node;
import java.util.Map;

/** Keeps the old names of a node's labels for its operating system and architecture equal to the new ones. */
final class NodeLabels {
    private NodeLabels() {}

    static ControlLoop<String> start(Controller.Context context, String name) {
        Informer<Node> nodes = context.informers().of(Node.class);
        return new ControlLoop<String>(context.kernel(), name, 1)
                .watch(nodes, KeyMapper.self(node -> node.getMetadata().getName()))
                .start(key -> {
                    nodes.find("", key).ifPresent(node -> reconcile(context, node));
                    return Result.done();
                });
    }

    private static void reconcile(Controller.Context context, Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        if (labels == null || Pods.isTerminating(node)) {
            return;
        }
        ObjectNode body = Json.object();
        ObjectNode wanted = body.putObject("metadata").putObject("labels");
        for (String name : new String[] {"os", "arch"}) {
            String value = labels.get("kubernetes.io/" + name);
            if (value != null && !value.equals(labels.get("beta.kubernetes.io/" + name))) {
                wanted.put("beta.kubernetes.io/" + name, value);
            }
        }
        if (!wanted.isEmpty()) {
            context.client()
                    .patch(
                            context.informers().of(Node.class).type(),
                            null,
                            node.getMetadata().getName(),
                            Patch.strategic(body),
                            null);
        }
    }
}
