package dev.amphora.controller;

import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.Informer;
import dev.amphora.client.ListOptions;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.client.RateLimiter;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes a controller of a reconciler: says what it watches, and which of its objects each change concerns. Obtained from
 * {@link Controller#of}.
 *
 * <pre>{@code
 * Controller.of("website-controller", Website.class)
 *         .owns(Deployment.class)
 *         .owns(Service.class)
 *         .finalizer("example.dev/dns", (site, work) -> dns.remove(site))
 *         .reconciler((site, work) -> {
 *             work.apply(deployment(site));
 *             work.apply(service(site));
 *             return Result.done();
 *         });
 * }</pre>
 *
 * @param <T> the class of the objects that it drives
 */
public final class ControllerBuilder<T extends HasMetadata> {
    private final String name;
    private final ResourceType<T> type;
    private final List<Source<?>> sources = new ArrayList<>();
    private ChangeFilter<? super T> filter = ChangeFilter.all();
    private @Nullable String namespace;
    private ListOptions selection = ListOptions.all();
    private int workers = 1;
    private int maxRetries = Integer.MAX_VALUE;
    private Function<Kernel, RateLimiter<ObjectKey>> limiter = RateLimiter::forControllers;
    private @Nullable String finalizer;
    private ObjectReconciler<T> cleanup = (object, work) -> Result.done();

    /** What else is watched; without a mapper it is only read. */
    private record Source<O extends HasMetadata>(
            ResourceType<O> type, ChangeFilter<? super O> filter, @Nullable KeyMapper<? super O, ObjectKey> mapper) {}

    ControllerBuilder(String name, ResourceType<T> type) {
        this.name = name;
        this.type = type;
    }

    /** Looks again when an object changes that one of this controller's controls; {@link Reconciliation#owned} finds them. */
    public <O extends HasMetadata> ControllerBuilder<T> owns(Class<O> kind) {
        return owns(kind, ChangeFilter.all());
    }

    /** The same for some changes. */
    public <O extends HasMetadata> ControllerBuilder<T> owns(Class<O> kind, ChangeFilter<? super O> changes) {
        return add(ResourceType.of(kind), changes, KeyMapper.each(this::ownerOf));
    }

    /**
     * Looks again when an object changes that concerns one of this controller's in another way.
     *
     * @param mapper says which, such as {@code KeyMapper.each(secret -> sitesThatUse(secret))}
     */
    public <O extends HasMetadata> ControllerBuilder<T> watches(Class<O> kind, KeyMapper<? super O, ObjectKey> mapper) {
        return watches(kind, ChangeFilter.all(), mapper);
    }

    /** The same for some changes. */
    public <O extends HasMetadata> ControllerBuilder<T> watches(
            Class<O> kind, ChangeFilter<? super O> changes, KeyMapper<? super O, ObjectKey> mapper) {
        return add(ResourceType.of(kind), changes, mapper);
    }

    /** Keeps a kind at hand for {@link Reconciliation#find}, without looking again when it changes. */
    public ControllerBuilder<T> reads(Class<? extends HasMetadata> kind) {
        return add(ResourceType.of(kind), ChangeFilter.all(), null);
    }

    private <O extends HasMetadata> ControllerBuilder<T> add(
            ResourceType<O> kind, ChangeFilter<? super O> changes, @Nullable KeyMapper<? super O, ObjectKey> mapper) {
        sources.add(new Source<>(kind, changes, mapper));
        return this;
    }

    /** Which changes of its own objects it looks at; all unless set. {@link ChangeFilter#generation} spares those of the status. */
    public ControllerBuilder<T> when(ChangeFilter<? super T> changes) {
        this.filter = changes;
        return this;
    }

    /** Keeps to its own objects in one namespace. */
    public ControllerBuilder<T> inNamespace(String value) {
        this.namespace = value;
        return this;
    }

    /** Keeps to its own objects that a label selector selects, such as {@code team=web}. */
    public ControllerBuilder<T> selecting(String labelSelector) {
        this.selection = ListOptions.all().withLabels(labelSelector);
        return this;
    }

    /** How many objects are reconciled at a time; 1 unless set. */
    public ControllerBuilder<T> workers(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("there must be a worker");
        }
        this.workers = count;
        return this;
    }

    /** After how many failures in a row an object is let be until something changes; never unless set. */
    public ControllerBuilder<T> maxRetries(int count) {
        this.maxRetries = count;
        return this;
    }

    /** How long an object that failed waits; {@link RateLimiter#forControllers} unless set. */
    public ControllerBuilder<T> rateLimiter(Function<Kernel, RateLimiter<ObjectKey>> value) {
        this.limiter = value;
        return this;
    }

    /**
     * Holds back the deletion of its objects until what they stand for outside has been cleaned up: puts a finalizer on them before they
     * are reconciled for the first time.
     *
     * @param value the finalizer, such as {@code example.dev/dns}
     * @param work called for objects that are being deleted; may be called again after it was done. When it returns
     *     {@link Result#done} the finalizer is taken away
     */
    public ControllerBuilder<T> finalizer(String value, ObjectReconciler<T> work) {
        this.finalizer = value;
        this.cleanup = work;
        return this;
    }

    /**
     * The controller.
     *
     * @param reconciler called for objects that exist and are not being deleted
     */
    public Controller reconciler(ObjectReconciler<T> reconciler) {
        return new Built<>(this, reconciler);
    }

    private List<ObjectKey> ownerOf(HasMetadata object) {
        return OwnerReferences.controllerOf(object)
                .filter(owner ->
                        owner.getKind().equals(type.kind()) && groupOf(owner).equals(type.group()))
                .map(owner ->
                        ObjectKey.of(type.namespaced() ? object.getMetadata().getNamespace() : null, owner.getName()))
                .map(List::of)
                .orElse(List.of());
    }

    private static String groupOf(OwnerReference owner) {
        int slash = owner.getApiVersion().indexOf('/');
        return slash < 0 ? "" : owner.getApiVersion().substring(0, slash);
    }

    private static final class Built<T extends HasMetadata> implements Controller {
        private final ControllerBuilder<T> plan;
        private final ObjectReconciler<T> reconciler;
        private @Nullable ControlLoop<ObjectKey> loop;

        Built(ControllerBuilder<T> plan, ObjectReconciler<T> reconciler) {
            this.plan = plan;
            this.reconciler = reconciler;
        }

        @Override
        public String name() {
            return plan.name;
        }

        @Override
        public void start(Context context) {
            ControlLoop<ObjectKey> created = new ControlLoop<>(
                            context.kernel(), plan.name, plan.workers, plan.limiter.apply(context.kernel()))
                    .maxRetries(plan.maxRetries);
            Map<ResourceType<?>, Informer<?>> informers = new LinkedHashMap<>();
            Informer<T> own = context.informers().of(plan.type, plan.namespace, plan.selection);
            informers.put(plan.type, own);
            created.watch(own, KeyMapper.<T, ObjectKey>self(ObjectKey::of).when(plan.filter));
            for (Source<?> source : plan.sources) {
                watch(source, context, created, informers);
            }
            loop = created.start(key -> reconcile(key, context, created, own, informers));
        }

        private static <O extends HasMetadata> void watch(
                Source<O> source,
                Context context,
                ControlLoop<ObjectKey> loop,
                Map<ResourceType<?>, Informer<?>> informers) {
            Informer<O> informer = context.informers().of(source.type);
            informer.addIndex(Reconciliation.BY_CONTROLLER, object -> OwnerReferences.controllerOf(object)
                    .map(owner -> List.of(owner.getUid()))
                    .orElse(List.of()));
            informers.putIfAbsent(source.type, informer);
            if (source.mapper == null) {
                loop.uses(informer);
            } else {
                loop.watch(informer, source.mapper.when(source.filter));
            }
        }

        private Result reconcile(
                ObjectKey key,
                Context context,
                ControlLoop<ObjectKey> running,
                Informer<T> own,
                Map<ResourceType<?>, Informer<?>> informers) {
            Optional<T> found = own.find(key);
            if (found.isEmpty()) {
                return Result.done();
            }
            T object = found.get();
            Client client = new NotingClient(context.client(), running, key, informers);
            String finalizer = plan.finalizer;
            if (object.getMetadata().getDeletionTimestamp() != null) {
                if (finalizer == null || !Finalizers.has(object, finalizer)) {
                    return Result.done();
                }
                Result cleaned =
                        plan.cleanup.reconcile(object, new Reconciliation<>(object, context, client, informers));
                if (cleaned.isDone()) {
                    Finalizers.remove(client, object, finalizer);
                }
                return cleaned;
            }
            if (finalizer != null) {
                object = Finalizers.add(client, object, finalizer);
            }
            return reconciler.reconcile(object, new Reconciliation<>(object, context, client, informers));
        }

        @Override
        public void close() {
            ControlLoop<ObjectKey> running = loop;
            loop = null;
            if (running != null) {
                running.close();
            }
        }
    }
}
