package dev.amphora.apiserver.schema;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Collection;
import java.util.List;

/** The fields of an object type in declaration order, with the place of each. Immutable. */
final class FieldOrder {
    private final ImmutableList<FieldSchema> fields;
    private final ImmutableMap<String, Integer> places;

    FieldOrder(Collection<FieldSchema> fields) {
        this.fields = ImmutableList.copyOf(fields);
        ImmutableMap.Builder<String, Integer> builder = ImmutableMap.builder();
        for (int i = 0; i < this.fields.size(); i++) {
            builder.put(this.fields.get(i).name(), i);
        }
        places = builder.buildOrThrow();
    }

    List<FieldSchema> fields() {
        return fields;
    }

    /** The place of a field, -1 if there is none of that name. */
    int place(String name) {
        Integer place = places.get(name);
        return place == null ? -1 : place;
    }
}
