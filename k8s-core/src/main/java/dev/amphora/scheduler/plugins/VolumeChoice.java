package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.LabelMatcher;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeMatcher;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.TopologySelectorLabelRequirement;
import io.fabric8.kubernetes.api.model.TopologySelectorTerm;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What would be bound for a pod's claims on one node.
 *
 * @param problems why the node is impossible; empty if it isn't
 * @param matches volumes that exist, each for a claim
 * @param provisions claims for which a volume has to be made
 */
record VolumeChoice(List<String> problems, List<Match> matches, List<PersistentVolumeClaim> provisions) {
    static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";
    private static final String BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
    private static final String NO_PROVISIONER = "kubernetes.io/no-provisioner";
    private static final String STORAGE = "storage";
    private static final String ELSEWHERE = "node(s) didn't match PersistentVolume's node affinity";
    private static final String NOTHING_TO_BIND = "node(s) didn't find available persistent volumes to bind";
    private static final String NO_SPACE = "node(s) did not have enough free storage";
    private static final VolumeChoice NOTHING = new VolumeChoice(List.of(), List.of(), List.of());
    private static final String GONE = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

    /** A volume that exists, for a claim. */
    record Match(PersistentVolume volume, PersistentVolumeClaim claim) {
        /** The volume as it is when it is bound to the claim. */
        PersistentVolume bound() {
            ObjectReference known = Claims.spec(volume).getClaimRef();
            PersistentVolumeBuilder bound = new PersistentVolumeBuilder(volume);
            if (known == null || known.getUid() == null || known.getUid().isEmpty()) {
                bound.editOrNewSpec()
                        .withClaimRef(new ObjectReferenceBuilder()
                                .withApiVersion("v1")
                                .withKind("PersistentVolumeClaim")
                                .withNamespace(claim.getMetadata().getNamespace())
                                .withName(claim.getMetadata().getName())
                                .withUid(claim.getMetadata().getUid())
                                .withResourceVersion(claim.getMetadata().getResourceVersion())
                                .build())
                        .endSpec();
            }
            if (known == null) {
                bound.editMetadata()
                        .addToAnnotations(BOUND_BY_CONTROLLER, "yes")
                        .endMetadata();
            }
            return bound.build();
        }
    }

    /** A claim for which a node has been chosen. */
    static PersistentVolumeClaim selected(PersistentVolumeClaim claim, String nodeName) {
        return new PersistentVolumeClaimBuilder(claim)
                .editMetadata()
                .addToAnnotations(SELECTED_NODE, nodeName)
                .endMetadata()
                .build();
    }

    /** Whether there is nothing to bind. */
    boolean isEmpty() {
        return matches.isEmpty() && provisions.isEmpty();
    }

    /**
     * The claims of a pod.
     *
     * @param bound the volumes of those that have them
     * @param waiting those that wait for the pod, the smallest first
     * @param candidates the volumes of the classes of those that wait
     * @param unboundImmediate whether there are others
     */
    record Wanted(
            List<BoundVolume> bound,
            List<PersistentVolumeClaim> waiting,
            Map<String, List<PersistentVolume>> candidates,
            boolean unboundImmediate) {

        static Wanted of(List<PersistentVolumeClaim> claims, VolumeObjects objects) {
            List<BoundVolume> bound = new ArrayList<>();
            List<PersistentVolumeClaim> waiting = new ArrayList<>();
            Map<String, List<PersistentVolume>> candidates = new HashMap<>();
            boolean immediate = false;
            for (PersistentVolumeClaim claim : claims) {
                if (Claims.isBound(claim)) {
                    bound.add(BoundVolume.of(objects.volume(Claims.volumeName(claim))));
                } else if (Claims.volumeName(claim).isEmpty() && waits(claim, objects)) {
                    waiting.add(claim);
                    candidates.computeIfAbsent(Claims.classOf(claim), objects::volumesOf);
                } else {
                    immediate = true;
                }
            }
            waiting.sort(Comparator.comparing(VolumeChoice::size));
            return new Wanted(bound, waiting, candidates, immediate);
        }

        private static boolean waits(PersistentVolumeClaim claim, VolumeObjects objects) {
            String name = Claims.classOf(claim);
            StorageClass storageClass = name.isEmpty() ? null : objects.classes.get(null, name);
            if (storageClass != null && storageClass.getVolumeBindingMode() == null) {
                throw new IllegalStateException("VolumeBindingMode not set for StorageClass \"" + name + "\"");
            }
            return storageClass != null && Claims.waits(storageClass);
        }
    }

