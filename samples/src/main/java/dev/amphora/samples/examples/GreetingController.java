package dev.amphora.samples.examples;

import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A controller: every namespace labelled {@code greet} has a ConfigMap {@code greeting}, whatever happens to it. */
// README: controller
public final class GreetingController implements Controller {
    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "greeting-controller";
    }

    @Override
    public void start(Context context) {
        var namespaces = context.informers().of(Namespace.class);
        var maps = context.informers().of(ConfigMap.class);
        loop = new ControlLoop<ObjectKey>(context.kernel(), name(), 1)
                .watch(namespaces, KeyMapper.self(ObjectKey::of))
                .watch(
                        maps,
                        KeyMapper.self(
                                map -> new ObjectKey("", map.getMetadata().getNamespace())))
                .start(key -> {
                    boolean wanted = namespaces
                            .find(key)
                            .map(Namespace::getMetadata)
                            .filter(metadata -> metadata.getDeletionTimestamp() == null)
                            .filter(metadata -> metadata.getLabels().containsKey("greet"))
                            .isPresent();
                    if (wanted && maps.find(key.name(), "greeting").isEmpty()) {
                        context.client().create(greeting(key.name()));
                    }
                    return Result.done();
                });
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
    // end

    private static ConfigMap greeting(String namespace) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName("greeting")
                .endMetadata()
                .withData(Map.of("text", "Hello, " + namespace))
                .build();
    }
}
