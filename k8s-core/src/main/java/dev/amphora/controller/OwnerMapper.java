package dev.amphora.controller;

import dev.amphora.api.Selector;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Names the owners that a change to an object concerns: who controls it, before and after; if nobody does, everyone who might want it.
 *
 * @param <T> the owners' class
 */
public final class OwnerMapper<T extends HasMetadata> {
    private static final String BY_SELECTOR = "selector";

    private final Informer<T> owners;
    private final String kind;
    private final Function<? super T, Selector> selector;

    /**
     * A mapper that indexes the owners by what they select.
     *
     * @param selector what an owner wants
     */
    public OwnerMapper(Informer<T> owners, Function<? super T, Selector> selector) {
        this.owners = owners;
        this.kind = owners.type().kind();
        this.selector = selector;
        owners.addIndex(
                BY_SELECTOR,
                owner -> List.of(LabelIndex.ofSelector(owner.getMetadata().getNamespace(), selector.apply(owner))));
    }

    /** The mapper as a {@link ControlLoop} takes it. */
    public <O extends HasMetadata> KeyMapper<O, ObjectKey> mapper() {
        return this::map;
    }

    private void map(@Nullable HasMetadata old, @Nullable HasMetadata now, Consumer<ObjectKey> keys) {
        if (old != null) {
            OwnerReferences.controllerOf(old).ifPresent(before -> addOwner(old, before, keys));
        }
        if (now == null) {
            return;
        }
        OwnerReference after = OwnerReferences.controllerOf(now).orElse(null);
        if (after != null) {
            addOwner(now, after, keys);
        } else if (!Pods.isTerminating(now)) {
            for (String key : LabelIndex.ofLabels(
                    now.getMetadata().getNamespace(), now.getMetadata().getLabels())) {
                for (T owner : owners.byIndex(BY_SELECTOR, key)) {
                    if (selector.apply(owner).matches(now.getMetadata().getLabels())) {
                        keys.accept(ObjectKey.of(owner));
                    }
                }
            }
        }
    }

    private void addOwner(HasMetadata object, OwnerReference reference, Consumer<ObjectKey> keys) {
        if (kind.equals(reference.getKind())) {
            owners.find(object.getMetadata().getNamespace(), reference.getName())
                    .filter(owner ->
                            reference.getUid().equals(owner.getMetadata().getUid()))
                    .ifPresent(owner -> keys.accept(ObjectKey.of(owner)));
        }
    }
}
