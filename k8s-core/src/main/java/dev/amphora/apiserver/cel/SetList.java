package dev.amphora.apiserver.cel;

import java.util.AbstractList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A list whose elements are a set: two of them are equal whatever their order. */
final class SetList extends AbstractList<Object> {
    private final List<Object> elements;

    SetList(List<Object> elements) {
        this.elements = elements;
    }

    @Override
    public Object get(int index) {
        return elements.get(index);
    }

    @Override
    public int size() {
        return elements.size();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof List<?> list
                && list.size() == size()
                && new HashSet<>(elements).equals(new HashSet<>(list));
    }

    @Override
    public int hashCode() {
        return new HashSet<>(elements).hashCode();
    }
}
