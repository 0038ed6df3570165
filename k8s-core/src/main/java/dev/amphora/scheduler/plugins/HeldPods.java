package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The pods that are held back until a claim of theirs comes or changes: one that they name, or one that was made for them and so is theirs.
 * Belongs to the scheduler's actor.
 */
final class HeldPods {
    private static final int FEW = 1_000;

    private final Lister<Pod> pods;
    private final Map<String, PodInfo> held = new HashMap<>();
    private final Map<String, Set<String>> byClaim = new HashMap<>();
    private int limit = FEW;

    HeldPods(Lister<Pod> pods) {
        this.pods = pods;
    }

    void hold(PodInfo pod) {
        letGo(pod.uid());
        if (held.size() >= limit) {
            forgetGone();
        }
        held.put(pod.uid(), pod);
        for (String claim : claims(pod)) {
            byClaim.computeIfAbsent(claim, key -> new LinkedHashSet<>()).add(pod.uid());
        }
    }

    void letGo(String uid) {
        PodInfo pod = held.remove(uid);
        if (pod != null) {
            for (String claim : claims(pod)) {
                Set<String> others = byClaim.get(claim);
                if (others != null && others.remove(uid) && others.isEmpty()) {
                    byClaim.remove(claim);
                }
            }
        }
    }

    /** Lets go of the pods that a claim concerns. */
    Collection<String> letGo(ResourceClaim claim) {
        if (held.isEmpty()) {
            return List.of();
        }
        List<String> free = new ArrayList<>(byClaim.getOrDefault(
                key(claim.getMetadata().getNamespace(), claim.getMetadata().getName()), Set.of()));
        for (OwnerReference owner : claim.getMetadata().getOwnerReferences()) {
            if (held.containsKey(owner.getUid())) {
                free.add(owner.getUid());
            }
        }
        free.forEach(this::letGo);
        return free;
    }

    /** Nobody tells of pods that are deleted while they wait, so that they are looked for when there are twice as many as before. */
    private void forgetGone() {
        for (PodInfo pod : List.copyOf(held.values())) {
            Pod known = pods.get(pod.namespace(), pod.name());
            if (known == null || !pod.uid().equals(known.getMetadata().getUid())) {
                letGo(pod.uid());
            }
        }
        limit = Math.max(FEW, 2 * held.size());
    }

    private static List<String> claims(PodInfo pod) {
        List<String> keys = new ArrayList<>();
        for (PodResourceClaim claim : pod.spec().getResourceClaims()) {
            if (claim.getResourceClaimName() != null) {
                keys.add(key(pod.namespace(), claim.getResourceClaimName()));
            }
        }
        return keys;
    }

    private static String key(String namespace, String name) {
        return namespace + "/" + name;
    }
}
