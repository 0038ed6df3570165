package dev.amphora.controller.deployment;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Revision numbers, annotations and hashes by which a Deployment knows its ReplicaSets. */
final class Revisions {
    static final String REVISION = "deployment.kubernetes.io/revision";
    static final String HISTORY = "deployment.kubernetes.io/revision-history";
    static final String DESIRED = "deployment.kubernetes.io/desired-replicas";
    static final String MAX = "deployment.kubernetes.io/max-replicas";
    static final String ROLLBACK = "deprecated.deployment.rollback.to";
    static final String HASH_LABEL = "pod-template-hash";
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
    private static final int MAX_HISTORY = 2000;
    private static final Set<String> NOT_COPIED = Set.of(LAST_APPLIED, REVISION, HISTORY, DESIRED, MAX, ROLLBACK);

    private Revisions() {}

    static Map<String, String> annotations(HasMetadata object) {
        Map<String, String> annotations = object.getMetadata().getAnnotations();
        return annotations == null ? Map.of() : annotations;
    }

    /** The revision of a Deployment or ReplicaSet, 0 if it has none. */
    static long revision(HasMetadata object) {
        return number(annotations(object).get(REVISION));
    }

    static long max(Collection<ReplicaSet> sets) {
        return sets.stream().mapToLong(Revisions::revision).max().orElse(0);
    }

    /** The revision before the highest, 0 if there is none. */
    static long last(Collection<ReplicaSet> sets) {
        long highest = 0;
        long second = 0;
        for (ReplicaSet set : sets) {
            long revision = revision(set);
            if (revision >= highest) {
                second = highest;
                highest = revision;
            } else if (revision > second) {
                second = revision;
            }
        }
        return second;
    }

    /** The Deployment's size when the set was last scaled, -1 if unknown. */
    static int desiredReplicas(ReplicaSet set) {
        String text = annotations(set).get(DESIRED);
        return text == null ? -1 : (int) number(text);
    }

    /** The Deployment's largest total when the set was last scaled, -1 if unknown. */
    static int maxReplicas(ReplicaSet set) {
        String text = annotations(set).get(MAX);
        return text == null ? -1 : (int) number(text);
    }

    /**
     * The annotations that a new set of a Deployment should have.
     *
     * @param deployment where the annotations come from
     * @param present those that the set has
     * @param revision the set's revision now
     */
    static Map<String, String> forNewSet(HasMetadata deployment, Map<String, String> present, long revision) {
        Map<String, String> wanted = new LinkedHashMap<>(present);
        annotations(deployment).forEach((key, value) -> {
            if (!NOT_COPIED.contains(key)) {
                wanted.put(key, value);
            }
        });
        String before = present.get(REVISION);
        if (number(before) < revision) {
            wanted.put(REVISION, String.valueOf(revision));
            if (before != null) {
                String history = extended(present.getOrDefault(HISTORY, ""), before);
                if (history != null) {
                    wanted.put(HISTORY, history);
                }
            }
        }
        return wanted;
    }

    /** A history with one more revision at its end; the oldest give way when it grows too long. */
    private static @Nullable String extended(String history, String revision) {
        if (history.isEmpty()) {
            return revision;
        }
        List<String> revisions = new ArrayList<>(List.of(history.split(",")));
        revisions.add(revision);
        int length = history.length() + 1 + revision.length();
        while (length > MAX_HISTORY && revisions.size() > 1) {
            length -= revisions.remove(0).length() + 1;
        }
        return length <= MAX_HISTORY ? String.join(",", revisions) : null;
    }

    static Map<String, String> withSizes(Map<String, String> present, int desired, int max) {
        Map<String, String> wanted = new LinkedHashMap<>(present);
        wanted.put(DESIRED, String.valueOf(desired));
        wanted.put(MAX, String.valueOf(max));
        return wanted;
    }

    /** The annotations of a Deployment that takes back an old set's template: its own special ones, and the set's others. */
    static Map<String, String> rolledBack(HasMetadata deployment, ReplicaSet set) {
        Map<String, String> wanted = new LinkedHashMap<>();
        annotations(deployment).forEach((key, value) -> {
            if (NOT_COPIED.contains(key)) {
                wanted.put(key, value);
            }
        });
        annotations(set).forEach((key, value) -> {
            if (!NOT_COPIED.contains(key)) {
                wanted.put(key, value);
            }
        });
        return wanted;
    }

    /** Whether two templates are equal but for the hash label. */
    static boolean sameTemplate(PodTemplateSpec one, PodTemplateSpec other) {
        if (!Objects.equals(one.getSpec(), other.getSpec())) {
            return false;
        }
        ObjectMeta a = one.getMetadata() == null ? new ObjectMeta() : one.getMetadata();
        ObjectMeta b = other.getMetadata() == null ? new ObjectMeta() : other.getMetadata();
        return withoutHash(a.getLabels()).equals(withoutHash(b.getLabels()))
                && orEmpty(a.getAnnotations()).equals(orEmpty(b.getAnnotations()))
                && Objects.equals(a.getFinalizers(), b.getFinalizers())
                && Objects.equals(a.getName(), b.getName());
    }

    static Map<String, String> withoutHash(@Nullable Map<String, String> labels) {
        Map<String, String> rest = new LinkedHashMap<>(orEmpty(labels));
        rest.remove(HASH_LABEL);
        return rest;
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }

    private static long number(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return 0;
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
