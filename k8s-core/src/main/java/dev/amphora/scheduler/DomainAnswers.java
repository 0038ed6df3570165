package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.DomainChanges;
import dev.amphora.scheduler.framework.Status;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a Filter plugin that is {@link dev.amphora.scheduler.framework.DomainLocal} has said of each combination of label values, for pods that are alike. Belongs
 * to the scheduler's actor.
 */
final class DomainAnswers {
    private final Domains.Table table;
    private final @Nullable DomainChanges changes;
    private final @Nullable Status[] answers;
    private long position;

    DomainAnswers(Domains.Table table, @Nullable DomainChanges changes) {
        this.table = table;
        this.changes = changes;
        this.answers = new Status[table.count()];
        this.position = changes == null ? 0 : changes.position();
    }

    /** Forgets what has changed; false if that can't be told, so that nothing of this is of use any more. */
    @SuppressWarnings("ReferenceEquality")
    boolean catchUp(Domains.Table currentTable, @Nullable DomainChanges currentChanges) {
        if (changes == null || changes != currentChanges || table != currentTable) {
            return false;
        }
        List<DomainChanges.Domain> since = changes.since(position);
        if (since == null) {
            return false;
        }
        for (int i = 0; i < since.size(); i++) {
            for (int number : table.numbersOf(since.get(i))) {
                answers[number] = null;
            }
        }
        position = changes.position();
        return true;
    }

    /** The answer for the node at a place; null if it isn't known. */
    @Nullable Status get(int place) {
        return answers[table.at(place)];
    }

    void put(int place, Status status) {
        answers[table.at(place)] = status;
    }
}
