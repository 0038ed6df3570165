package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.DomainChanges;
import dev.amphora.scheduler.framework.Status;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a Filter plugin that is {@link dev.amphora.scheduler.framework.DomainLocal} has said of each combination of label values, for pods that are alike. Belongs
 * to the scheduler's actor.
 */
final class DomainAnswers {
    private static final int[] NO_NUMBERS = new int[0];

    private final List<String> keys;
    private final Domains.Table table;
    private final @Nullable DomainChanges changes;
    private final @Nullable Status[] answers;
    private long position;
    private @Nullable Map<DomainChanges.Domain, int[]> numbers;

    DomainAnswers(List<String> keys, Domains.Table table, @Nullable DomainChanges changes) {
        this.keys = keys;
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
            for (int number : numbersOf(since.get(i))) {
                answers[number] = null;
            }
        }
        position = changes.position();
        return true;
    }

    /** The combinations that a domain's nodes have. */
    private int[] numbersOf(DomainChanges.Domain domain) {
        Map<DomainChanges.Domain, int[]> known = numbers;
        if (known == null) {
            known = new HashMap<>();
            for (int number = 0; number < table.count(); number++) {
                List<@Nullable String> values = table.combinations().get(number);
                for (int k = 0; k < keys.size(); k++) {
                    String value = values.get(k);
                    if (value != null) {
                        int[] one = {number};
                        known.merge(new DomainChanges.Domain(keys.get(k), value), one, DomainAnswers::joined);
                    }
                }
            }
            numbers = known;
        }
        return Objects.requireNonNullElse(known.get(domain), NO_NUMBERS);
    }

    private static int[] joined(int[] some, int[] one) {
        int[] all = Arrays.copyOf(some, some.length + 1);
        all[some.length] = one[0];
        return all;
    }

    /** The answer for the node at a place; null if it isn't known. */
    @Nullable Status get(int place) {
        return answers[table.numbers()[place]];
    }

    void put(int place, Status status) {
        answers[table.numbers()[place]] = status;
    }
}
