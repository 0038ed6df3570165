package dev.amphora.scheduler;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The latest of the changes of one sort, numbered: whoever keeps something asks for what has happened since. Belongs to the scheduler's
 * actor.
 */
final class ChangeLog<T> {
    private static final int KEPT = 8192;

    private final List<T> changes = new ArrayList<>();
    private long first;

    void add(T change) {
        if (changes.size() == 2 * KEPT) {
            changes.subList(0, KEPT).clear();
            first += KEPT;
        }
        changes.add(change);
    }

    /** More has changed than can be told. */
    void restart() {
        first += changes.size() + 1;
        changes.clear();
    }

    /** The place behind the last change. */
    long position() {
        return first + changes.size();
    }

    /** What has changed from a place on; null if that isn't known any more. */
    @Nullable List<T> since(long position) {
        return position < first ? null : changes.subList((int) (position - first), changes.size());
    }
}
