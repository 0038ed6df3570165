package dev.amphora.controller.node;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.client.Informer;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Node;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells kubelets how long to keep secrets and maps, longer in larger clusters: the reference's {@code ttl-controller}. */
public final class NodeTtlController implements Controller {
    private static final String ANNOTATION = "node.alpha.kubernetes.io/ttl";

    private @Nullable ControlLoop<String> loop;

    @Override
    public String name() {
        return "ttl-controller";
    }

    @Override
    public void start(Context context) {
        Informer<Node> nodes = context.informers().of(Node.class);
        loop = new ControlLoop<String>(context.kernel(), name(), 1)
                .watch(nodes, KeyMapper.self(node -> node.getMetadata().getName()))
                .start(key -> {
                    nodes.find("", key).ifPresent(node -> annotate(context, nodes, node));
                    return Result.done();
                });
    }

    /** Seconds for a number of nodes. */
    static int seconds(int nodes) {
        if (nodes <= 100) {
            return 0;
        }
        return nodes <= 500 ? 15 : nodes <= 1000 ? 30 : nodes <= 2000 ? 60 : 300;
    }

    private static void annotate(Context context, Informer<Node> nodes, Node node) {
        String wanted = String.valueOf(seconds(nodes.size()));
        Map<String, String> annotations = node.getMetadata().getAnnotations();
        if (annotations == null || !wanted.equals(annotations.get(ANNOTATION))) {
            ObjectNode body = Json.object();
            body.putObject("metadata").putObject("annotations").put(ANNOTATION, wanted);
            context.client().patch(nodes.type(), null, node.getMetadata().getName(), Patch.strategic(body), null);
        }
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
