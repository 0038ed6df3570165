package dev.amphora.controller.attachment;

import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks CSI drivers to attach volumes to the nodes whose pods use them, and to detach them when no pod does and the node has let go: the
 * reference's {@code persistentvolume-attach-detach-controller}. It asks by VolumeAttachments, which a driver's attacher answers; what is
 * attached stands in the node's {@code status.volumesAttached}, which kubelets wait for.
 */
public final class AttachDetachController implements Controller {
    /** How long a node that is not ready may keep a volume that it has mounted. */
    public static final Duration UNMOUNT_PATIENCE = Duration.ofMinutes(6);

    private @Nullable ControlLoop<AttachmentKey> loop;

    @Override
    public String name() {
        return "persistentvolume-attach-detach-controller";
    }

    @Override
    public String eventSource() {
        return "attachdetach-controller";
    }

    @Override
    public void start(Context context) {
        // One worker: what a node's status says of all its volumes is written as a whole.
        ControlLoop<AttachmentKey> created = new ControlLoop<>(context.kernel(), name(), 1);
        AttachmentView view = new AttachmentView(context.informers());
        AttachmentSync sync = new AttachmentSync(context, created, view);
        loop = created.uses(view.claims)
                .<Pod>watch(view.pods, (old, now, keys) -> {
                    Pod pod = now == null ? old : now;
                    if (pod != null && (old == null || now == null || view.uses(old) != view.uses(now))) {
                        each(view.volumesOf(pod), keys);
                    }
                })
                .<PersistentVolumeClaim>watch(view.claims, (old, now, keys) -> {
                    PersistentVolumeClaim claim = now == null ? old : now;
                    if (claim != null && claim.getSpec().getVolumeName() != null) {
                        keys.accept(AttachmentKey.volume(claim.getSpec().getVolumeName()));
                    }
                })
                .<PersistentVolume>watch(view.volumes, (old, now, keys) -> {
                    PersistentVolume volume = now == null ? old : now;
                    if (volume != null && volume.getSpec().getCsi() != null) {
                        keys.accept(AttachmentKey.volume(volume.getMetadata().getName()));
                    }
                })
                .<VolumeAttachment>watch(view.attachments, (old, now, keys) -> {
                    VolumeAttachment attachment = now == null ? old : now;
                    if (attachment != null) {
                        sync.tell(old, now);
                        keys.accept(AttachmentKey.node(attachment.getSpec().getNodeName()));
                        Attachments.volumeOf(attachment)
                                .map(AttachmentKey::volume)
                                .ifPresent(keys);
                    }
                })
                .<CSIDriver>watch(view.drivers, (old, now, keys) -> {
                    CSIDriver driver = now == null ? old : now;
                    if (driver != null) {
                        view.volumesOfDriver(driver.getMetadata().getName())
                                .forEach(volume -> keys.accept(AttachmentKey.volume(
                                        volume.getMetadata().getName())));
                    }
                })
                .<Node>watch(view.nodes, (old, now, keys) -> {
                    if (now == null && old != null) {
                        sync.gone(old);
                    }
                    ofNode(view, old, now, keys);
                })
                .start(sync::sync);
    }

    private static void each(List<String> volumes, Consumer<AttachmentKey> keys) {
        volumes.forEach(name -> keys.accept(AttachmentKey.volume(name)));
    }

    private static void ofNode(
            AttachmentView view, @Nullable Node old, @Nullable Node now, Consumer<AttachmentKey> keys) {
        Node node = now == null ? old : now;
        if (node == null || old != null && now != null && isAlike(old, now)) {
            return;
        }
        String name = node.getMetadata().getName();
        keys.accept(AttachmentKey.node(name));
        view.attachmentsOn(name)
                .forEach(each ->
                        Attachments.volumeOf(each).map(AttachmentKey::volume).ifPresent(keys));
        if (old == null || now == null || Attachments.isManaged(old) != Attachments.isManaged(now)) {
            view.podsOn(name).forEach(pod -> each(view.volumesOf(pod), keys));
        }
    }

    /** Whether nothing has changed about a node that matters to its volumes: most changes are heartbeats. */
    private static boolean isAlike(Node old, Node now) {
        return Attachments.isManaged(old) == Attachments.isManaged(now)
                && Attachments.isReady(old) == Attachments.isReady(now)
                && Attachments.isOutOfService(old) == Attachments.isOutOfService(now)
                && Attachments.inUse(old).equals(Attachments.inUse(now))
                && (now.getStatus() == null
                        || old.getStatus() != null
                                && Objects.equals(
                                        old.getStatus().getVolumesAttached(),
                                        now.getStatus().getVolumesAttached()));
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
