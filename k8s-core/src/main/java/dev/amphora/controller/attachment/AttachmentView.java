package dev.amphora.controller.attachment;

import dev.amphora.client.Informer;
import dev.amphora.client.Informers;
import dev.amphora.client.ObjectKey;
import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which volumes the pods of which nodes want, as informers have it. */
final class AttachmentView {
    private static final String BY_CLAIM = "claims";
    private static final String BY_VOLUME = "persistent-volume";
    private static final String BY_DRIVER = "driver";
    private static final String KEEPS_OF_ENDED = "volumes.kubernetes.io/keep-terminated-pod-volumes";

    final Informer<Pod> pods;
    final Informer<PersistentVolumeClaim> claims;
    final Informer<PersistentVolume> volumes;
    final Informer<VolumeAttachment> attachments;
    final Informer<CSIDriver> drivers;
    final Informer<Node> nodes;

    AttachmentView(Informers informers) {
        pods = Pods.indexedByNode(informers.of(Pod.class));
        claims = informers.of(PersistentVolumeClaim.class);
        volumes = informers.of(PersistentVolume.class);
        attachments = informers.of(VolumeAttachment.class);
        drivers = informers.of(CSIDriver.class);
        nodes = informers.of(Node.class);
        pods.addIndex(BY_CLAIM, pod -> claimsOf(pod).map(ObjectKey::toString).toList());
        volumes.addIndex(
                BY_DRIVER,
                volume -> volume.getSpec().getCsi() == null
                        ? List.of()
                        : List.of(volume.getSpec().getCsi().getDriver()));
        attachments.addIndex(
                BY_VOLUME,
                attachment -> Attachments.volumeOf(attachment).map(List::of).orElse(List.of()));
        attachments.addIndex(
                Pods.BY_NODE, attachment -> List.of(attachment.getSpec().getNodeName()));
    }

    private static Stream<ObjectKey> claimsOf(Pod pod) {
        String namespace = pod.getMetadata().getNamespace();
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getPersistentVolumeClaim() != null || volume.getEphemeral() != null)
                .map(volume -> new ObjectKey(namespace, nameOfClaim(pod, volume)));
    }

    private static String nameOfClaim(Pod pod, Volume volume) {
        return volume.getPersistentVolumeClaim() != null
                ? volume.getPersistentVolumeClaim().getClaimName()
                : pod.getMetadata().getName() + "-" + volume.getName();
    }

    /** The names of the volumes that a pod's claims are bound to. */
    List<String> volumesOf(Pod pod) {
        return claimsOf(pod)
                .flatMap(key -> claims.find(key).stream())
                .map(claim -> claim.getSpec().getVolumeName())
                .filter(Objects::nonNull)
                .toList();
    }

    List<PersistentVolume> volumesOfDriver(String driver) {
        return volumes.byIndex(BY_DRIVER, driver);
    }

    List<VolumeAttachment> attachmentsOf(String volume) {
        return attachments.byIndex(BY_VOLUME, volume);
    }

    List<VolumeAttachment> attachmentsOn(String node) {
        return attachments.byIndex(Pods.BY_NODE, node);
    }

    List<Pod> podsOn(String node) {
        return pods.byIndex(Pods.BY_NODE, node);
    }

    /** Whether a pod needs its volumes: it is on a node and has not ended there. */
    boolean uses(Pod pod) {
        if (!Pods.isAssigned(pod) || !Pods.isTerminal(pod)) {
            return Pods.isAssigned(pod);
        }
        Map<String, String> annotations = nodes.find("", pod.getSpec().getNodeName())
                .map(node -> node.getMetadata().getAnnotations())
                .orElse(null);
        return annotations != null && "true".equals(annotations.get(KEEPS_OF_ENDED));
    }

    /** The pods that want a volume, by their nodes; none if the volume and its claim don't name each other. */
    Map<String, List<Pod>> wanted(@Nullable PersistentVolume volume) {
        Map<String, List<Pod>> wanted = new TreeMap<>();
        ObjectReference reference = volume == null ? null : volume.getSpec().getClaimRef();
        if (volume == null || reference == null || volume.getSpec().getCsi() == null) {
            return wanted;
        }
        ObjectKey key = new ObjectKey(
                Objects.requireNonNullElse(reference.getNamespace(), ""),
                Objects.requireNonNullElse(reference.getName(), ""));
        PersistentVolumeClaim claim = claims.find(key)
                .filter(found -> found.getMetadata().getUid().equals(reference.getUid())
                        && volume.getMetadata().getName().equals(found.getSpec().getVolumeName())
                        && found.getStatus() != null
                        && "Bound".equals(found.getStatus().getPhase()))
                .orElse(null);
        if (claim == null || !isAttachable(volume)) {
            return wanted;
        }
        for (Pod pod : pods.byIndex(BY_CLAIM, key.toString())) {
            if (uses(pod) && mayUse(pod, claim)) {
                wanted.computeIfAbsent(pod.getSpec().getNodeName(), node -> new ArrayList<>())
                        .add(pod);
            }
        }
        return wanted;
    }

    /** Whether a claim for an ephemeral volume is the pod's own; others may be used by whoever names them. */
    private static boolean mayUse(Pod pod, PersistentVolumeClaim claim) {
        String name = claim.getMetadata().getName();
        boolean named = pod.getSpec().getVolumes().stream()
                .anyMatch(volume -> volume.getPersistentVolumeClaim() != null
                        && name.equals(volume.getPersistentVolumeClaim().getClaimName()));
        return named || OwnerReferences.isControlledBy(claim, pod);
    }

    /** Whether a driver wants to be asked: it does unless it says otherwise. */
    private boolean isAttachable(PersistentVolume volume) {
        return drivers.find("", volume.getSpec().getCsi().getDriver())
                .map(driver -> !Boolean.FALSE.equals(driver.getSpec().getAttachRequired()))
                .orElse(true);
    }
}
