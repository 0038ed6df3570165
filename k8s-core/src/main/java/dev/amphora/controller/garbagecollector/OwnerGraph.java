package dev.amphora.controller.garbagecollector;

import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Who owns whom, by uid, as far as it has been observed.
 *
 * <p>An owner that is named but not (yet) observed is a <em>virtual</em> node: it must be looked up before its dependents are
 * judged. Each change returns what it makes worth looking at. Safe for concurrent use.
 */
final class OwnerGraph {
    static final String FOREGROUND = "foregroundDeletion";
    static final String ORPHAN = "orphan";

    private final Map<String, Node> nodes = new HashMap<>();

    /** What an object is called. */
    record Identity(String apiVersion, String kind, String namespace, String name, String uid) {
        static Identity of(String apiVersion, String kind, HasMetadata object) {
            return new Identity(
                    apiVersion,
                    kind,
                    Objects.requireNonNullElse(object.getMetadata().getNamespace(), ""),
                    object.getMetadata().getName(),
                    object.getMetadata().getUid());
        }

        static Identity of(OwnerReference reference, String namespace) {
            return new Identity(
                    reference.getApiVersion(), reference.getKind(), namespace, reference.getName(), reference.getUid());
        }
    }

    /** Something worth looking at. */
    sealed interface Task permits Collect, Orphan {}

    /** See whether an object, or the virtual node of one, must go. */
    record Collect(String uid) implements Task {}

    /** Free the dependents of an object. */
    record Orphan(String uid) implements Task {}

    /** A reference that names an owner of another namespace. */
    record Misplaced(Identity dependent, OwnerReference reference) {}

    /** What a change leads to. */
    record Effects(List<Task> tasks, List<Misplaced> misplaced) {
        Effects() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        void collect(String uid) {
            tasks.add(new Collect(uid));
        }
    }

    /**
     * What is known of an object at one moment.
     *
     * @param identity its names
     * @param observed whether an informer has seen it; if not, it is virtual
     * @param beingDeleted whether its deletion has begun
     * @param deletingDependents whether its deletion waits for its dependents
     * @param owners its owner references
     */
    record View(
            Identity identity,
            boolean observed,
            boolean beingDeleted,
            boolean deletingDependents,
            List<OwnerReference> owners) {}

    private static final class Node {
        Identity identity;
        boolean observed;
        boolean beingDeleted;
        boolean deletingDependents;
        List<OwnerReference> owners = List.of();
        final Map<String, Node> dependents = new TreeMap<>();

        Node(Identity identity) {
            this.identity = identity;
        }

        View view() {
            return new View(identity, observed, beingDeleted, deletingDependents, owners);
        }
    }

    /** An object appeared or changed. */
    synchronized Effects observe(Identity identity, HasMetadata object) {
        Effects effects = new Effects();
        Node node = nodes.computeIfAbsent(identity.uid(), uid -> new Node(identity));
        if (!node.observed) {
            node.observed = true;
            if (!identity.equals(node.identity)) {
                // the references that brought the virtual node up may mean something that does not exist
                node.dependents.values().forEach(dependent -> effects.collect(dependent.identity.uid()));
                node.dependents.values().forEach(dependent -> misplaced(dependent, identity, effects));
                node.identity = identity;
            }
        }
        List<OwnerReference> owners = List.copyOf(OwnerReferences.of(object));
        relink(node, owners, effects);
        boolean going = Pods.isTerminating(object);
        boolean waits = going && hasFinalizer(object, FOREGROUND);
        if (waits && !node.deletingDependents) {
            node.dependents.keySet().forEach(effects::collect);
            effects.collect(identity.uid());
        }
        // once a deletion waits for dependents it is treated so to its end, even if the finalizer is already off
        node.deletingDependents |= waits;
        node.beingDeleted |= going;
        if (going && hasFinalizer(object, ORPHAN)) {
            effects.tasks.add(new Orphan(identity.uid()));
        }
        return effects;
    }

