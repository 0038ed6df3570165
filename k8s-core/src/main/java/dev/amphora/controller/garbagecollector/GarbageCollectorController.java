package dev.amphora.controller.garbagecollector;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.EventRecorder;
import dev.amphora.client.Informer;
import dev.amphora.client.OwnerReferences;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes what has lost its owners, holds owners back until their dependents are gone, or frees the dependents, as each deletion
 * asks: the reference's {@code garbage-collector-controller}.
 */
public final class GarbageCollectorController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(GarbageCollectorController.class);
    private static final Duration RESYNC = Duration.ofSeconds(30);
    private static final int WORKERS = 5;
    private static final int ATTEMPTS = 5;

    private final Supplier<? extends List<? extends ResourceType<?>>> types;
    private @Nullable Run run;

    /**
     * A controller that does not yet run.
     *
     * @param types every kind that can be listed, watched and deleted, one version each; read again every 30 s. Kinds that the
     *     program has a model class for should come with it, so that their objects are shared with the other controllers' informers
     */
    public GarbageCollectorController(Supplier<? extends List<? extends ResourceType<?>>> types) {
        this.types = types;
    }

    @Override
    public String name() {
        return "garbage-collector-controller";
    }

    @Override
    public void start(Context context) {
        run = new Run(context, name());
    }

    @Override
    public void close() {
        if (run != null) {
            run.loop.close();
        }
    }

    private static boolean isIgnored(ResourceType<?> type) {
        return type.plural().equals("events")
                && (type.group().isEmpty() || type.group().equals("events.k8s.io"));
    }

    private final class Run {
        private final Client client;
        private final Context context;
        private final OwnerGraph graph = new OwnerGraph();
        private final ControlLoop<OwnerGraph.Task> loop;
        // a kind by what references call it; touched by the loop's actor and read by the workers
        private volatile Map<String, ResourceType<?>> kinds = Map.of();
        private final Set<ResourceType<?>> followed = new HashSet<>();

        Run(Context context, String name) {
            this.context = context;
            this.client = context.client();
            this.loop = new ControlLoop<>(context.kernel(), name, WORKERS);
            follow();
            loop.start(this::reconcile);
            loop.actor().schedule(RESYNC, this::refollow);
        }

        private void refollow() {
            follow();
            loop.actor().schedule(RESYNC, this::refollow);
        }

        private void follow() {
            Map<String, ResourceType<?>> served = new LinkedHashMap<>();
            for (ResourceType<?> type : types.get()) {
                served.put(type.apiVersion() + "/" + type.kind(), type);
                if (!isIgnored(type) && followed.add(type)) {
                    follow(type);
                }
            }
            kinds = served;
        }

        private <T extends HasMetadata> void follow(ResourceType<T> type) {
            Informer<T> informer = context.informers().of(type);
            loop.watch(informer, (old, now, tasks) -> {
                OwnerGraph.Effects effects;
                if (now != null) {
                    effects = graph.observe(OwnerGraph.Identity.of(type.apiVersion(), type.kind(), now), now);
                } else if (old != null) {
                    effects = graph.remove(old.getMetadata().getUid());
                } else {
                    return;
                }
                carryOn(effects, tasks);
            });
        }

        private void carryOn(OwnerGraph.Effects effects, java.util.function.Consumer<OwnerGraph.Task> tasks) {
            effects.tasks().forEach(tasks);
            effects.misplaced().forEach(this::report);
        }

        private void report(OwnerGraph.Misplaced misplaced) {
            OwnerGraph.Identity dependent = misplaced.dependent();
            OwnerReference reference = misplaced.reference();
            EventRecorder events = context.events();
            events.record(
                    new ObjectReferenceBuilder()
                            .withApiVersion(dependent.apiVersion())
                            .withKind(dependent.kind())
                            .withNamespace(dependent.namespace())
                            .withName(dependent.name())
                            .withUid(dependent.uid())
                            .build(),
                    "Warning",
                    "OwnerRefInvalidNamespace",
                    "ownerRef [%s/%s, namespace: %s, name: %s, uid: %s] does not exist in namespace \"%s\""
                            .formatted(
                                    reference.getApiVersion(),
                                    reference.getKind(),
                                    dependent.namespace(),
                                    reference.getName(),
                                    reference.getUid(),
                                    dependent.namespace()));
        }

        private Result reconcile(OwnerGraph.Task task) {
            if (task instanceof OwnerGraph.Orphan orphan) {
                return orphan(orphan.uid());
            }
            return collect(((OwnerGraph.Collect) task).uid());
        }

        // -- collecting ----------------------------------------------------------------------------------------------

        private Result collect(String uid) {
            OwnerGraph.View item = graph.view(uid);
            if (item == null || (item.beingDeleted() && !item.deletingDependents())) {
                return Result.done();
            }
            ResourceType<?> type = kinds.get(
                    item.identity().apiVersion() + "/" + item.identity().kind());
            if (type == null) {
                // not served, or not yet known to be: what it owns is left alone
                return Result.retry();
            }
            HasMetadata latest = live(type, item.identity());
            if (latest == null) {
                carryOn(graph.remove(uid), loop::add);
                return Result.done();
            }
            if (item.deletingDependents()) {
                return awaitDependents(type, item, latest);
            }
            judge(type, item, latest);
            return item.observed() ? Result.done() : Result.retry();
        }

        /** The object as it is now; null if it is gone or another has its name. */
        private @Nullable HasMetadata live(ResourceType<?> type, OwnerGraph.Identity identity) {
            return client.find(type, type.namespaced() ? identity.namespace() : null, identity.name())
                    .map(HasMetadata.class::cast)
                    .filter(found -> identity.uid().equals(found.getMetadata().getUid()))
                    .orElse(null);
        }

        private Result awaitDependents(ResourceType<?> type, OwnerGraph.View item, HasMetadata latest) {
            List<OwnerGraph.View> blocking = graph.blocking(item.identity().uid());
            if (blocking.isEmpty()) {
                removeFinalizer(type, item.identity(), latest, OwnerGraph.FOREGROUND);
                return Result.done();
            }
            for (OwnerGraph.View dependent : blocking) {
                if (!dependent.deletingDependents()) {
                    loop.add(new OwnerGraph.Collect(dependent.identity().uid()));
                }
            }
            return Result.done();
        }

        private void judge(ResourceType<?> type, OwnerGraph.View item, HasMetadata latest) {
            List<OwnerReference> owners = OwnerReferences.of(latest);
            if (owners.isEmpty()) {
                return;
            }
            for (OwnerReference reference : owners) {
                ResourceType<?> ownerType = kinds.get(reference.getApiVersion() + "/" + reference.getKind());
                if (ownerType == null) {
                    throw StatusException.notFound("", reference.getKind(), reference.getName());
                }
                if (ownerType.namespaced() && item.identity().namespace().isEmpty()) {
                    log.debug("{} has a namespaced owner and is never collected", item.identity());
                    return;
                }
            }
            References references = References.classify(
                    owners, reference -> owner(reference, item.identity().namespace()));
            if (!references.solid().isEmpty()) {
                if (!references.superfluous().isEmpty()) {
                    removeReferences(type, item.identity(), latest, references.superfluous());
                }
                return;
            }
            List<OwnerGraph.View> dependents = graph.dependents(item.identity().uid());
            if (!references.waiting().isEmpty() && !dependents.isEmpty()) {
                if (dependents.stream().anyMatch(OwnerGraph.View::deletingDependents)) {
                    // a cycle of deletions that wait for each other
                    unblock(type, item.identity(), latest);
                }
                delete(type, item.identity(), latest, "Foreground");
            } else if (OwnerGraph.hasFinalizer(latest, OwnerGraph.ORPHAN)) {
                delete(type, item.identity(), latest, "Orphan");
            } else if (OwnerGraph.hasFinalizer(latest, OwnerGraph.FOREGROUND)) {
                delete(type, item.identity(), latest, "Foreground");
            } else {
                delete(type, item.identity(), latest, "Background");
            }
        }

        private Optional<? extends HasMetadata> owner(OwnerReference reference, String namespace) {
            ResourceType<?> type = kinds.get(reference.getApiVersion() + "/" + reference.getKind());
            return type == null
                    ? Optional.empty()
                    : client.find(type, type.namespaced() ? namespace : null, reference.getName());
        }

        private void delete(
                ResourceType<?> type, OwnerGraph.Identity identity, HasMetadata latest, String propagation) {
            try {
                client.delete(
                        type,
                        identity.namespace(),
                        identity.name(),
                        DeleteOptions.defaults()
                                .withPropagation(propagation)
                                .onlyUid(latest.getMetadata().getUid()));
            } catch (StatusException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
            }
        }

        // -- orphaning -----------------------------------------------------------------------------------------------

        private Result orphan(String uid) {
            OwnerGraph.View owner = graph.view(uid);
            if (owner == null) {
                return Result.done();
            }
            ResourceType<?> type = kinds.get(
                    owner.identity().apiVersion() + "/" + owner.identity().kind());
            if (type == null) {
                return Result.retry();
            }
            for (OwnerGraph.View dependent : graph.dependents(uid)) {
                ResourceType<?> kind = kinds.get(dependent.identity().apiVersion() + "/"
                        + dependent.identity().kind());
                HasMetadata latest = kind == null ? null : live(kind, dependent.identity());
                if (kind != null && latest != null) {
                    removeReferences(kind, dependent.identity(), latest, List.of(uid));
                }
            }
            HasMetadata latest = live(type, owner.identity());
            if (latest != null) {
                removeFinalizer(type, owner.identity(), latest, OwnerGraph.ORPHAN);
            }
            return Result.done();
        }

        // -- patches, each conditional on the version it was made for ------------------------------------------------

        private interface Change {
            /** The members of metadata that change; null if there is nothing to change. */
            @Nullable ObjectNode of(HasMetadata latest);
        }

        private void removeReferences(
                ResourceType<?> type, OwnerGraph.Identity identity, HasMetadata latest, List<String> uids) {
            patch(type, identity, latest, object -> {
                ObjectNode metadata = Json.object();
                ArrayNode rest = metadata.putArray("ownerReferences");
                for (OwnerReference reference : OwnerReferences.of(object)) {
                    if (!uids.contains(reference.getUid())) {
                        rest.add(Json.toTree(reference));
                    }
                }
                return rest.size() == OwnerReferences.of(object).size() ? null : metadata;
            });
        }

        private void unblock(ResourceType<?> type, OwnerGraph.Identity identity, HasMetadata latest) {
            patch(type, identity, latest, object -> {
                ObjectNode metadata = Json.object();
                ArrayNode references = metadata.putArray("ownerReferences");
                for (OwnerReference reference : OwnerReferences.of(object)) {
                    references.add(Json.toTree(reference).put("blockOwnerDeletion", false));
                }
                return metadata;
            });
        }

        private void removeFinalizer(
                ResourceType<?> type, OwnerGraph.Identity identity, HasMetadata latest, String finalizer) {
            patch(type, identity, latest, object -> {
                if (!OwnerGraph.hasFinalizer(object, finalizer)) {
                    return null;
                }
                ObjectNode metadata = Json.object();
                ArrayNode rest = metadata.putArray("finalizers");
                object.getMetadata().getFinalizers().stream()
                        .filter(each -> !each.equals(finalizer))
                        .forEach(rest::add);
                return metadata;
            });
        }

        private void patch(ResourceType<?> type, OwnerGraph.Identity identity, HasMetadata latest, Change change) {
            HasMetadata current = latest;
            for (int attempt = 1; current != null; attempt++) {
                ObjectNode metadata = change.of(current);
                if (metadata == null) {
                    return;
                }
                metadata.put("uid", current.getMetadata().getUid());
                metadata.put("resourceVersion", current.getMetadata().getResourceVersion());
                ObjectNode body = Json.object();
                body.set("metadata", metadata);
                try {
                    client.patch(type, identity.namespace(), identity.name(), Patch.merge(body), null);
                    return;
                } catch (StatusException e) {
                    if (e.isNotFound()) {
                        return;
                    }
                    if (!e.isConflict() || attempt == ATTEMPTS) {
                        throw e;
                    }
                    current = live(type, identity);
                }
            }
        }
    }
}
