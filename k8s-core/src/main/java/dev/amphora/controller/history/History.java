package dev.amphora.controller.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.Patch;
import dev.amphora.controller.Claims;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.LabelIndex;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Keeps the revisions of owners: finds them, adds to them, renumbers and prunes them. */
public final class History {
    private static final ResourceType<ControllerRevision> TYPE = ResourceType.of(ControllerRevision.class);

    private final Client client;
    private final ControlLoop<ObjectKey> loop;
    private final Informer<ControllerRevision> revisions;
    private final String hashLabel;

    /**
     * A history on a loop.
     *
     * @param revisions with the indexes of {@link Pods#indexed}
     * @param hashLabel the label of a revision that tells its hash
     */
    public History(
            Client client, ControlLoop<ObjectKey> loop, Informer<ControllerRevision> revisions, String hashLabel) {
        this.client = client;
        this.loop = loop;
        this.revisions = revisions;
        this.hashLabel = hashLabel;
    }

    /** The revisions of an owner, oldest first; orphans that match are adopted. */
    public List<ControllerRevision> of(ObjectKey key, HasMetadata owner, Selector selector) {
        return Revisions.sorted(Claims.plan(
                        owner,
                        selector,
                        revisions.byIndex(
                                Pods.BY_CONTROLLER, owner.getMetadata().getUid()),
                        revisions.byIndex(Pods.ORPHANS, LabelIndex.ofSelector(key.namespace(), selector)),
                        revision -> true)
                .carryOut(client, owner, TYPE, written -> loop.wrote(key, revisions, written)));
    }

    /** How a template's data is named. */
    @FunctionalInterface
    public interface Namer {
        /**
         * The hash.
         *
         * @param collisions how often it has turned out to be taken
         */
        String hash(JsonNode data, int collisions);
    }

    /**
     * What the history says of a template.
     *
     * @param newest the revision of the template
     * @param all every revision, oldest first
     * @param collisions how often a name has turned out to be taken
     */
    public record Found(ControllerRevision newest, List<ControllerRevision> all, int collisions) {}

    /**
     * Finds the revision of a template, or makes it. An old one that is equal is taken up again under a new number.
     *
     * @param known every revision of the owner, oldest first
     */
    public Found ensure(
            ObjectKey key,
            HasMetadata owner,
            PodTemplateSpec template,
            List<ControllerRevision> known,
            int collisions,
            Namer namer) {
        JsonNode data = Revisions.data(template);
        ControllerRevision equal = null;
        for (ControllerRevision revision : known) {
            if (Revisions.holds(revision, data)) {
                equal = revision;
            }
        }
        if (equal == null) {
            return create(key, owner, template, data, known, collisions, namer);
        }
        if (equal == known.get(known.size() - 1)) {
            return new Found(equal, known, collisions);
        }
        ObjectNode body = Json.object().put("revision", Revisions.next(known));
        body.putObject("metadata").put("uid", equal.getMetadata().getUid());
        ControllerRevision renumbered =
                client.patch(TYPE, key.namespace(), equal.getMetadata().getName(), Patch.merge(body), null);
        loop.wrote(key, revisions, renumbered);
        List<ControllerRevision> all = new ArrayList<>(known);
        all.remove(equal);
        all.add(renumbered);
        return new Found(renumbered, all, collisions);
    }

    private Found create(
            ObjectKey key,
            HasMetadata owner,
            PodTemplateSpec template,
            JsonNode data,
            List<ControllerRevision> known,
            int collisions,
            Namer namer) {
        for (int taken = collisions; ; taken++) {
            ControllerRevision wanted =
                    Revisions.of(owner, template, data, namer.hash(data, taken), hashLabel, Revisions.next(known));
            try {
                ControllerRevision created = client.create(wanted);
                loop.wrote(key, revisions, created);
                List<ControllerRevision> all = new ArrayList<>(known);
                all.add(created);
                return new Found(created, all, taken);
            } catch (StatusException e) {
                if (!e.isAlreadyExists()) {
                    throw e;
                }
                ControllerRevision holder =
                        client.get(TYPE, key.namespace(), wanted.getMetadata().getName());
                if (Revisions.holds(holder, data)) {
                    List<ControllerRevision> all = new ArrayList<>(known);
                    all.add(holder);
                    return new Found(holder, all, taken);
                }
            }
        }
    }

    /** Deletes the oldest revisions that nothing uses, so that no more than a number of them stay. */
    public void prune(ObjectKey key, List<ControllerRevision> all, Set<String> live, int limit) {
        for (ControllerRevision revision : Revisions.surplus(all, live, limit)) {
            try {
                client.delete(
                        TYPE,
                        key.namespace(),
                        revision.getMetadata().getName(),
                        DeleteOptions.defaults().onlyUid(revision.getMetadata().getUid()));
                loop.deleted(key, revisions, revision);
            } catch (StatusException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
            }
        }
    }
}