    private void relink(Node node, List<OwnerReference> owners, Effects effects) {
        List<OwnerReference> before = node.owners;
        node.owners = owners;
        for (OwnerReference reference : before) {
            OwnerReference now = find(owners, reference.getUid());
            Node owner = nodes.get(reference.getUid());
            if (owner == null) {
                continue;
            }
            if (now == null) {
                owner.dependents.remove(node.identity.uid());
            }
            if (isBlocking(reference) && (now == null || !isBlocking(now)) && owner.deletingDependents) {
                effects.collect(owner.identity.uid());
            }
        }
        for (OwnerReference reference : owners) {
            if (find(before, reference.getUid()) != null && nodes.containsKey(reference.getUid())) {
                continue;
            }
            Node owner = nodes.get(reference.getUid());
            if (owner == null) {
                owner = new Node(Identity.of(reference, node.identity.namespace()));
                nodes.put(reference.getUid(), owner);
                effects.collect(reference.getUid());
            } else if (differs(reference, node.identity, owner.identity)) {
                effects.collect(node.identity.uid());
                if (owner.observed) {
                    misplaced(node, owner.identity, effects);
                }
            }
            owner.dependents.put(node.identity.uid(), node);
        }
    }

    private static boolean differs(OwnerReference reference, Identity dependent, Identity owner) {
        return !owner.apiVersion().equals(reference.getApiVersion())
                || !owner.kind().equals(reference.getKind())
                || !owner.name().equals(reference.getName())
                || (!owner.namespace().isEmpty() && !owner.namespace().equals(dependent.namespace()));
    }

    private static void misplaced(Node dependent, Identity owner, Effects effects) {
        OwnerReference reference = find(dependent.owners, owner.uid());
        if (reference != null
                && !owner.namespace().isEmpty()
                && !owner.namespace().equals(dependent.identity.namespace())) {
            effects.misplaced.add(new Misplaced(dependent.identity, reference));
        }
    }

    /** An object went, or turned out never to have been. */
    synchronized Effects remove(String uid) {
        Effects effects = new Effects();
        Node node = nodes.get(uid);
        if (node == null) {
            return effects;
        }
        for (OwnerReference reference : node.owners) {
            Node owner = nodes.get(reference.getUid());
            if (owner != null) {
                owner.dependents.remove(uid);
                if (owner.deletingDependents) {
                    effects.collect(owner.identity.uid());
                }
            }
        }
        node.dependents.keySet().forEach(effects::collect);
        nodes.remove(uid);
        return effects;
    }

    /** What is known of an object; null if nothing. */
    synchronized @Nullable View view(String uid) {
        Node node = nodes.get(uid);
        return node == null ? null : node.view();
    }

    /** Everything that names an object as its owner. */
    synchronized List<View> dependents(String uid) {
        Node node = nodes.get(uid);
        return node == null
                ? List.of()
                : node.dependents.values().stream().map(Node::view).toList();
    }

    /** The dependents that hold back an object's foreground deletion. */
    synchronized List<View> blocking(String uid) {
        return dependents(uid).stream()
                .filter(dependent -> {
                    OwnerReference reference = find(dependent.owners(), uid);
                    return reference != null && isBlocking(reference);
                })
                .toList();
    }

    /** How many objects are known. */
    synchronized int size() {
        return nodes.size();
    }

    static boolean hasFinalizer(HasMetadata object, String finalizer) {
        return object.getMetadata().getFinalizers() != null
                && object.getMetadata().getFinalizers().contains(finalizer);
    }

    private static boolean isBlocking(OwnerReference reference) {
        return Boolean.TRUE.equals(reference.getBlockOwnerDeletion());
    }

    private static @Nullable OwnerReference find(List<OwnerReference> references, String uid) {
        for (OwnerReference reference : references) {
            if (uid.equals(reference.getUid())) {
                return reference;
            }
        }
        return null;
    }
}
