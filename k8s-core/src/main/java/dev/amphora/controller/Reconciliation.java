package dev.amphora.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One look at one object: what an {@link ObjectReconciler} reads, writes and tells with.
 *
 * <p>Reads come from the informers of the kinds that the controller watches, and may lag behind; but the next look waits until they
 * hold what this one has written.
 *
 * @param <T> the class of the object
 */
public final class Reconciliation<T extends HasMetadata> {
    /** On objects that {@link #apply} wrote: what was asked for then, in short. */
    public static final String APPLIED = "controller.amphora.dev/applied";

    static final String BY_CONTROLLER = "controller-uid";

    private final T object;
    private final Controller.Context context;
    private final Client client;
    private final Map<ResourceType<?>, Informer<?>> informers;

    Reconciliation(T object, Controller.Context context, Client client, Map<ResourceType<?>, Informer<?>> informers) {
        this.object = object;
        this.context = context;
        this.client = client;
        this.informers = informers;
    }

    /** The object that is looked at, as it was when the look began. */
    public T object() {
        return object;
    }

    /** The time on the kernel's clock. */
    public Instant now() {
        return context.kernel().instant();
    }

    /** To write with, and to read what informers don't hold. What it writes of watched kinds is awaited before the next look. */
    public Client client() {
        return client;
    }

    /**
     * The informer of a kind that the controller watches.
     *
     * @throws IllegalArgumentException if it doesn't
     */
    @SuppressWarnings("unchecked")
    public <O extends HasMetadata> Informer<O> informer(Class<O> kind) {
        Informer<?> informer = informers.get(ResourceType.of(kind));
        if (informer == null) {
            throw new IllegalArgumentException("the controller doesn't watch " + kind.getSimpleName());
        }
        return (Informer<O>) informer;
    }

    /** An object of a watched kind in the namespace of the one that is looked at. */
    public <O extends HasMetadata> Optional<O> find(Class<O> kind, String name) {
        Informer<O> informer = informer(kind);
        return informer.find(informer.type().namespaced() ? object.getMetadata().getNamespace() : null, name);
    }

    /** The objects of an owned kind that the one that is looked at controls, by namespace and name. */
    public <O extends HasMetadata> List<O> owned(Class<O> kind) {
        return informer(kind).byIndex(BY_CONTROLLER, object.getMetadata().getUid());
    }

    /**
     * Makes an object be as wanted, and the one that is looked at its controller: by server-side apply, without asking the server if the
     * informer shows that it is so already. What others set and this doesn't name stays as it is; what a former call named and this
     * doesn't goes.
     *
     * @param wanted with its name; it is not changed. Without a namespace it gets that of the one that is looked at
     * @return the object as it is now
     * @throws StatusException if somebody else's object has that name (a conflict), or the server refuses
     */
    public <O extends HasMetadata> O apply(O wanted) {
        O mine = Json.copy(wanted);
        ObjectMeta metadata = mine.getMetadata();
        ResourceType<O> type = ResourceType.of(mine);
        if (type.namespaced() && metadata.getNamespace() == null) {
            metadata.setNamespace(object.getMetadata().getNamespace());
        }
        metadata.setOwnerReferences(new ArrayList<>(List.of(OwnerReferences.controlledBy(object))));
        ObjectNode tree = Json.toTree(mine);
        tree.remove("status");
        String digest = Hashing.farmHashFingerprint64()
                .hashBytes(Json.write(Json.sorted(tree)))
                .toString();
        tree.withObject("/metadata").withObject("/annotations").put(APPLIED, digest);
        Informer<?> informer = informers.get(type);
        if (informer != null) {
            HasMetadata before = informer.find(ObjectKey.of(mine)).orElse(null);
            if (before != null) {
                refuseForeign(type, before);
                if (isPartOf(tree, Json.toTree(before))) {
                    return type.type().cast(before);
                }
            }
        }
        return client.patch(type, metadata.getNamespace(), metadata.getName(), Patch.forcedApply(tree), null);
    }

    private void refuseForeign(ResourceType<?> type, HasMetadata before) {
        OwnerReferences.controllerOf(before)
                .filter(owner -> !owner.getUid().equals(object.getMetadata().getUid()))
                .ifPresent(owner -> {
                    throw StatusException.conflict(
                            type.group(),
                            type.plural(),
                            before.getMetadata().getName(),
                            "it is controlled by " + owner.getKind() + " " + owner.getName());
                });
    }

    /** Whether all that a tree says stands in another, which may say more. Lists must be of one length. */
    private static boolean isPartOf(JsonNode part, JsonNode whole) {
        if (part.isObject()) {
            for (Iterator<Map.Entry<String, JsonNode>> each = part.fields(); each.hasNext(); ) {
                Map.Entry<String, JsonNode> field = each.next();
                if (!isPartOf(field.getValue(), whole.path(field.getKey()))) {
                    return false;
                }
            }
            return whole.isObject() || part.isEmpty();
        }
        if (part.isArray()) {
            if (part.size() != whole.size()) {
                return false;
            }
            for (int i = 0; i < part.size(); i++) {
                if (!isPartOf(part.get(i), whole.get(i))) {
                    return false;
                }
            }
            return whole.isArray() || part.isEmpty();
        }
        return Json.same(part, whole);
    }

    /**
     * Writes the status, if it changes.
     *
     * @param change sets the status of a copy
     * @return the object as it is now
     * @throws StatusException a conflict if somebody changed the object since it was read
     */
    public T updateStatus(Consumer<? super T> change) {
        T next = Json.copy(object);
        change.accept(next);
        if (Json.same(status(object), status(next))) {
            return object;
        }
        return client.updateStatus(next);
    }

    private static JsonNode status(HasMetadata object) {
        return Json.toTree(object).path("status");
    }

    /**
     * Sets a condition that was seen of the object's present generation; see {@link StatusConditions#set}.
     *
     * @param conditions the list of the status that is being written
     */
    public void condition(List<Condition> conditions, String type, boolean holds, String reason, String message) {
        StatusConditions.set(
                conditions,
                type,
                holds ? "True" : "False",
                reason,
                message,
                object.getMetadata().getGeneration(),
                now());
    }

    /** Tells people that all is well, by an Event about the object. */
    public void event(String reason, String message) {
        context.events().normal(object, reason, message);
    }

    /** Tells people that something needs attention, by an Event about the object. */
    public void warning(String reason, String message) {
        context.events().warning(object, reason, message);
    }
}
