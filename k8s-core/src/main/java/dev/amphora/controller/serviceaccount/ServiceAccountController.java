package dev.amphora.controller.serviceaccount;

import dev.amphora.client.Informer;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gives every active namespace the ServiceAccount {@code default}: the reference's {@code serviceaccount-controller}. */
public final class ServiceAccountController implements Controller {
    private static final String NAME = "default";

    private @Nullable ControlLoop<String> loop;

    @Override
    public String name() {
        return "serviceaccount-controller";
    }

    @Override
    public void start(Context context) {
        Informer<Namespace> namespaces = context.informers().of(Namespace.class);
        Informer<ServiceAccount> accounts = context.informers().of(ServiceAccount.class);
        ControlLoop<String> created = new ControlLoop<>(context.kernel(), name(), 1);
        loop = created.watch(
                        namespaces,
                        KeyMapper.self(namespace -> namespace.getMetadata().getName()))
                .watch(
                        accounts,
                        KeyMapper.each(
                                account -> NAME.equals(account.getMetadata().getName())
                                        ? List.of(account.getMetadata().getNamespace())
                                        : List.of()))
                .start(namespace -> {
                    if (NamespaceGifts.isActive(namespaces, namespace)
                            && accounts.find(namespace, NAME).isEmpty()) {
                        NamespaceGifts.create(
                                context.client(),
                                new ServiceAccountBuilder()
                                        .withNewMetadata()
                                        .withNamespace(namespace)
                                        .withName(NAME)
                                        .endMetadata()
                                        .build());
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
}
