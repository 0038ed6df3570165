package dev.amphora.controller.attachment;

import com.google.common.hash.Hashing;
import io.fabric8.kubernetes.api.model.CSIPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachmentBuilder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What attachments are called, and what nodes and volumes say about them. */
final class Attachments {
    private static final String PREFIX = "kubernetes.io/csi/";
    private static final String MANAGED = "volumes.kubernetes.io/controller-managed-attach-detach";
    private static final String OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";
    private static final int NAME_LENGTH = 68;

    private Attachments() {}

    /** The name of the attachment of a volume to a node, by which it is found again after a crash. */
    static String nameOf(String handle, String driver, String node) {
        return "csi-"
                + Hashing.sha256()
                        .hashString(handle + driver + node, StandardCharsets.UTF_8)
                        .toString();
    }

    /** Whether a controller like this made an attachment: others are left alone. */
    static boolean isOurs(VolumeAttachment attachment, @Nullable PersistentVolume volume) {
        String name = attachment.getMetadata().getName();
        CSIPersistentVolumeSource source =
                volume == null ? null : volume.getSpec().getCsi();
        return source == null
                ? name.startsWith("csi-") && name.length() == NAME_LENGTH
                : name.equals(nameOf(
                        source.getVolumeHandle(),
                        source.getDriver(),
                        attachment.getSpec().getNodeName()));
    }

    static VolumeAttachment of(PersistentVolume volume, String node) {
        CSIPersistentVolumeSource source = volume.getSpec().getCsi();
        return new VolumeAttachmentBuilder()
                .withNewMetadata()
                .withName(nameOf(source.getVolumeHandle(), source.getDriver(), node))
                .endMetadata()
                .withNewSpec()
                .withAttacher(source.getDriver())
                .withNodeName(node)
                .withNewSource()
                .withPersistentVolumeName(volume.getMetadata().getName())
                .endSource()
                .endSpec()
                .build();
    }

    /** The volume that an attachment is of; empty if it is given inline. */
    static Optional<String> volumeOf(VolumeAttachment attachment) {
        return Optional.ofNullable(attachment.getSpec().getSource()).map(source -> source.getPersistentVolumeName());
    }

    /** What a node's status calls a volume. */
    static String uniqueName(PersistentVolume volume) {
        CSIPersistentVolumeSource source = volume.getSpec().getCsi();
        return PREFIX + source.getDriver() + "^" + source.getVolumeHandle();
    }

    /** Whether a node's name for a volume means the one of an attachment. */
    static boolean means(String uniqueName, VolumeAttachment attachment) {
        int caret = uniqueName.indexOf('^');
        return uniqueName.startsWith(PREFIX)
                && caret > 0
                && attachment
                        .getMetadata()
                        .getName()
                        .equals(nameOf(
                                uniqueName.substring(caret + 1),
                                uniqueName.substring(PREFIX.length(), caret),
                                attachment.getSpec().getNodeName()));
    }

    static boolean isAttached(VolumeAttachment attachment) {
        return attachment.getStatus() != null
                && Boolean.TRUE.equals(attachment.getStatus().getAttached());
    }

    /** Whether volumes are attached to a node by a controller, as its kubelet says. */
    static boolean isManaged(Node node) {
        return node.getMetadata().getAnnotations() != null
                && node.getMetadata().getAnnotations().containsKey(MANAGED);
    }

    /** Whether an administrator says that nothing runs on a node any more (KEP-2268). */
    static boolean isOutOfService(@Nullable Node node) {
        return node != null
                && node.getSpec() != null
                && node.getSpec().getTaints() != null
                && node.getSpec().getTaints().stream().anyMatch(taint -> OUT_OF_SERVICE.equals(taint.getKey()));
    }

    static boolean isReady(@Nullable Node node) {
        return node != null
                && node.getStatus() != null
                && conditions(node).stream()
                        .anyMatch(each -> "Ready".equals(each.getType()) && "True".equals(each.getStatus()));
    }

    private static List<NodeCondition> conditions(Node node) {
        return Objects.requireNonNullElse(node.getStatus().getConditions(), List.of());
    }

    /** What a node says is mounted there, or about to be. */
    static List<String> inUse(Node node) {
        return node.getStatus() == null
                ? List.of()
                : Objects.requireNonNullElse(node.getStatus().getVolumesInUse(), List.of());
    }

    /** Whether a volume may be attached to several nodes at a time, or the driver has to say. */
    static boolean isShareable(PersistentVolume volume) {
        List<String> modes = volume.getSpec().getAccessModes();
        return modes == null || modes.isEmpty() || modes.contains("ReadWriteMany") || modes.contains("ReadOnlyMany");
    }
}
