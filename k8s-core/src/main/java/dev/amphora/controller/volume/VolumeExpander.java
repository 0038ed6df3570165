package dev.amphora.controller.volume;

import static dev.amphora.controller.volume.StorageAnnotations.PRE_RESIZE_CAPACITY;
import static dev.amphora.controller.volume.StorageAnnotations.RESIZER;
import static dev.amphora.controller.volume.StorageAnnotations.has;
import static dev.amphora.controller.volume.StorageAnnotations.isEmpty;

import dev.amphora.api.Amount;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Informer;
import dev.amphora.client.ObjectKey;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.Pods;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimCondition;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimConditionBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Has volumes grow whose claims ask for more: the reference's {@code persistentvolume-expander-controller}. Whether a claim may ask is the
 * API server's to say ({@code allowVolumeExpansion}). Nearly all volumes are grown by a driver's own controller, which is told of here by
 * an event; those of {@code flexVolume} grow on their node, and are readied for that.
 */
public final class VolumeExpander implements Controller {
    private static final String FLEX = "kubernetes.io/noop-expand";
    private static final String STORAGE = "storage";
    private static final String AT_WORK = "ControllerResizeInProgress";
    private static final String NODE_PENDING = "NodeResizePending";
    private static final int WORKERS = 10;

    private @Nullable ControlLoop<ObjectKey> loop;

    @Override
    public String name() {
        return "persistentvolume-expander-controller";
    }

    @Override
    public String eventSource() {
        return "volume_expand";
    }

    @Override
    public void start(Context context) {
        loop = new Run(context, name()).loop;
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }

    private static final class Run {
        private final Context context;
        private final Informer<PersistentVolumeClaim> claims;
        private final ControlLoop<ObjectKey> loop;

        Run(Context context, String name) {
            this.context = context;
            this.claims = context.informers().of(PersistentVolumeClaim.class);
            this.loop = new ControlLoop<>(context.kernel(), name, WORKERS);
            loop.<PersistentVolumeClaim>watch(claims, (old, now, keys) -> {
                        if (now != null && isBound(now) && (old == null || grew(old, now))) {
                            keys.accept(ObjectKey.of(now));
                        }
                    })
                    .start(key -> {
                        PersistentVolumeClaim claim = claims.find(key).orElse(null);
                        if (claim != null && isBound(claim)) {
                            sync(key, claim);
                        }
                        return Result.done();
                    });
        }

        private static boolean isBound(PersistentVolumeClaim claim) {
            return claim.getStatus() != null
                    && "Bound".equals(claim.getStatus().getPhase())
                    && !isEmpty(claim.getSpec().getVolumeName());
        }

        private static boolean grew(PersistentVolumeClaim old, PersistentVolumeClaim now) {
            return VolumeMatch.request(now).compareTo(VolumeMatch.request(old)) > 0
                    || capacity(now).compareTo(capacity(old)) > 0
                    || !isBound(old);
        }

        private static Amount capacity(PersistentVolumeClaim claim) {
            return VolumeMatch.storage(
                    claim.getStatus() == null ? null : claim.getStatus().getCapacity());
        }

        private void sync(ObjectKey key, PersistentVolumeClaim claim) {
            PersistentVolume volume = context.client()
                    .get(
                            ResourceType.of(PersistentVolume.class),
                            null,
                            claim.getSpec().getVolumeName());
            ObjectReference reference = volume.getSpec().getClaimRef();
            if (reference == null
                    || !claim.getMetadata().getUid().equals(reference.getUid())
                    || VolumeMatch.request(claim).compareTo(capacity(claim)) <= 0
                            && !has(volume, PRE_RESIZE_CAPACITY)) {
                return;
            }
            Optional<String> plugin = CsiMigration.pluginOf(volume);
            if (plugin.isPresent()) {
                context.events()
                        .normal(
                                claim,
                                "ExternalExpanding",
                                "CSI migration enabled for %s; waiting for external resizer to expand the pvc"
                                        .formatted(plugin.get()));
                String driver = plugin.flatMap(CsiMigration::driverOf).orElseThrow();
                if (!driver.equals(StorageAnnotations.get(claim, RESIZER))) {
                    writeStatus(key, resizedBy(claim, driver));
                }
            } else if (volume.getSpec().getFlexVolume() != null) {
                grow(key, claim, volume);
            } else {
                // Host paths too: the reference's plugin for them can't grow them either.
                context.events()
                        .warning(claim, "ExternalExpanding", "waiting for an external controller to expand this PVC");
            }
        }

        private static PersistentVolumeClaimBuilder resizedBy(PersistentVolumeClaim claim, String resizer) {
            PersistentVolumeClaimBuilder builder = new PersistentVolumeClaimBuilder(claim);
            builder.editMetadata().addToAnnotations(RESIZER, resizer).endMetadata();
            return builder;
        }

