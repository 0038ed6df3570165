package dev.amphora.apiserver;

import dev.amphora.api.FieldSelector;
import dev.amphora.api.Selector;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Which objects of a resource are meant: those under a key prefix that the selectors select.
 *
 * @param prefix of the keys; a single object's whole key for a selector by name
 * @param labels by label
 * @param fields by field
 * @param fieldsOf the selectable fields of an object
 */
record WatchFilter(
        String prefix,
        Selector labels,
        FieldSelector fields,
        BiFunction<VersionedObject, String, @Nullable String> fieldsOf) {

    /** Whether the selectors pass everything under the prefix. */
    boolean isEverything() {
        return labels.isEverything() && fields.isEverything();
    }

    /** Whether an object under the prefix is selected. */
    boolean selects(VersionedObject object) {
        if (!labels.isEverything() && !labels.matches(object.labels())) {
            return false;
        }
        if (fields.isEverything()) {
            return true;
        }
        return fields.matches(field -> switch (field) {
            case "metadata.name" -> object.name();
            case "metadata.namespace" -> object.namespace();
            case "spec.nodeName" -> object.node();
            default -> fieldsOf.apply(object, field);
        });
    }
}
