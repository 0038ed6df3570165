package dev.amphora.controller.garbagecollector;

import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The owner references of an object, by what has become of the owners.
 *
 * @param solid the owner lives under that uid
 * @param dangling there is no such owner, or it has another uid
 * @param waiting the owner is being deleted and waits for its dependents
 */
record References(List<OwnerReference> solid, List<OwnerReference> dangling, List<OwnerReference> waiting) {

    /**
     * Sorts references.
     *
     * @param owner looks an owner up, as recent as can be; empty if there is none
     */
    static References classify(
            List<OwnerReference> references, Function<OwnerReference, Optional<? extends HasMetadata>> owner) {
        References sorted = new References(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (OwnerReference reference : references) {
            HasMetadata found = owner.apply(reference).orElse(null);
            if (found == null || !reference.getUid().equals(found.getMetadata().getUid())) {
                sorted.dangling.add(reference);
            } else if (Pods.isTerminating(found) && OwnerGraph.hasFinalizer(found, OwnerGraph.FOREGROUND)) {
                sorted.waiting.add(reference);
            } else {
                sorted.solid.add(reference);
            }
        }
        return sorted;
    }

    /** The uids of the references that an object with a solid owner need not keep. */
    List<String> superfluous() {
        List<String> uids = new ArrayList<>();
        dangling.forEach(reference -> uids.add(reference.getUid()));
        waiting.forEach(reference -> uids.add(reference.getUid()));
        return uids;
    }
}
