package dev.amphora.controller.namespace;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.ListOptions;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.NamespaceStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Empties namespaces that are being deleted and then lets them go: the reference's {@code namespace-controller}. */
public final class NamespaceController implements Controller {
    private static final ResourceType<Namespace> NAMESPACES = ResourceType.of(Namespace.class);
    private static final String TOKEN = "kubernetes";
    private static final Duration SETTLE = Duration.ofSeconds(5);
    private static final int WORKERS = 10;

    private final Supplier<? extends List<? extends ResourceType<?>>> types;
    private @Nullable ControlLoop<String> loop;

    /**
     * A controller that does not yet run.
     *
     * @param types every kind that the server serves and that can be deleted, one version each; read at each pass. Kinds without
     *     namespace are skipped
     */
    public NamespaceController(Supplier<? extends List<? extends ResourceType<?>>> types) {
        this.types = types;
    }

    @Override
    public String name() {
        return "namespace-controller";
    }

    @Override
    public void start(Context context) {
        ControlLoop<String> created = new ControlLoop<>(context.kernel(), name(), WORKERS);
        loop = created;
        // the rest of the control plane gets a moment to see that the namespace is closed
        created.watch(context.informers().of(NAMESPACES), (old, now, keys) -> {
                    if (now != null && Pods.isTerminating(now)) {
                        created.addAfter(now.getMetadata().getName(), SETTLE);
                    }
                })
                .start(name -> reconcile(context, name));
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    private Result reconcile(Context context, String name) {
        Client client = context.client();
        Namespace namespace = client.find(NAMESPACES, null, name).orElse(null);
        if (namespace == null || !Pods.isTerminating(namespace)) {
            return Result.done();
        }
        List<String> finalizers = finalizers(namespace);
        if (finalizers.isEmpty()) {
            return Result.done();
        }
        NamespaceConditions.Pass pass = empty(client, name);
        List<NamespaceCondition> before =
                namespace.getStatus() == null ? null : namespace.getStatus().getConditions();
        List<NamespaceCondition> after =
                NamespaceConditions.after(pass, before, context.kernel().instant());
        Namespace current = namespace;
        if (!Objects.equals(before, after)) {
            NamespaceStatus status = new NamespaceStatus();
            status.setPhase("Terminating");
            status.setConditions(after);
            current = client.updateStatus(new Namespace(
                    namespace.getApiVersion(),
                    namespace.getKind(),
                    namespace.getMetadata(),
                    namespace.getSpec(),
                    status));
        }
        if (pass.hasErrors()) {
            return Result.retry();
        }
        if (pass.waitSeconds() > 0) {
            return Result.requeueAfter(Duration.ofSeconds(pass.waitSeconds() / 2 + 1));
        }
        if (finalizers.contains(TOKEN)) {
            letGo(client, current);
        }
        return Result.done();
    }

    private static List<String> finalizers(Namespace namespace) {
        return namespace.getSpec() == null || namespace.getSpec().getFinalizers() == null
                ? List.of()
                : namespace.getSpec().getFinalizers();
    }

    /** Deletes the content. As long as pods remain nothing else is touched, and the conditions don't count them. */
    private NamespaceConditions.Pass empty(Client client, String namespace) {
        NamespaceConditions.Pass pass = new NamespaceConditions.Pass(namespace);
        List<ResourceType<?>> ordered = new ArrayList<>();
        for (ResourceType<?> type : types.get()) {
            if (type.namespaced()) {
                ordered.add(isPods(type) ? 0 : ordered.size(), type);
            }
        }
        for (ResourceType<?> type : ordered) {
            try {
                NamespaceConditions.Remains remains = empty(client, type, namespace);
                if (isPods(type) && remains.remaining() > 0) {
                    NamespaceConditions.Pass waiting = new NamespaceConditions.Pass(namespace);
                    waiting.await(remains.waitSeconds());
                    return waiting;
                }
                pass.add(type, remains);
            } catch (StatusException e) {
                pass.failed(String.valueOf(e.getMessage()));
            }
        }
        return pass;
    }

    private static boolean isPods(ResourceType<?> type) {
        return type.group().isEmpty() && type.plural().equals("pods");
    }

    private static NamespaceConditions.Remains empty(Client client, ResourceType<?> type, String namespace) {
        DeleteOptions background = DeleteOptions.defaults().withPropagation("Background");
        try {
            client.deleteAll(type, namespace, background, ListOptions.all());
        } catch (StatusException e) {
            if (e.code() != 405) {
                throw e;
            }
            for (HasMetadata object :
                    client.list(type, namespace, ListOptions.all()).items()) {
                delete(client, type, namespace, object.getMetadata().getName(), background);
            }
        }
        return NamespaceConditions.Remains.of(
                client.list(type, namespace, ListOptions.all()).items());
    }

    private static void delete(Client client, ResourceType<?> type, String namespace, String name, DeleteOptions how) {
        try {
            client.delete(type, namespace, name, how);
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    private static void letGo(Client client, Namespace namespace) {
        List<String> rest = new ArrayList<>(finalizers(namespace));
        rest.remove(TOKEN);
        Namespace finalized = new NamespaceBuilder(namespace)
                .editOrNewSpec()
                .withFinalizers(rest)
                .endSpec()
                .build();
        ObjectNode body = Json.toTree(finalized);
        try {
            client.subresource(NAMESPACES, null, namespace.getMetadata().getName(), "finalize", body, true);
        } catch (StatusException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }
}