    private static BigDecimal size(PersistentVolumeClaim claim) {
        Quantity size = requested(claim);
        return size == null ? BigDecimal.ZERO : size.getNumericalAmount();
    }

    private static @Nullable Quantity requested(PersistentVolumeClaim claim) {
        return Claims.spec(claim).getResources() == null
                        || Claims.spec(claim).getResources().getRequests() == null
                ? null
                : Claims.spec(claim).getResources().getRequests().get(STORAGE);
    }

    /** What would be bound on a node. */
    static VolumeChoice on(NodeInfo node, Wanted wanted, VolumeObjects objects) {
        boolean elsewhere = false;
        boolean gone = false;
        for (int i = 0; i < wanted.bound.size() && !elsewhere && !gone; i++) {
            BoundVolume bound = wanted.bound.get(i);
            gone = !bound.exists();
            elsewhere = bound.exists() && !bound.reaches(node.labels(), node.name(), objects.csiNodes);
        }
        if (!elsewhere && !gone && wanted.waiting.isEmpty()) {
            return NOTHING;
        }
        List<String> problems = new ArrayList<>();
        if (elsewhere) {
            problems.add(ELSEWHERE);
        }
        List<Match> matches = new ArrayList<>();
        List<PersistentVolumeClaim> provisions = new ArrayList<>();
        String problem = choose(node, wanted, objects, matches, provisions);
        if (problem != null) {
            problems.add(problem);
        }
        if (gone) {
            problems.add(GONE);
        }
        return new VolumeChoice(problems, matches, provisions);
    }

