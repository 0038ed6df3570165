package dev.amphora.apiserver.cel;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/** A list that is told from others by its elements and not by their order: a set, or a map whose keys are fields of its elements. */
final class OrderlessList extends AbstractList<Object> implements RandomAccess {
    private final List<Object> elements;
    private final List<String> keys;

    /**
     * A list.
     *
     * @param keys the fields by which elements are known; none for a set
     */
    OrderlessList(List<Object> elements, List<String> keys) {
        this.elements = elements;
        this.keys = keys;
    }

    @Override
    public Object get(int index) {
        return elements.get(index);
    }

    @Override
    public int size() {
        return elements.size();
    }

    boolean sameElements(List<?> other) {
        return elements.stream().allMatch(each -> other.stream().anyMatch(one -> ListRelations.equal(each, one)))
                && other.stream().allMatch(each -> elements.stream().anyMatch(one -> ListRelations.equal(each, one)));
    }

    /** This list with what is new in another; elements of the same key are replaced in their place. */
    OrderlessList plus(List<?> more) {
        List<Object> sum = new ArrayList<>(elements);
        for (Object each : more) {
            int known = find(sum, each);
            if (known < 0) {
                sum.add(each);
            } else if (!keys.isEmpty()) {
                sum.set(known, each);
            }
        }
        return new OrderlessList(sum, keys);
    }

    private int find(List<Object> list, Object element) {
        for (int i = 0; i < list.size(); i++) {
            boolean same = keys.isEmpty() ? ListRelations.equal(list.get(i), element) : hasKeysOf(list.get(i), element);
            if (same) {
                return i;
            }
        }
        return -1;
    }

    private boolean hasKeysOf(Object one, Object other) {
        return keys.stream().allMatch(key -> Objects.equals(field(one, key), field(other, key)));
    }

    private static @Nullable Object field(Object element, String key) {
        if (element instanceof SchemaObject object) {
            return object.find(key).orElse(null);
        }
        return element instanceof Map<?, ?> map ? map.get(key) : null;
    }
}
