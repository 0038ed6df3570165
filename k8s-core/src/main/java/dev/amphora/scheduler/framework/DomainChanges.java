package dev.amphora.scheduler.framework;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * In which domains something has changed since a {@link DomainLocal} plugin began to count for pods that are alike. A plugin whose answers
 * may have changed everywhere begins with a new one. Belongs to the scheduler's actor.
 */
public final class DomainChanges {
    private static final int KEPT = 1024;

    private final List<Domain> changes = new ArrayList<>();
    private long first;

    /**
     * The nodes that have a value for a label.
     *
     * @param key the label
     * @param value its value
     */
    public record Domain(String key, String value) {}

    /** Nothing has changed yet. */
    public DomainChanges() {}

    /** Notes that the answer for a domain may be another now. */
    public void add(String key, String value) {
        if (changes.size() == 2 * KEPT) {
            changes.subList(0, KEPT).clear();
            first += KEPT;
        }
        changes.add(new Domain(key, value));
    }

    /** The place behind the last change. */
    public long position() {
        return first + changes.size();
    }

    /** What has changed from a place on; null if that isn't known any more. */
    public @Nullable List<Domain> since(long position) {
        return position < first ? null : changes.subList((int) (position - first), changes.size());
    }
}
