package dev.amphora.controller.serviceaccount;

import dev.amphora.client.Informer;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the cluster's certificate authority as the ConfigMap {@code kube-root-ca.crt} of every active namespace, and restores it
 * when somebody edits it: the reference's {@code root-ca-certificate-publisher-controller}.
 */
public final class RootCaPublisher implements Controller {
    private static final String NAME = "kube-root-ca.crt";
    private static final String DESCRIPTION = "kubernetes.io/description";
    private static final String TEXT =
            "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal"
                    + " service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes"
                    + " clusters.";

    private final Supplier<String> authority;
    private @Nullable ControlLoop<String> loop;

    /**
     * A publisher that does not yet run.
     *
     * @param authority the certificates in PEM form; read whenever a namespace is looked at
     */
    public RootCaPublisher(Supplier<String> authority) {
        this.authority = authority;
    }

    @Override
    public String name() {
        return "root-ca-certificate-publisher-controller";
    }

    @Override
    public void start(Context context) {
        Informer<Namespace> namespaces = context.informers().of(Namespace.class);
        Informer<ConfigMap> maps = context.informers().of(ConfigMap.class);
        ControlLoop<String> created = new ControlLoop<>(context.kernel(), name(), 1);
        loop = created.watch(
                        namespaces,
                        KeyMapper.self(namespace -> namespace.getMetadata().getName()))
                .watch(
                        maps,
                        KeyMapper.each(map -> NAME.equals(map.getMetadata().getName())
                                ? List.of(map.getMetadata().getNamespace())
                                : List.of()))
                .start(namespace -> {
                    if (NamespaceGifts.isActive(namespaces, namespace)) {
                        publish(context, namespace, maps.find(namespace, NAME).orElse(null));
                    }
                    return Result.done();
                });
    }

    private void publish(Context context, String namespace, @Nullable ConfigMap present) {
        Map<String, String> data = Map.of("ca.crt", authority.get());
        if (present == null) {
            NamespaceGifts.create(
                    context.client(),
                    new ConfigMapBuilder()
                            .withNewMetadata()
                            .withNamespace(namespace)
                            .withName(NAME)
                            .addToAnnotations(DESCRIPTION, TEXT)
                            .endMetadata()
                            .withData(data)
                            .build());
            return;
        }
        Map<String, String> annotations = present.getMetadata().getAnnotations();
        if (data.equals(present.getData())
                && annotations != null
                && Objects.equals(annotations.get(DESCRIPTION), TEXT)) {
            return;
        }
        context.client()
                .update(new ConfigMapBuilder(present)
                        .editMetadata()
                        .addToAnnotations(DESCRIPTION, TEXT)
                        .endMetadata()
                        .withData(data)
                        .build());
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
