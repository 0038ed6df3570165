package dev.amphora.controller.volume;

import static dev.amphora.controller.volume.StorageAnnotations.BETA_PROVISIONER;
import static dev.amphora.controller.volume.StorageAnnotations.BOUND_BY_CONTROLLER;
import static dev.amphora.controller.volume.StorageAnnotations.DELETION_PROTECTION;
import static dev.amphora.controller.volume.StorageAnnotations.MIGRATED_TO;
import static dev.amphora.controller.volume.StorageAnnotations.PROVISIONED_BY;
import static dev.amphora.controller.volume.StorageAnnotations.PROVISIONER;
import static dev.amphora.controller.volume.StorageAnnotations.SELECTED_NODE;
import static dev.amphora.controller.volume.StorageAnnotations.get;
import static dev.amphora.controller.volume.StorageAnnotations.has;

import dev.amphora.api.StatusException;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Has a volume made for a claim that no volume suits: host paths here, all others by the provisioner that the class names, who is told by
 * annotations.
 */
final class Provisioning {
    /** The provisioner and plugin of host paths. */
    static final String HOST_PATH = "kubernetes.io/host-path";

    private static final String IN_TREE = "kubernetes.io/";
    private static final String FAILED = "ProvisioningFailed";

    private final BinderState state;
    private final boolean makesHostPaths;

    Provisioning(BinderState state, boolean makesHostPaths) {
        this.state = state;
        this.makesHostPaths = makesHostPaths;
    }

    /** @param storageClass null if there is none by the name that the claim gives */
    void provision(StorageKey key, PersistentVolumeClaim claim, @Nullable StorageClass storageClass) {
        if (storageClass == null) {
            fail(claim, "storageclass.storage.k8s.io \"%s\" not found".formatted(VolumeMatch.classOf(claim)));
            return;
        }
        String provisioner = storageClass.getProvisioner();
        String driver = CsiMigration.driverOf(provisioner).orElse(null);
        if (provisioner.equals(HOST_PATH)) {
            provisionHostPath(key, claim, storageClass);
        } else if (driver == null && provisioner.startsWith(IN_TREE)) {
            fail(claim, "no volume plugin matched name: " + provisioner);
        } else {
            String maker = driver == null ? provisioner : driver;
            ask(key, claim, maker);
            state.context
                    .events()
                    .normal(
                            claim,
                            "ExternalProvisioning",
                            ("Waiting for a volume to be created either by the external provisioner '%s' or manually by"
                                            + " the system administrator. If volume creation is delayed, please verify that"
                                            + " the provisioner is running and correctly registered.")
                                    .formatted(maker));
        }
    }

    private void fail(PersistentVolumeClaim claim, String why) {
        state.context.events().warning(claim, FAILED, why);
    }

    /** Names the provisioner that is asked for a volume, so that it knows. */
    private PersistentVolumeClaim ask(StorageKey key, PersistentVolumeClaim claim, String provisioner) {
        if (provisioner.equals(get(claim, PROVISIONER))) {
            return claim;
        }
        PersistentVolumeClaimBuilder asking = new PersistentVolumeClaimBuilder(claim);
        asking.editMetadata()
                .addToAnnotations(BETA_PROVISIONER, provisioner)
                .addToAnnotations(PROVISIONER, provisioner)
                .removeFromAnnotations(MIGRATED_TO)
                .endMetadata();
        return state.update(key, asking.build());
    }

    private void provisionHostPath(StorageKey key, PersistentVolumeClaim found, StorageClass storageClass) {
        if (found.getSpec().getDataSource() != null) {
            fail(
                    found,
                    "plugin \"%s\" is not a CSI plugin. Only CSI plugin can provision a claim with a datasource"
                            .formatted(HOST_PATH));
            return;
        }
        PersistentVolumeClaim claim = ask(key, found, HOST_PATH);
        List<String> mountOptions = storageClass.getMountOptions();
        if (mountOptions != null && !mountOptions.isEmpty()) {
            fail(
                    claim,
                    "Mount options are not supported by the provisioner but StorageClass \"%s\" has mount options [%s]"
                            .formatted(storageClass.getMetadata().getName(), String.join(" ", mountOptions)));
            return;
        }
        if (!makesHostPaths) {
            fail(
                    claim,
                    "Failed to create provisioner: provisioning in volume plugin \"%s\" is disabled"
                            .formatted(HOST_PATH));
            return;
        }
        String node = get(claim, SELECTED_NODE);
        if (node != null && state.nodes.find("", node).isEmpty()) {
            reschedule(key, claim);
            return;
        }
        if ("Block".equals(claim.getSpec().getVolumeMode())) {
            reschedule(key, claim);
            fail(
                    claim,
                    "Failed to provision volume with StorageClass \"%s\": %s does not support block volume provisioning"
                            .formatted(storageClass.getMetadata().getName(), HOST_PATH));
            return;
        }
        PersistentVolume volume = hostPath(claim, storageClass);
        if (create(key, volume)) {
            state.context
                    .events()
                    .normal(
                            claim,
                            "ProvisioningSucceeded",
                            "Successfully provisioned volume %s using %s"
                                    .formatted(volume.getMetadata().getName(), HOST_PATH));
        }
    }

    private boolean create(StorageKey key, PersistentVolume volume) {
        try {
            state.loop.wrote(key, state.volumes, state.context.client().create(volume));
            return true;
        } catch (StatusException e) {
            if (e.isAlreadyExists()) {
                // Made for this claim before, since it bears its uid.
                return false;
            }
            throw e;
        }
    }

    /** Lets the scheduler choose another node. */
    private void reschedule(StorageKey key, PersistentVolumeClaim claim) {
        if (has(claim, SELECTED_NODE)) {
            state.update(
                    key,
                    new PersistentVolumeClaimBuilder(claim)
                            .editMetadata()
                            .removeFromAnnotations(SELECTED_NODE)
                            .endMetadata()
                            .build());
        }
    }

    private PersistentVolume hostPath(PersistentVolumeClaim claim, StorageClass storageClass) {
        String policy = Objects.requireNonNullElse(storageClass.getReclaimPolicy(), "Delete");
        List<String> modes = claim.getSpec().getAccessModes();
        PersistentVolumeBuilder builder = new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName("pvc-" + claim.getMetadata().getUid())
                .withAnnotations(Map.of(
                        "kubernetes.io/createdby",
                        "hostpath-dynamic-provisioner",
                        BOUND_BY_CONTROLLER,
                        "yes",
                        PROVISIONED_BY,
                        HOST_PATH))
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(VolumeMatch.classOf(claim))
                .withPersistentVolumeReclaimPolicy(policy)
                .withAccessModes(modes.isEmpty() ? List.of("ReadWriteOnce") : modes)
                .withCapacity(Map.of("storage", VolumeMatch.requested(claim)))
                .withNewHostPath()
                .withPath("/tmp/hostpath_pv/" + state.context.kernel().newUid())
                .endHostPath()
                .withClaimRef(BinderState.referTo(claim))
                .endSpec();
        if (policy.equals("Delete")) {
            builder.editMetadata().withFinalizers(DELETION_PROTECTION).endMetadata();
        }
        return builder.build();
    }
}
