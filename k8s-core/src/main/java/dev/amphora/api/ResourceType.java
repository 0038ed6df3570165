package dev.amphora.api;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespaced;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * A kind of object as a typed caller names it: where the API serves it and which class holds it.
 *
 * @param <T> the class of its objects
 * @param group the API group, empty for core
 * @param version such as {@code v1}
 * @param kind such as {@code Pod}
 * @param plural such as {@code pods}
 * @param namespaced whether its objects live in namespaces
 * @param type the class of its objects
 */
public record ResourceType<T extends HasMetadata>(
        String group, String version, String kind, String plural, boolean namespaced, Class<T> type) {
    private static final ConcurrentMap<Class<?>, ResourceType<?>> KNOWN = new ConcurrentHashMap<>();

    /** A kind whose members are all present. */
    public ResourceType {
        Objects.requireNonNull(group);
        Objects.requireNonNull(version);
        Objects.requireNonNull(kind);
        Objects.requireNonNull(plural);
        Objects.requireNonNull(type);
    }

    /**
     * The kind of a fabric8 model class, read from its annotations.
     *
     * @param <T> the class of its objects
     * @param type a class with {@code @Group}, {@code @Version} and {@code @Kind}
     */
    @SuppressWarnings("unchecked")
    public static <T extends HasMetadata> ResourceType<T> of(Class<T> type) {
        return (ResourceType<T>) KNOWN.computeIfAbsent(type, ResourceType::read);
    }

    /**
     * The kind of an object.
     *
     * @param <T> the class of the object
     * @param object any model object
     */
    @SuppressWarnings("unchecked")
    public static <T extends HasMetadata> ResourceType<T> of(T object) {
        return of((Class<T>) object.getClass());
    }

    @SuppressWarnings("unchecked")
    private static ResourceType<?> read(Class<?> type) {
        Class<? extends HasMetadata> model = (Class<? extends HasMetadata>) type;
        String group = HasMetadata.getGroup(model);
        return new ResourceType<>(
                group == null ? "" : group,
                HasMetadata.getVersion(model),
                HasMetadata.getKind(model),
                HasMetadata.getPlural(model),
                Namespaced.class.isAssignableFrom(type),
                (Class<HasMetadata>) model);
    }

    /** {@code v1} or {@code apps/v1}: what {@code apiVersion} says. */
    public String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** {@code pods} or {@code deployments.apps}: how messages name the resource. */
    public String qualifiedName() {
        return group.isEmpty() ? plural : plural + "." + group;
    }
}
