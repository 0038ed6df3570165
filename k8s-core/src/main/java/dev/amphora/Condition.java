package dev.amphora;

import dev.amphora.api.ResourceType;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Something that can become true of one object: what {@link Cluster#await} waits for. {@link Conditions} makes the common ones.
 *
 * @param <T> the class of the object
 * @param type the object's kind
 * @param namespace where it lives, null for cluster-scoped kinds
 * @param name its name
 * @param description in words, such as {@code available}, for messages
 * @param test looks at the object, null while there is none
 */
public record Condition<T extends HasMetadata>(
        ResourceType<T> type,
        @Nullable String namespace,
        String name,
        String description,
        Predicate<@Nullable T> test) {

    @Override
    public String toString() {
        return "%s %s %s".formatted(type.kind(), namespace == null ? name : namespace + "/" + name, description);
    }
}
