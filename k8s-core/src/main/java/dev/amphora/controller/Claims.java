package dev.amphora.controller;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.OwnerReferences;
import dev.amphora.client.Patch;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Which objects an owner controls, takes on, and lets go: the controller reference decides, orphans that match are adopted, owned
 * ones that no longer match are released.
 *
 * @param <T> the class of the objects
 * @param keep controlled and matching
 * @param adopt matching orphans
 * @param release controlled but no longer matching
 */
public record Claims<T extends HasMetadata>(List<T> keep, List<T> adopt, List<T> release) {

    /**
     * Decides, without doing anything.
     *
     * @param owner who claims; neither adopts nor releases once it is being deleted
     * @param selector what it wants
     * @param owned objects that it controls
     * @param orphans objects that nobody controls
     * @param adoptable which orphans may be adopted at all
     */
    public static <T extends HasMetadata> Claims<T> plan(
            HasMetadata owner, Selector selector, List<T> owned, List<T> orphans, Predicate<T> adoptable) {
        boolean going = Pods.isTerminating(owner);
        List<T> keep = new ArrayList<>();
        List<T> adopt = new ArrayList<>();
        List<T> release = new ArrayList<>();
        for (T object : owned) {
            if (selector.matches(object.getMetadata().getLabels())) {
                keep.add(object);
            } else if (!going) {
                release.add(object);
            }
        }
        if (!going) {
            for (T object : orphans) {
                if (selector.matches(object.getMetadata().getLabels())
                        && !Pods.isTerminating(object)
                        && adoptable.test(object)) {
                    adopt.add(object);
                }
            }
        }
        return new Claims<>(keep, adopt, release);
    }

    /**
     * Adopts and releases.
     *
     * @param client to write with; the owner is read afresh before the first adoption
     * @param owner who claims
     * @param type the kind of the objects
     * @param written told of every write
     * @return what the owner controls now: kept and adopted, as the informer knows or the server answered
     * @throws StatusException if the server refuses, or if the owner turns out to be going or gone
     */
    public List<T> carryOut(Client client, HasMetadata owner, ResourceType<T> type, Consumer<T> written) {
        List<T> claimed = new ArrayList<>(keep);
        if (!adopt.isEmpty()) {
            checkAlive(client, owner);
        }
        for (T object : adopt) {
            patch(client, type, object, adoption(owner, object)).ifPresent(adopted -> {
                written.accept(adopted);
                claimed.add(adopted);
            });
        }
        for (T object : release) {
            try {
                patch(client, type, object, releasing(owner, object)).ifPresent(written);
            } catch (StatusException e) {
                // 422: it has another uid by now, or no such reference any more
                if (e.code() != 422) {
                    throw e;
                }
            }
        }
        return claimed;
    }

    private static void checkAlive(Client client, HasMetadata owner) {
        ResourceType<?> type = ResourceType.of(owner);
        HasMetadata fresh = client.get(
                type, owner.getMetadata().getNamespace(), owner.getMetadata().getName());
        if (!owner.getMetadata().getUid().equals(fresh.getMetadata().getUid()) || Pods.isTerminating(fresh)) {
            throw StatusException.conflict(
                    type.group(), type.plural(), owner.getMetadata().getName(), "it is being deleted or was replaced");
        }
    }

    private static <T extends HasMetadata> Optional<T> patch(
            Client client, ResourceType<T> type, T object, ObjectNode body) {
        try {
            return Optional.of(client.patch(
                    type,
                    object.getMetadata().getNamespace(),
                    object.getMetadata().getName(),
                    Patch.strategic(body),
                    null));
        } catch (StatusException e) {
            if (e.isNotFound()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static ObjectNode adoption(HasMetadata owner, HasMetadata object) {
        ObjectNode body = Json.object();
        ObjectNode metadata = body.putObject("metadata");
        metadata.put("uid", object.getMetadata().getUid());
        metadata.putArray("ownerReferences").add(Json.toTree(OwnerReferences.controlledBy(owner)));
        return body;
    }

    private static ObjectNode releasing(HasMetadata owner, HasMetadata object) {
        ObjectNode body = Json.object();
        ObjectNode metadata = body.putObject("metadata");
        metadata.put("uid", object.getMetadata().getUid());
        metadata.putArray("ownerReferences")
                .addObject()
                .put("$patch", "delete")
                .put("uid", owner.getMetadata().getUid());
        return body;
    }
}
