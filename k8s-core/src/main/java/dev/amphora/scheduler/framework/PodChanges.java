package dev.amphora.scheduler.framework;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What plugins have worked out for an earlier pod with the same {@link PodSignature}, and which pods have come to nodes or left them since.
 * With it a plugin brings its numbers up to date instead of counting all pods again. Found in the {@link CycleState}; absent where
 * nothing can be kept.
 */
public final class PodChanges implements CycleState.State {
    /** Where it is found. */
    public static final CycleState.Key<PodChanges> KEY = new CycleState.Key<>(PodChanges.class);

    private final Log log;
    private final Map<Class<?>, Kept> kept = new HashMap<>();

    /**
     * A pod has come to a node or left it.
     *
     * @param pod the pod
     * @param node the node; of its pods nothing is known
     * @param delta 1 if it has come, -1 if it has left
     */
    public record Change(PodInfo pod, NodeInfo node, int delta) {}

    /**
     * What was kept, and what has happened since.
     *
     * @param <T> its class
     * @param value what was kept
     * @param changes in order
     */
    public record Update<T>(T value, List<Change> changes) {}

    private record Kept(Object value, long position) {}

    /** Remembers changes for some time. */
    public interface Log {
        /** The place behind the last change of the snapshot. */
        long position();

        /** What has happened from a place on; null if that isn't known any more, or if nodes have come, gone or changed. */
        @Nullable List<Change> since(long position);

        /** Reads which nodes change from now on. */
        NodeReader nodes();
    }

    /** Tells which nodes have changed, for one who keeps something about each. */
    public interface NodeReader {
        /**
         * Tells the places of the nodes that have changed since the last call, or since the reader was made, and of those whose nominated
         * pods have.
         *
         * @param snapshot the nodes as they are now
         * @param changed told each place, some more than once
         * @return whether these are all; if not, nothing that was kept is of use, for nodes may have come or gone
         */
        boolean read(NodeSnapshot snapshot, IntConsumer changed);
    }

    /**
     * Nothing is kept yet.
     *
     * @param log where the changes are found
     */
    public PodChanges(Log log) {
        this.log = log;
    }

    /** Reads which nodes change from now on. */
    public NodeReader nodes() {
        return log.nodes();
    }

    /** Takes what was kept, to be brought up to date and kept again; null if nothing of use was. */
    public <T> @Nullable Update<T> take(Class<T> type) {
        Kept found = kept.remove(type);
        List<Change> changes = found == null ? null : log.since(found.position);
        return found == null || changes == null ? null : new Update<>(type.cast(found.value), changes);
    }

    /** Keeps something that holds for the snapshot. It may be used in this cycle, but not be changed. */
    public <T> void keep(Class<T> type, T value) {
        kept.put(type, new Kept(value, log.position()));
    }

    @Override
    public PodChanges copy() {
        return this;
    }
}
