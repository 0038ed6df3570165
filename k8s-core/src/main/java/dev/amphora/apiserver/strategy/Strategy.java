package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one kind does differently from the rest: the reference's {@code rest.RESTCreateStrategy} and its siblings.
 *
 * <p>The pipeline calls, on create: {@link #setDefaults} when the body has been decoded, mutating admission,
 * {@link #prepareForCreate}, {@link #validate}, validating admission; on update the same with {@link #prepareForUpdate} and
 * {@link #validateUpdate}. What is set without asking (uid, namespace, creationTimestamp, a generated name, the first generation,
 * and on update what a caller can't change of these) is set before {@code prepare}; an update without a resourceVersion carries
 * the old one's by then. Objects are decoded trees of the stored version without unknown fields, in complete form from
 * {@code prepare} on. Methods change the object they are given and nothing else. Stateless and safe for concurrent use.
 */
public interface Strategy {

    /** Fills what the caller left out. Idempotent; also run on what was stored before. */
    default void setDefaults(ObjectNode object) {}

    /**
     * Fills in the time where the reference does so by default; called with {@link #setDefaults} when an object is written.
     *
     * @param now the time as objects carry it
     */
    default void stamp(ObjectNode object, String now) {}

    /**
     * Fills in times that an update of the status subresource leaves out; called after {@link #prepareForStatusUpdate}.
     *
     * @param now the time as objects carry it
     */
    default void stampStatus(ObjectNode object, ObjectNode old, String now) {}

    /** Takes away fields of features that are off; called before {@code prepare}, after ownership of the fields is noted. */
    default void dropDisabledFields(ObjectNode object) {}

    /** The strategy of the kind as a version serves it that is not the stored one. */
    default Strategy servedAs(String apiVersion) {
        return this;
    }

    /** Clears what a caller may not set on create, such as the status. */
    default void prepareForCreate(ObjectNode object) {
        object.remove("status");
    }

    /**
     * Puts back what a caller may not change by an update of the object itself, such as the status, and raises
     * {@code metadata.generation} when the desired state changed.
     */
    default void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepStatus(object, old);
        if (hasGeneration()) {
            Strategies.bumpGeneration(object, old);
        } else {
            Strategies.setGeneration(object, old, false);
        }
    }

    /** Puts back what a caller may not change by an update of the status subresource: all but the status and metadata. */
    default void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepAllButStatus(object, old);
    }

    /** What is wrong with a new object, metadata included; empty if nothing. In the reference's order. */
    default List<FieldError> validate(ObjectNode object) {
        return List.of();
    }

    /** What is wrong with a change, metadata included; empty if nothing. In the reference's order. */
    default List<FieldError> validateUpdate(ObjectNode object, ObjectNode old) {
        return validate(object);
    }

    /** What is wrong with a change to the status; empty if nothing. */
    default List<FieldError> validateStatusUpdate(ObjectNode object, ObjectNode old) {
        return List.of();
    }

    /** Texts for {@code Warning} headers on create, of an object as {@link #prepareForCreate} left it. */
    default List<String> warnings(ObjectNode object) {
        return List.of();
    }

    /** Texts for {@code Warning} headers on update. */
    default List<String> updateWarnings(ObjectNode object, ObjectNode old) {
        return warnings(object);
    }

    /** Texts for {@code Warning} headers on create that are sent with refusals too: of the object before it is prepared. */
    default List<String> earlyWarnings(ObjectNode object) {
        return List.of();
    }

    /**
     * Whether defaults, preparation, rules and warnings look at an object's own name or uid, other than to check the name as such. If not,
     * what was found out about one object holds for all that are alike but for their names, provided these are labels (RFC 1123).
     */
    default boolean regardsNames() {
        return true;
    }

    /** Whether what is said of this object does depend on its name though {@link #regardsNames} says no. */
    default boolean regardsNameOf(ObjectNode object) {
        return regardsNames();
    }

    /** Whether new objects start with {@code metadata.generation} 1. */
    default boolean hasGeneration() {
        return false;
    }

    /** Whether a PUT may create the object. */
    default boolean createOnUpdate() {
        return false;
    }

    /** Whether a PUT without a resourceVersion is accepted. */
    default boolean unconditionalUpdate() {
        return true;
    }

    /** Whether DELETE answers with the object instead of a Status. */
    default boolean deleteReturnsObject() {
        return false;
    }

    /** The propagation policy when a caller names none: {@code Background} or {@code Orphan}. */
    default String defaultPropagation() {
        return "Background";
    }

    /** Whether a deletion is first noted in the object, even if it is to go at once, as that of pods is. */
    default boolean deletesGracefully() {
        return false;
    }

    /**
     * Notes in an object that is to be deleted that something else must go first.
     *
     * @param now the time, as objects carry it
     * @return whether that is so; the object then stays, marked as being deleted by this method
     */
    default boolean holdDeleted(ObjectNode object, String now) {
        return false;
    }

    /**
     * How long a deletion lets the object live on, in seconds.
     *
     * @param object what is to be deleted
     * @param requested the caller's grace period, negative if none was given
     * @return 0 for at once
     */
    default long gracePeriodSeconds(ObjectNode object, long requested) {
        return 0;
    }

    /**
     * Fields that a field selector may name besides {@code metadata.name} and {@code metadata.namespace}, with their values. The
     * names are the same for all objects, an empty one included.
     */
    default Map<String, String> selectableFields(ObjectNode object) {
        return Map.of();
    }

    /** One of the {@link #selectableFields}; null if there is none of that name. */
    default @Nullable String selectableField(ObjectNode object, String field) {
        return selectableFields(object).get(field);
    }
}
