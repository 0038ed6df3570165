package dev.amphora.samples;

import dev.amphora.samples.PodTemplates.Template;
import dev.amphora.samples.SchedulerWorkload.Setup;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplateBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import io.fabric8.kubernetes.api.model.storage.CSINodeBuilder;
import java.util.Map;

/** The volumes and devices of the reference's benchmark. */
final class StorageTemplates {
    /** Whose volumes they are. */
    static final String DRIVER = "ebs.csi.aws.com";

    private static final String DEVICE_DRIVER = "test-driver.cdi.k8s.io";
    private static final int DEVICES = 10;

    private StorageTemplates() {}

    /** A bound volume for each pod from a number on, behind the CSI driver. */
    static Setup csiVolumes(boolean forThoseBefore) {
        return (sized, to) -> {
            for (int i = forThoseBefore ? 0 : sized.init(); i < sized.init() + sized.measured(); i++) {
                to.accept(volume(i)
                        .editSpec()
                        .withNewCsi()
                        .withDriver(DRIVER)
                        .withVolumeHandle("pv-" + i)
                        .endCsi()
                        .endSpec()
                        .build());
                to.accept(claim(i).build());
            }
        };
    }

    /** The same behind the driver that was once in the tree. */
    static Setup inTreeVolumes(boolean forThoseBefore) {
        return (sized, to) -> {
            for (int i = forThoseBefore ? 0 : sized.init(); i < sized.init() + sized.measured(); i++) {
                to.accept(volume(i)
                        .editSpec()
                        .withNewAwsElasticBlockStore()
                        .withVolumeID("pv-" + i)
                        .endAwsElasticBlockStore()
                        .endSpec()
                        .build());
                to.accept(claim(i).build());
            }
        };
    }

    private static PersistentVolumeBuilder volume(int number) {
        return new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName("pv-" + number)
                .endMetadata()
                .withNewSpec()
                .withAccessModes("ReadOnlyMany")
                .addToCapacity("storage", new Quantity("1Gi"))
                .withPersistentVolumeReclaimPolicy("Retain")
                .withNewClaimRef()
                .withApiVersion("v1")
                .withKind("PersistentVolumeClaim")
                .withNamespace(BenchObjects.NAMESPACE)
                .withName("pvc-" + number)
                .endClaimRef()
                .endSpec();
    }

    private static PersistentVolumeClaimBuilder claim(int number) {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace(BenchObjects.NAMESPACE)
                .withName("pvc-" + number)
                .addToAnnotations("pv.kubernetes.io/bind-completed", "true")
                .endMetadata()
                .withNewSpec()
                .withAccessModes("ReadOnlyMany")
                .withVolumeName("pv-" + number)
                .withNewResources()
                .addToRequests("storage", new Quantity("1Gi"))
                .endResources()
                .endSpec();
    }

    /** Mounts the volume that was made for the pod. */
    static final Template CLAIMING = (pod, number) -> pod.editSpec()
            .addNewVolume()
            .withName("vol")
            .withNewPersistentVolumeClaim("pvc-" + number, false)
            .endVolume()
            .endSpec();

    /** Mounts a secret. */
    static final Template SECRETIVE = (pod, number) -> pod.editSpec()
            .addNewVolume()
            .withName("secret")
            .withNewSecret()
            .withSecretName("secret")
            .endSecret()
            .endVolume()
            .endSpec();

    /** Says of each node that the driver takes 39 volumes there. */
    static Setup csiNodes(boolean migrated) {
        return (sized, to) -> {
            for (int i = 0; i < sized.nodes(); i++) {
                to.accept(new CSINodeBuilder()
                        .withNewMetadata()
                        .withName("node-" + i)
                        .withAnnotations(
                                migrated
                                        ? Map.of(
                                                "storage.alpha.kubernetes.io/migrated-plugins", "kubernetes.io/aws-ebs")
                                        : Map.of())
                        .endMetadata()
                        .withNewSpec()
                        .addNewDriver()
                        .withName(DRIVER)
                        .withNodeID("node-" + i)
                        .withNewAllocatable()
                        .withCount(39)
                        .endAllocatable()
                        .endDriver()
                        .endSpec()
                        .build());
            }
        };
    }

    // -- devices -----------------------------------------------------------------------------------------------------

    /** Ten devices on each node, their class, and a template of claims for one of them. */
    static final Setup DEVICES_OF_NODES = (sized, to) -> {
        to.accept(new DeviceClassBuilder()
                .withNewMetadata()
                .withName("test-class")
                .endMetadata()
                .withNewSpec()
                .addNewSelector()
                .withNewCel("device.driver == '" + DEVICE_DRIVER + "'")
                .endSelector()
                .endSpec()
                .build());
        to.accept(new ResourceClaimTemplateBuilder()
                .withNewMetadata()
                .withNamespace(BenchObjects.NAMESPACE)
                .withName("test-claim-template")
                .endMetadata()
                .withNewSpec()
                .withNewSpec()
                .withNewDevices()
                .addNewRequest()
                .withName("req-0")
                .withNewExactly()
                .withDeviceClassName("test-class")
                .endExactly()
                .endRequest()
                .endDevices()
                .endSpec()
                .endSpec()
                .build());
        for (int i = 0; i < sized.nodes(); i++) {
            ResourceSliceBuilder slice = new ResourceSliceBuilder()
                    .withNewMetadata()
                    .withName("slice-" + i)
                    .endMetadata()
                    .withNewSpec()
                    .withDriver(DEVICE_DRIVER)
                    .withNodeName("node-" + i)
                    .withNewPool()
                    .withName("node-" + i)
                    .withGeneration(1L)
                    .withResourceSliceCount(1L)
                    .endPool()
                    .endSpec();
            for (int device = 0; device < DEVICES; device++) {
                slice.editSpec()
                        .addNewDevice()
                        .withName("instance-" + device)
                        .endDevice()
                        .endSpec();
            }
            to.accept(slice.build());
        }
    };

    /** Wants a device. */
    static final Template WANTING_A_DEVICE = (pod, number) -> pod.editSpec()
            .addNewResourceClaim()
            .withName("resource")
            .withResourceClaimTemplateName("test-claim-template")
            .endResourceClaim()
            .editFirstContainer()
            .editOrNewResources()
            .addNewClaim()
            .withName("resource")
            .endClaim()
            .endResources()
            .endContainer()
            .endSpec();
}