    private static @Nullable String choose(
            NodeInfo node,
            Wanted wanted,
            VolumeObjects objects,
            List<Match> matches,
            List<PersistentVolumeClaim> provisions) {
        List<PersistentVolumeClaim> open = new ArrayList<>();
        for (PersistentVolumeClaim claim : wanted.waiting) {
            String selected = Claims.annotation(claim.getMetadata(), SELECTED_NODE);
            if (selected == null) {
                open.add(claim);
            } else if (selected.equals(node.name())) {
                provisions.add(claim);
            } else {
                return NOTHING_TO_BIND;
            }
        }
        Set<String> taken = new TreeSet<>();
        for (PersistentVolumeClaim claim : open) {
            PersistentVolume volume =
                    match(claim, node, wanted.candidates.getOrDefault(Claims.classOf(claim), List.of()), taken);
            if (volume == null) {
                provisions.add(claim);
            } else {
                taken.add(volume.getMetadata().getName());
                matches.add(new Match(volume, claim));
            }
        }
        for (PersistentVolumeClaim claim : provisions) {
            String problem = whyNotProvisioned(claim, node, objects);
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    // -- volumes that exist ------------------------------------------------------------------------------------------

    /** The volume that is promised to a claim, or the smallest one that suits it. */
    private static @Nullable PersistentVolume match(
            PersistentVolumeClaim claim, NodeInfo node, List<PersistentVolume> volumes, Set<String> taken) {
        PersistentVolume smallest = null;
        BigDecimal least = BigDecimal.ZERO;
        for (PersistentVolume volume : volumes) {
            ObjectReference promised = Claims.spec(volume).getClaimRef();
            if (taken.contains(volume.getMetadata().getName()) || (promised != null && !isFor(promised, claim))) {
                continue;
            }
            BigDecimal capacity = capacity(volume);
            if (capacity.compareTo(size(claim)) < 0
                    || !mode(Claims.spec(volume).getVolumeMode())
                            .equals(mode(Claims.spec(claim).getVolumeMode()))
                    || !Claims.text(Claims.spec(volume).getVolumeAttributesClassName())
                            .equals(Claims.text(Claims.spec(claim).getVolumeAttributesClassName()))
                    || volume.getMetadata().getDeletionTimestamp() != null) {
                continue;
            }
            boolean reaches = reaches(node, volume);
            if (promised != null) {
                return reaches ? volume : null;
            }
            if (reaches && suits(volume, claim) && (smallest == null || capacity.compareTo(least) < 0)) {
                smallest = volume;
                least = capacity;
            }
        }
        return smallest;
    }

    private static boolean suits(PersistentVolume volume, PersistentVolumeClaim claim) {
        return volume.getStatus() != null
                && "Available".equals(volume.getStatus().getPhase())
                && (Claims.spec(claim).getSelector() == null
                        || LabelMatcher.of(Claims.spec(claim).getSelector()).matches(Claims.labels(volume)))
                && Claims.classOf(volume).equals(Claims.classOf(claim))
                && Claims.spec(volume)
                        .getAccessModes()
                        .containsAll(Claims.spec(claim).getAccessModes());
    }

    private static boolean isFor(ObjectReference promised, PersistentVolumeClaim claim) {
        String uid = Claims.text(promised.getUid());
        return claim.getMetadata().getName().equals(promised.getName())
                && claim.getMetadata().getNamespace().equals(promised.getNamespace())
                && (uid.isEmpty() || uid.equals(claim.getMetadata().getUid()));
    }

    private static String mode(@Nullable String volumeMode) {
        return volumeMode == null || volumeMode.isEmpty() ? "Filesystem" : volumeMode;
    }

    private static BigDecimal capacity(PersistentVolume volume) {
        Quantity capacity = Claims.spec(volume).getCapacity() == null
                ? null
                : Claims.spec(volume).getCapacity().get(STORAGE);
        return capacity == null ? BigDecimal.ZERO : capacity.getNumericalAmount();
    }

    /** Whether a volume can be used on a node; as in the reference, no driver has its say before it is bound. */
    private static boolean reaches(NodeInfo node, PersistentVolume volume) {
        NodeMatcher nodes = BoundVolume.nodes(volume);
        return nodes == null || nodes.matches(node.labels(), "");
    }

    // -- volumes that have to be made --------------------------------------------------------------------------------

    private static @Nullable String whyNotProvisioned(
            PersistentVolumeClaim claim, NodeInfo node, VolumeObjects objects) {
        String className = Claims.classOf(claim);
        StorageClass storageClass = className.isEmpty() ? null : objects.classes.get(null, className);
        if (storageClass == null) {
            throw new IllegalStateException(
                    className.isEmpty()
                            ? "no class for claim \"" + claim.getMetadata().getNamespace() + "/"
                                    + claim.getMetadata().getName() + "\""
                            : "failed to find storage class \"" + className + "\"");
        }
        String provisioner = Claims.text(storageClass.getProvisioner());
        if (provisioner.isEmpty()
                || provisioner.equals(NO_PROVISIONER)
                || !isAllowed(storageClass.getAllowedTopologies(), node.labels())) {
            return NOTHING_TO_BIND;
        }
        return hasSpace(provisioner, claim, className, node, objects) ? null : NO_SPACE;
    }

    private static boolean isAllowed(List<TopologySelectorTerm> terms, Map<String, String> labels) {
        boolean allowed = terms.isEmpty();
        for (TopologySelectorTerm term : terms) {
            boolean matches = !term.getMatchLabelExpressions().isEmpty();
            for (TopologySelectorLabelRequirement each : term.getMatchLabelExpressions()) {
                String value = labels.get(each.getKey());
                matches &= value != null && each.getValues().contains(value);
            }
            allowed |= matches;
        }
        return allowed;
    }

    private static boolean hasSpace(
            String provisioner, PersistentVolumeClaim claim, String className, NodeInfo node, VolumeObjects objects) {
        Quantity wanted = requested(claim);
        CSIDriver driver = wanted == null ? null : objects.drivers.get(null, provisioner);
        if (wanted == null || driver == null || !VolumeHints.tracksCapacity(driver)) {
            return true;
        }
        long bytes = VolumeHints.bytes(wanted);
        for (CSIStorageCapacity capacity : objects.capacitiesByClass.get(className)) {
            Quantity limit = VolumeHints.limit(capacity);
            if (limit != null
                    && VolumeHints.bytes(limit) >= bytes
                    && capacity.getNodeTopology() != null
                    && LabelMatcher.of(capacity.getNodeTopology()).matches(node.labels())) {
                return true;
            }
        }
        return false;
    }
}