        private PersistentVolumeClaim writeStatus(ObjectKey key, PersistentVolumeClaimBuilder changed) {
            PersistentVolumeClaim written = context.client().updateStatus(changed.build());
            loop.wrote(key, claims, written);
            return written;
        }

        private void grow(ObjectKey key, PersistentVolumeClaim claim, PersistentVolume volume) {
            PersistentVolumeClaimStatus status = claim.getStatus();
            if (has(volume, PRE_RESIZE_CAPACITY)
                    && capacity(claim)
                                    .compareTo(
                                            VolumeMatch.storage(volume.getSpec().getCapacity()))
                            >= 0) {
                // The node has done it.
                context.client()
                        .update(new PersistentVolumeBuilder(volume)
                                .editMetadata()
                                .removeFromAnnotations(PRE_RESIZE_CAPACITY)
                                .endMetadata()
                                .build());
                return;
            }
            String at = status.getAllocatedResourceStatuses() == null
                    ? ""
                    : status.getAllocatedResourceStatuses().getOrDefault(STORAGE, "");
            Quantity allocated = status.getAllocatedResources() == null
                    ? null
                    : status.getAllocatedResources().get(STORAGE);
            boolean isLarge =
                    VolumeMatch.storage(volume.getSpec().getCapacity()).compareTo(VolumeMatch.request(claim)) >= 0;
            if (isLarge && (at.equals(NODE_PENDING) || at.equals("NodeResizeInProgress"))) {
                return;
            }
            Quantity size = allocated != null && (!at.isEmpty() || isLarge) ? allocated : VolumeMatch.requested(claim);
            PersistentVolumeClaim current =
                    at.equals("NodeResizeInfeasible") && isLarge ? claim : writeStatus(key, atWork(claim, size));
            enlarge(volume, size, capacity(claim));
            awaitNode(key, current);
        }

        /** Also tells the node how large the volume was, should the claim go meanwhile. */
        private void enlarge(PersistentVolume volume, Quantity size, Amount before) {
            PersistentVolumeBuilder builder = new PersistentVolumeBuilder(volume);
            if (!has(volume, PRE_RESIZE_CAPACITY)) {
                builder.editMetadata()
                        .addToAnnotations(PRE_RESIZE_CAPACITY, before.toString())
                        .endMetadata();
            }
            if (VolumeMatch.storage(volume.getSpec().getCapacity()).compareTo(Amount.parse(size.toString())) < 0) {
                builder.editSpec().addToCapacity(STORAGE, size).endSpec();
            }
            PersistentVolume changed = builder.build();
            if (!changed.equals(volume)) {
                context.client().update(changed);
            }
        }

        private PersistentVolumeClaimBuilder atWork(PersistentVolumeClaim claim, Quantity size) {
            PersistentVolumeClaimBuilder builder = resizedBy(claim, FLEX);
            builder.editStatus()
                    .withConditions(withCondition(claim, "Resizing", null))
                    .withAllocatedResources(with(claim.getStatus().getAllocatedResources(), size))
                    .withAllocatedResourceStatuses(with(claim.getStatus().getAllocatedResourceStatuses(), AT_WORK))
                    .endStatus();
            return builder;
        }

        private void awaitNode(ObjectKey key, PersistentVolumeClaim claim) {
            PersistentVolumeClaimBuilder builder = new PersistentVolumeClaimBuilder(claim);
            builder.editStatus()
                    .withConditions(withCondition(
                            claim,
                            "FileSystemResizePending",
                            "Waiting for user to (re-)start a pod to finish file system resize of volume on node."))
                    .withAllocatedResourceStatuses(with(claim.getStatus().getAllocatedResourceStatuses(), NODE_PENDING))
                    .endStatus();
            writeStatus(key, builder);
        }

        private static <V> Map<String, V> with(@Nullable Map<String, V> amounts, V storage) {
            Map<String, V> changed = new HashMap<>(Objects.requireNonNullElse(amounts, Map.of()));
            changed.put(STORAGE, storage);
            return changed;
        }

        /** The conditions with one of resizing, which takes the place of others of resizing. */
        private List<PersistentVolumeClaimCondition> withCondition(
                PersistentVolumeClaim claim, String type, @Nullable String message) {
            List<PersistentVolumeClaimCondition> conditions = new ArrayList<>();
            PersistentVolumeClaimCondition before = null;
            for (PersistentVolumeClaimCondition each : claim.getStatus().getConditions()) {
                if (each.getType().equals(type)) {
                    before = each;
                } else if (!each.getType().equals("Resizing") && !each.getType().equals("FileSystemResizePending")) {
                    conditions.add(each);
                }
            }
            conditions.add(
                    before != null
                            ? before
                            : new PersistentVolumeClaimConditionBuilder()
                                    .withType(type)
                                    .withStatus("True")
                                    .withMessage(message)
                                    .withLastTransitionTime(
                                            Pods.stamp(context.kernel().instant()))
                                    .build());
            return conditions;
        }
    }
}
