package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.customresource.Definition;
import dev.amphora.apiserver.customresource.NamePlan;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that definitions get their names and are served, in the thread of the write that makes it so, and that the objects of
 * a deleted definition go before it does.
 */
final class DefinitionKeeper {
    private static final Logger log = LoggerFactory.getLogger(DefinitionKeeper.class);
    private static final Duration SOON = Duration.ofMillis(100);
    private static final Duration AGAIN = Duration.ofSeconds(5);
    private static final int MAX_ATTEMPTS = 10;

    private final Kernel kernel;
    private final Endpoints endpoints;
    private final Writes writes;
    private final Reads reads;
    private final Consumer<ObjectNode> statusWriter;
    private final CollectionEraser eraser;
    private final Actor actor;

    /** Deletes all objects of a resource in a namespace. */
    @FunctionalInterface
    interface CollectionEraser {
        void erase(Endpoint endpoint, String namespace);
    }

    /**
     * Looks after the definitions of a server.
     *
     * @param statusWriter writes the status of a definition
     * @param eraser deletes objects
     */
    DefinitionKeeper(
            Kernel kernel,
            Endpoints endpoints,
            Writes writes,
            Reads reads,
            Consumer<ObjectNode> statusWriter,
            CollectionEraser eraser) {
        this.kernel = kernel;
        this.endpoints = endpoints;
        this.writes = writes;
        this.reads = reads;
        this.statusWriter = statusWriter;
        this.eraser = eraser;
        actor = kernel.actor("apiserver/definitions");
    }

    /** Takes up what another server has left half done. */
    void resume() {
        for (Definition definition : endpoints.customResources().definitions()) {
            if (definition.isBeingDeleted() || !definition.isEstablished()) {
                actor.execute(() -> settled(definition.name(), definition.group()));
            }
        }
    }

    /** A definition has been written: gives it, and others that waited for its names, what is due. */
    synchronized void settled(String name, String group) {
        settle(name);
        for (Definition other : ofGroup(group)) {
            if (!other.name().equals(name) && !other.requested().equals(other.accepted())) {
                settle(other.name());
            }
        }
    }

    private void settle(String name) {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Optional<Definition> found = endpoints.customResources().definition(name);
            if (found.isEmpty()) {
                return;
            }
            Definition definition = found.get();
            if (definition.isBeingDeleted()) {
                actor.schedule(SOON, () -> drain(name));
                return;
            }
            List<Definition> others = new ArrayList<>(ofGroup(definition.group()));
            others.removeIf(other -> other.name().equals(name));
            Optional<ObjectNode> status = NamePlan.next(definition, others, now());
            if (status.isEmpty()) {
                status = NamePlan.establish(definition, now());
            }
            if (status.isEmpty()) {
                return;
            }
            write(definition, status.get());
        }
    }

    private List<Definition> ofGroup(String group) {
        return List.copyOf(endpoints.customResources().ofGroup(group));
    }

    private void write(Definition definition, ObjectNode status) {
        ObjectNode next = definition.tree().deepCopy();
        next.set("status", status);
        try {
            statusWriter.accept(next);
        } catch (StatusException e) {
            if (!e.isConflict() && !e.isNotFound()) {
                throw e;
            }
        }
    }

    /** Deletes the objects of a definition, and the definition when none is left. */
    private void drain(String name) {
        try {
            Definition definition = endpoints.customResources().definition(name).orElse(null);
            if (definition == null || !definition.isBeingDeleted()) {
                return;
            }
            Optional<ObjectNode> status = NamePlan.draining(definition, now());
            if (status.isPresent()) {
                write(definition, status.get());
                actor.execute(() -> drain(name));
                return;
            }
            Optional<Endpoint> objects = endpoints
                    .customResources()
                    .stored(definition.group(), definition.accepted().plural());
            if (objects.isEmpty()) {
                release(name);
                return;
            }
            for (String namespace : namespaces(objects.get())) {
                eraser.erase(objects.get(), namespace);
            }
            objects.get().cache().whenEmpty(() -> actor.execute(() -> release(name)));
        } catch (StatusException e) {
            log.warn("The objects of {} could not be deleted and will be tried again: {}", name, e.getMessage());
            actor.schedule(AGAIN, () -> drain(name));
        }
    }

    private List<String> namespaces(Endpoint endpoint) {
        return reads.all(endpoint, "").stream()
                .map(VersionedObject::namespace)
                .distinct()
                .toList();
    }

    /** Lets a definition go whose objects have gone. */
    private void release(String name) {
        Endpoint endpoint =
                endpoints.stored(Definition.GROUP, Definition.PLURAL).orElseThrow();
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Optional<VersionedObject> found = endpoint.find("", name);
            if (found.isEmpty() || !Metadata.isDeleting(found.get().tree())) {
                return;
            }
            ObjectNode next = found.get().tree().deepCopy();
            List<String> finalizers = new ArrayList<>(Metadata.finalizers(next));
            finalizers.remove(Definition.CLEANUP);
            Metadata.setFinalizers(next, finalizers);
            String key = endpoint.key("", name);
            boolean done = finalizers.isEmpty()
                    ? writes.erase(endpoint, key, found.get().revision(), found.get()) != 0
                    : writes.replace(endpoint, key, next, found.get()) != null;
            if (done) {
                settled(name, Definition.of(next).group());
                return;
            }
        }
        actor.schedule(AGAIN, () -> release(name));
    }

    private String now() {
        return Metadata.time(kernel.instant());
    }

    void close() {
        actor.close();
    }
}
