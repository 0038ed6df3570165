package dev.amphora.store.memory;

import dev.amphora.store.CompactedException;
import dev.amphora.store.Store.Entry;
import dev.amphora.store.Store.Event;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The events since the last compaction: one for each revision, without gaps.
 *
 * <p>A ring of references that grows as needed. Appending, compacting and looking at the past are guarded by the store's lock; {@link #event}
 * is not: whoever has seen the store's revision at or above the one asked for finds the event, or null if it has been compacted meanwhile.
 * Every now and then the tree is kept as well, so that the state at any revision is a few undone events away.
 */
final class History {
    /** How many revisions lie between two kept trees. A power of two. */
    private static final int STRIDE = 64;

    /** What an event is taken to cost besides its values, in bytes. */
    private static final int EVENT_OVERHEAD = 256;

    private final long maxBytes;
    private volatile @Nullable Event[] ring = new @Nullable Event[1024];
    private @Nullable KeyTree[] trees = new @Nullable KeyTree[1024 / STRIDE];
    private volatile long compacted;
    private long last;
    private long bytes;

    /**
     * An empty history.
     *
     * @param revision the last revision so far
     * @param maxBytes what it may hold of the past before the oldest is forgotten
     */
    History(long revision, long maxBytes) {
        this.last = revision;
        this.compacted = revision - 1;
        this.maxBytes = maxBytes;
    }

    /** The revision of the last compaction: the oldest whose state can be read; the next is the first whose event is held. */
    long compacted() {
        return compacted;
    }

    /** Adds the next event and the tree that holds after it. */
    void append(Event event, KeyTree after) {
        last = event.revision();
        if (last - compacted > ring.length) {
            grow();
        }
        ring[slot(last)] = event;
        if (last % STRIDE == 0) {
            trees[treeSlot(last)] = after;
        }
        bytes += cost(event);
        while (bytes > maxBytes && compacted < last - 1) {
            compact(compacted + 1);
        }
    }

    /** The event of a revision that has been published, null if it has been compacted. */
    @Nullable Event event(long revision) {
        @Nullable Event[] events = ring;
        Event event = events[(int) (revision & (events.length - 1))];
        return event != null && event.revision() == revision ? event : null;
    }

    /** Forgets the events up to a revision. */
    void compact(long revision) {
        for (long each = compacted + 1; each <= revision; each++) {
            Event event = event(each);
            if (event != null) {
                bytes -= cost(event);
            }
            ring[slot(each)] = null;
            if (each % STRIDE == 0) {
                trees[treeSlot(each)] = null;
            }
        }
        compacted = Math.max(compacted, revision);
    }

    /** What it takes to rebuild the state at a revision. */
    Past past(long revision, KeyTree current) {
        long kept = (revision / STRIDE + 1) * STRIDE;
        KeyTree tree = kept <= last ? trees[treeSlot(kept)] : null;
        long end = tree == null ? last : kept;
        List<Event> undone = new ArrayList<>((int) (end - revision));
        for (long each = end; each > revision; each--) {
            Event event = event(each);
            if (event == null) {
                throw new CompactedException(compacted);
            }
            undone.add(event);
        }
        return new Past(tree == null ? current : tree, undone);
    }

    private void grow() {
        @Nullable Event[] larger = new @Nullable Event[ring.length * 2];
        @Nullable KeyTree[] more = new @Nullable KeyTree[trees.length * 2];
        for (long each = compacted + 1; each < last; each++) {
            larger[(int) (each & (larger.length - 1))] = ring[slot(each)];
            if (each % STRIDE == 0) {
                more[(int) (each / STRIDE & (more.length - 1))] = trees[treeSlot(each)];
            }
        }
        ring = larger;
        trees = more;
    }

    private int slot(long revision) {
        return (int) (revision & (ring.length - 1));
    }

    private int treeSlot(long revision) {
        return (int) (revision / STRIDE & (trees.length - 1));
    }

    private static long cost(Event event) {
        Entry previous = event.previous();
        return (long) EVENT_OVERHEAD + (previous == null ? 0 : previous.value().length);
    }

    /**
     * A later tree and the events, latest first, that lie between.
     */
    record Past(KeyTree later, List<Event> undone) {
        /** The tree before those events. */
        KeyTree tree() {
            KeyTree tree = later;
            for (Event event : undone) {
                Entry previous = event.previous();
                byte[] key = KeyTree.bytes(event.key());
                tree = previous == null ? tree.without(key) : tree.with(key, previous);
            }
            return tree;
        }
    }
}
