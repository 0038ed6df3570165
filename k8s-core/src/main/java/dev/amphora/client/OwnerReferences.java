package dev.amphora.client;

import dev.amphora.api.ResourceType;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Owner references: who made an object, and who takes it along when going. */
public final class OwnerReferences {
    private OwnerReferences() {}

    /** The owner that controls an object: the reference with {@code controller: true}. */
    public static Optional<OwnerReference> controllerOf(HasMetadata object) {
        for (OwnerReference reference : of(object)) {
            if (Boolean.TRUE.equals(reference.getController())) {
                return Optional.of(reference);
            }
        }
        return Optional.empty();
    }

    /** Whether an object is controlled by this very owner. */
    public static boolean isControlledBy(HasMetadata object, HasMetadata owner) {
        return controllerOf(object)
                .filter(reference ->
                        Objects.equals(reference.getUid(), owner.getMetadata().getUid()))
                .isPresent();
    }

    /** A reference that makes an owner the controller of an object, and holds back its foreground deletion. */
    public static OwnerReference controlledBy(HasMetadata owner) {
        return ownedBy(owner)
                .edit()
                .withController(true)
                .withBlockOwnerDeletion(true)
                .build();
    }

    /** A plain reference to an owner. */
    public static OwnerReference ownedBy(HasMetadata owner) {
        ResourceType<?> type = ResourceType.of(owner);
        return new OwnerReferenceBuilder()
                .withApiVersion(type.apiVersion())
                .withKind(type.kind())
                .withName(owner.getMetadata().getName())
                .withUid(owner.getMetadata().getUid())
                .build();
    }

    /** The references of an object, possibly none. */
    public static List<OwnerReference> of(HasMetadata object) {
        List<OwnerReference> references = object.getMetadata().getOwnerReferences();
        return references == null ? List.of() : references;
    }
}
