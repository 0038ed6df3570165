package dev.amphora.apiserver.patch;

import dev.amphora.api.StatusException;
import dev.amphora.apiserver.patch.FieldOwners.Owner;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.StatusCauseBuilder;
import io.fabric8.kubernetes.api.model.StatusDetailsBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What others own of that which an apply would change. */
final class Conflicts {
    private final Map<Owner, FieldSet> fields = new TreeMap<>(Comparator.comparing(Owner::identity));

    void add(Owner owner, FieldSet conflicting) {
        if (!conflicting.isEmpty()) {
            fields.put(owner, conflicting);
        }
    }

    boolean isEmpty() {
        return fields.isEmpty();
    }

    /** The conflicts that are left when some fields may be taken over. */
    Conflicts without(FieldSet allowed) {
        Conflicts result = new Conflicts();
        fields.forEach((owner, conflicting) -> result.add(owner, conflicting.difference(allowed)));
        return result;
    }

    /** 409, with a cause for each field. */
    StatusException refusal() {
        List<StatusCause> causes = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        fields.forEach((owner, conflicting) -> {
            text.append("\nconflicts with ").append(owner.shown()).append(':');
            for (String path : conflicting.paths()) {
                text.append("\n- ").append(path);
                causes.add(new StatusCauseBuilder()
                        .withReason("FieldManagerConflict")
                        .withMessage("conflict with " + owner.shown())
                        .withField(path)
                        .build());
            }
        });
        String message = causes.size() == 1
                ? "Apply failed with 1 conflict: %s: %s"
                        .formatted(causes.get(0).getMessage(), causes.get(0).getField())
                : "Apply failed with %d conflicts: %s".formatted(causes.size(), text.substring(1));
        return StatusException.of(
                409,
                "Conflict",
                message,
                new StatusDetailsBuilder().withCauses(causes).build());
    }
}
