package dev.amphora.controller.statefulset;

import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.PodTemplates;
import dev.amphora.controller.history.Revisions;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetPersistentVolumeClaimRetentionPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The names, labels and claims that a StatefulSet gives its pods. */
final class Identity {
    static final String POD_NAME = "statefulset.kubernetes.io/pod-name";
    static final String POD_INDEX = "apps.kubernetes.io/pod-index";

    private Identity() {}

    static int start(StatefulSet set) {
        return set.getSpec().getOrdinals() == null
                        || set.getSpec().getOrdinals().getStart() == null
                ? 0
                : set.getSpec().getOrdinals().getStart();
    }

    static int replicas(StatefulSet set) {
        return set.getSpec().getReplicas() == null ? 1 : set.getSpec().getReplicas();
    }

    static String podName(StatefulSet set, int ordinal) {
        return set.getMetadata().getName() + "-" + ordinal;
    }

    /** The number at the end of a pod's name; -1 if the name is not one that the set would give. */
    static int ordinal(StatefulSet set, Pod pod) {
        String name = pod.getMetadata().getName();
        String prefix = set.getMetadata().getName() + "-";
        if (!name.startsWith(prefix) || !name.substring(prefix.length()).matches("[0-9]{1,9}")) {
            return -1;
        }
        return Integer.parseInt(name.substring(prefix.length()));
    }

    static String revision(Pod pod) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        return labels == null ? "" : labels.getOrDefault(Revisions.LABEL, "");
    }

    /** A new pod. */
    static Pod pod(StatefulSet set, PodTemplateSpec template, String revision, int ordinal) {
        Pod pod = PodTemplates.podOf(set, template);
        String name = podName(set, ordinal);
        return new PodBuilder(pod)
                .editMetadata()
                .withName(name)
                .addToLabels(POD_NAME, name)
                .addToLabels(POD_INDEX, String.valueOf(ordinal))
                .addToLabels(Revisions.LABEL, revision)
                .endMetadata()
                .editSpec()
                .withHostname(name)
                .withSubdomain(set.getSpec().getServiceName())
                .withVolumes(volumes(set, ordinal, pod.getSpec().getVolumes()))
                .endSpec()
                .build();
    }

    private static List<Volume> volumes(StatefulSet set, int ordinal, List<Volume> templates) {
        Map<String, Volume> claims = new LinkedHashMap<>();
        for (PersistentVolumeClaim template : set.getSpec().getVolumeClaimTemplates()) {
            String name = template.getMetadata().getName();
            claims.put(
                    name,
                    new VolumeBuilder()
                            .withName(name)
                            .withNewPersistentVolumeClaim(claimName(set, template, ordinal), false)
                            .build());
        }
        List<Volume> volumes = new ArrayList<>(claims.values());
        for (Volume volume : templates) {
            if (!claims.containsKey(volume.getName())) {
                volumes.add(volume);
            }
        }
        return volumes;
    }

    /** Whether a pod has the labels and claims that make it what it is. */
    static boolean matches(StatefulSet set, Pod pod, int ordinal) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        String name = pod.getMetadata().getName();
        if (labels == null
                || !name.equals(labels.get(POD_NAME))
                || !String.valueOf(ordinal).equals(labels.get(POD_INDEX))) {
            return false;
        }
        for (PersistentVolumeClaim template : set.getSpec().getVolumeClaimTemplates()) {
            String claim = claimName(set, template, ordinal);
            if (pod.getSpec().getVolumes().stream()
                    .noneMatch(volume -> volume.getName()
                                    .equals(template.getMetadata().getName())
                            && volume.getPersistentVolumeClaim() != null
                            && claim.equals(volume.getPersistentVolumeClaim().getClaimName()))) {
                return false;
            }
        }
        return true;
    }

    /** The pod with its labels put right. */
    static Pod repaired(StatefulSet set, Pod pod, int ordinal) {
        return new PodBuilder(pod)
                .editMetadata()
                .addToLabels(POD_NAME, pod.getMetadata().getName())
                .addToLabels(POD_INDEX, String.valueOf(ordinal))
                .endMetadata()
                .editSpec()
                .withVolumes(volumes(set, ordinal, pod.getSpec().getVolumes()))
                .endSpec()
                .build();
    }

    static String claimName(StatefulSet set, PersistentVolumeClaim template, int ordinal) {
        return template.getMetadata().getName() + "-" + podName(set, ordinal);
    }

    /** The claims of an ordinal, as they are when they are made. */
    static List<PersistentVolumeClaim> claims(StatefulSet set, int ordinal) {
        List<PersistentVolumeClaim> claims = new ArrayList<>();
        for (PersistentVolumeClaim template : set.getSpec().getVolumeClaimTemplates()) {
            claims.add(new PersistentVolumeClaimBuilder(template)
                    .editMetadata()
                    .withName(claimName(set, template, ordinal))
                    .withNamespace(set.getMetadata().getNamespace())
                    .addToLabels(set.getSpec().getSelector().getMatchLabels())
                    .endMetadata()
                    .withStatus(null)
                    .build());
        }
        return claims;
    }

    static boolean deletedWithSet(StatefulSet set) {
        StatefulSetPersistentVolumeClaimRetentionPolicy policy =
                set.getSpec().getPersistentVolumeClaimRetentionPolicy();
        return policy != null && "Delete".equals(policy.getWhenDeleted());
    }

    static boolean deletedWhenScaled(StatefulSet set) {
        StatefulSetPersistentVolumeClaimRetentionPolicy policy =
                set.getSpec().getPersistentVolumeClaimRetentionPolicy();
        return policy != null && "Delete".equals(policy.getWhenScaled());
    }

    /**
     * The owners that a claim should have by the set's retention policy.
     *
     * @param scaledAway whether the pod goes because the set has become smaller
     */
    static List<OwnerReference> owners(StatefulSet set, Pod pod, PersistentVolumeClaim claim, boolean scaledAway) {
        boolean byPod = scaledAway && deletedWhenScaled(set);
        List<OwnerReference> owners = new ArrayList<>();
        for (OwnerReference owner : OwnerReferences.of(claim)) {
            boolean ofSet = owner.getUid().equals(set.getMetadata().getUid());
            boolean ofPod = "Pod".equals(owner.getKind())
                    && owner.getName().equals(pod.getMetadata().getName());
            if (!ofSet && !ofPod) {
                owners.add(owner);
            }
        }
        if (byPod) {
            owners.add(Objects.requireNonNull(OwnerReferences.controlledBy(pod)));
        } else if (deletedWithSet(set)) {
            owners.add(OwnerReferences.controlledBy(set));
        }
        return owners;
    }
}
