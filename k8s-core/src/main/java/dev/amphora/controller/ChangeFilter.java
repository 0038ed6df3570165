package dev.amphora.controller;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a change is worth looking at. What appears or goes usually is; the filters made here let it pass.
 *
 * @param <T> the class of the changed objects
 */
@FunctionalInterface
public interface ChangeFilter<T extends HasMetadata> {

    /**
     * Whether to look.
     *
     * @param old the object before, null if it appeared
     * @param now the object after, null if it went
     */
    boolean passes(@Nullable T old, @Nullable T now);

    /** Every change. */
    static <T extends HasMetadata> ChangeFilter<T> all() {
        return (old, now) -> true;
    }

    /**
     * What somebody wishes, not what is reported: the generation changed, or the object began to be deleted. So a controller is not
     * woken by the status that it writes itself.
     */
    static <T extends HasMetadata> ChangeFilter<T> generation() {
        return (old, now) -> old == null
                || now == null
                || !Objects.equals(
                        old.getMetadata().getGeneration(), now.getMetadata().getGeneration())
                || !Objects.equals(
                        old.getMetadata().getDeletionTimestamp(),
                        now.getMetadata().getDeletionTimestamp());
    }

    /** Other labels than before. */
    static <T extends HasMetadata> ChangeFilter<T> labels() {
        return (old, now) -> old == null
                || now == null
                || !Objects.equals(
                        old.getMetadata().getLabels(), now.getMetadata().getLabels());
    }

    /** Other annotations than before. */
    static <T extends HasMetadata> ChangeFilter<T> annotations() {
        return (old, now) -> old == null
                || now == null
                || !Objects.equals(
                        old.getMetadata().getAnnotations(), now.getMetadata().getAnnotations());
    }

    /** What passes either. */
    default ChangeFilter<T> or(ChangeFilter<? super T> other) {
        return (old, now) -> passes(old, now) || other.passes(old, now);
    }

    /** What passes both. */
    default ChangeFilter<T> and(ChangeFilter<? super T> other) {
        return (old, now) -> passes(old, now) && other.passes(old, now);
    }
}
