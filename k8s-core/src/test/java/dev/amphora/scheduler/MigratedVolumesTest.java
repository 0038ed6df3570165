package dev.amphora.scheduler;

import static dev.amphora.scheduler.Bench.node;
import static dev.amphora.scheduler.Bench.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.scheduler.framework.Actions;
import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.PodInfo;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSINodeBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachmentBuilder;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Volumes of plugins that CSI drivers have taken over from (KEP-625), as the plugins for volumes see them. */
class MigratedVolumesTest {
    private static final String BINDING = "VolumeBinding";
    private static final String LIMITS = "NodeVolumeLimits";
    private static final String ELSEWHERE = "node(s) didn't match PersistentVolume's node affinity";
    private static final String FULL = "node(s) exceed max volume count";
    private static final String EBS = "ebs.csi.aws.com";
    private static final String MIGRATED = "storage.alpha.kubernetes.io/migrated-plugins";

    // -- where a volume is reached from ------------------------------------------------------------------------------

    private static PersistentVolumeBuilder volume(String name) {
        return new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("topology.kubernetes.io/zone", "a")
                .endMetadata()
                .withNewSpec()
                .endSpec();
    }

    private static PersistentVolumeBuilder ebs(String name, String id) {
        return volume(name)
                .editSpec()
                .withNewAwsElasticBlockStore()
                .withVolumeID(id)
                .endAwsElasticBlockStore()
                .endSpec();
    }

    /** The volume with the nodes of a zone required by a label. */
    private static PersistentVolume in(PersistentVolumeBuilder volume, String key, String zone) {
        return volume.editSpec()
                .withNewNodeAffinity()
                .withNewRequired()
                .addNewNodeSelectorTerm()
                .addNewMatchExpression()
                .withKey(key)
                .withOperator("In")
                .withValues(zone)
                .endMatchExpression()
                .endNodeSelectorTerm()
                .endRequired()
                .endNodeAffinity()
                .endSpec()
                .build();
    }

    private static PersistentVolumeClaim bound(String claim, String volume) {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(claim)
                .addToAnnotations("pv.kubernetes.io/bind-completed", "yes")
                .endMetadata()
                .withNewSpec()
                .withVolumeName(volume)
                .endSpec()
                .build();
    }

    private static PodBuilder with(PodBuilder pod, String... claims) {
        for (String claim : claims) {
            pod.editSpec()
                    .addNewVolume()
                    .withName(claim)
                    .withNewPersistentVolumeClaim(claim, false)
                    .endVolume()
                    .endSpec();
        }
        return pod;
    }

    private static CSINodeBuilder drivers(String node) {
        return new CSINodeBuilder()
                .withNewMetadata()
                .withName(node)
                .endMetadata()
                .withNewSpec()
                .endSpec();
    }

    private static CSINode migrated(String node, String plugin) {
        return drivers(node)
                .editMetadata()
                .addToAnnotations(MIGRATED, "kubernetes.io/other," + plugin)
                .endMetadata()
                .build();
    }

    static Stream<Arguments> disks() {
        PersistentVolumeBuilder gce = volume("pv")
                .editSpec()
                .withNewGcePersistentDisk()
                .withPdName("disk")
                .endGcePersistentDisk()
                .endSpec();
        PersistentVolumeBuilder azure = volume("pv")
                .editSpec()
                .withNewAzureDisk()
                .withDiskURI("uri")
                .endAzureDisk()
                .endSpec();
        PersistentVolumeBuilder cinder = volume("pv")
                .editSpec()
                .withNewCinder()
                .withVolumeID("id")
                .endCinder()
                .endSpec();
        return Stream.of(
                Arguments.of("kubernetes.io/aws-ebs", ebs("pv", "vol-1"), "topology.ebs.csi.aws.com/zone"),
                Arguments.of("kubernetes.io/gce-pd", gce, "topology.gke.io/zone"),
                Arguments.of("kubernetes.io/azure-disk", azure, "topology.disk.csi.azure.com/zone"),
                Arguments.of("kubernetes.io/cinder", cinder, "topology.cinder.csi.openstack.org/zone"));
    }

    @ParameterizedTest
    @MethodSource("disks")
    void aZoneGoesByTheLabelOfTheDriverWhereItHasTakenOver(String plugin, PersistentVolumeBuilder disk, String key) {
        Bench bench = new Bench()
                .with(
                        node("driven").editMetadata().addToLabels(key, "a").endMetadata(),
                        node("driven-elsewhere")
                                .editMetadata()
                                .addToLabels(key, "b")
                                .addToLabels("topology.kubernetes.io/zone", "a")
                                .endMetadata(),
                        node("plain").editMetadata().addToLabels(key, "a").endMetadata(),
                        node("plain-there")
                                .editMetadata()
                                .addToLabels("topology.kubernetes.io/zone", "a")
                                .endMetadata(),
                        node("silent").editMetadata().addToLabels(key, "a").endMetadata())
                .knows(in(disk, "topology.kubernetes.io/zone", "a"))
                .knows(bound("data", "pv"))
                .knows(migrated("driven", plugin))
                .knows(migrated("driven-elsewhere", plugin))
                .knows(migrated("plain", "kubernetes.io/one-more"));

        assertThat(bench.filter(BINDING, with(pod("p"), "data")))
                .containsEntry("driven", "")
                .containsEntry("driven-elsewhere", ELSEWHERE)
                .containsEntry("plain", ELSEWHERE)
                .containsEntry("plain-there", "")
                .containsEntry("silent", ELSEWHERE);
    }

    @Test
    void aVolumeWhoseLabelAloneTellsItsZoneIsHeldToThatWhereTheDriverHasTakenOver() {
        Bench bench = new Bench()
                .with(
                        node("a")
                                .editMetadata()
                                .addToLabels("topology.ebs.csi.aws.com/zone", "a")
                                .endMetadata(),
                        node("b")
                                .editMetadata()
                                .addToLabels("topology.ebs.csi.aws.com/zone", "b")
                                .endMetadata(),
                        node("c"))
                .knows(ebs("pv", "vol-1").build())
                .knows(bound("data", "pv"))
                .knows(migrated("a", "kubernetes.io/aws-ebs"))
                .knows(migrated("b", "kubernetes.io/aws-ebs"));

        assertThat(bench.filter(BINDING, with(pod("p"), "data")))
                .containsEntry("a", "")
                .containsEntry("b", ELSEWHERE)
                .containsEntry("c", "");
    }

    @Test
    void volumesOfPortworxAzureFileAndVsphereStayWhereTheySayTheyAre() {
        PersistentVolumeBuilder portworx = volume("portworx")
                .editSpec()
                .withNewPortworxVolume("ext4", false, "id")
                .endSpec();
        PersistentVolumeBuilder file = volume("file")
                .editSpec()
                .withNewAzureFile()
                .withShareName("share")
                .endAzureFile()
                .endSpec();
        PersistentVolumeBuilder vsphere = volume("vsphere")
                .editSpec()
                .withNewVsphereVolume()
                .withVolumePath("path")
                .endVsphereVolume()
                .endSpec();
        Map<String, PersistentVolumeBuilder> volumes = Map.of(
                "kubernetes.io/portworx-volume", portworx,
                "kubernetes.io/azure-file", file,
                "kubernetes.io/vsphere-volume", vsphere);
        volumes.forEach((plugin, volume) -> {
            Bench bench = new Bench()
                    .with(node("a")
                            .editMetadata()
                            .addToLabels("topology.kubernetes.io/zone", "a")
                            .endMetadata())
                    .knows(in(volume, "topology.kubernetes.io/zone", "a"))
                    .knows(bound("data", volume.buildMetadata().getName()))
                    .knows(migrated("a", plugin));

            assertThat(bench.filter(BINDING, with(pod("p"), "data"))).as(plugin).containsEntry("a", "");
        });
    }

    @Test
    void aVolumeThatTheDriverCannotServeFailsThePodWhereItHasTakenOverAlone() {
        Bench bench = new Bench()
                .with(node("a"))
                .knows(ebs("pv", "aws://zone/disk").build())
                .knows(bound("data", "pv"));

        assertThat(bench.filter(BINDING, with(pod("p"), "data"))).containsEntry("a", "");
        assertThat(bench.knows(migrated("a", "kubernetes.io/aws-ebs")).schedule(with(pod("p"), "data")))
                .contains("could not translate pv: failed to translate Kubernetes ID to EBS Volume ID"
                        + " Invalid format for AWS volume (aws://zone/disk)");
    }

    // -- how many volumes a node takes -------------------------------------------------------------------------------

    private static CSINode limited(String node, String driver, int limit) {
        return drivers(node)
                .editSpec()
                .addNewDriver()
                .withName(driver)
                .withNodeID(node)
                .withNewAllocatable(limit)
                .endDriver()
                .endSpec()
                .build();
    }

    private static Volume disk(String name, String id) {
        return new VolumeBuilder()
                .withName(name)
                .withNewAwsElasticBlockStore()
                .withVolumeID(id)
                .endAwsElasticBlockStore()
                .build();
    }

    private static PodBuilder with(PodBuilder pod, Volume volume) {
        return pod.editSpec().addToVolumes(volume).endSpec();
    }

    /** A node with room for two volumes of EBS that has one by a claim, which another plugin was for. */
    private static Bench withOne() {
        return new Bench()
                .with(node("a"))
                .knows(limited("a", EBS, 2))
                .knows(ebs("pv1", "aws://zone/vol-1").build())
                .knows(ebs("pv2", "vol-2").build())
                .knows(ebs("pv3", "vol-3").build())
                .knows(bound("one", "pv1"))
                .knows(bound("two", "pv2"))
                .knows(bound("three", "pv3"))
                .running(with(pod("running"), "one"), "a");
    }

    @Test
    void volumesOfAPluginCountAsTheDriversWhateverTheNodeSaysOfIt() {
        assertThat(withOne().filter(LIMITS, with(pod("p"), "two"))).containsEntry("a", "");
        assertThat(withOne().filter(LIMITS, with(pod("p"), "two", "three"))).containsEntry("a", FULL);
        assertThat(withOne().filter(LIMITS, with(pod("p"), "one", "two"))).containsEntry("a", "");
    }

    @Test
    void disksThatPodsNameThemselvesCountToo() {
        PodBuilder both = with(with(pod("p"), disk("x", "vol-2")), disk("y", "vol-3"));
        PodBuilder known = with(with(pod("p"), disk("x", "vol-1")), disk("y", "vol-3"));

        assertThat(withOne().filter(LIMITS, both)).containsEntry("a", FULL);
        assertThat(withOne().filter(LIMITS, known)).containsEntry("a", "");
        assertThat(withOne().running(with(pod("q"), disk("x", "vol-4")), "a").filter(LIMITS, with(pod("p"), "two")))
                .containsEntry("a", FULL);
    }

    @Test
    void aVolumeOfTheDriverAndOneOfThePluginWithTheSameDiskAreOne() {
        PersistentVolume csi = volume("csi")
                .editSpec()
                .withNewCsi()
                .withDriver(EBS)
                .withVolumeHandle("vol-1")
                .endCsi()
                .endSpec()
                .build();
        Bench bench = withOne().knows(csi).knows(bound("same", "csi"));

        assertThat(bench.filter(LIMITS, with(pod("p"), "same", "two"))).containsEntry("a", "");
        assertThat(bench.filter(LIMITS, with(pod("p"), "same", "two", "three"))).containsEntry("a", FULL);
    }

    @Test
    void withoutItsCsiNodeNothingIsKnownOfANodesLimits() {
        Bench bench = withOne();
        bench.objects.removeIf(CSINode.class::isInstance);

        assertThat(bench.filter(LIMITS, with(pod("p"), "two", "three"))).containsEntry("a", "");
        assertThat(bench.filter(LIMITS, with(pod("p"), disk("x", "aws://zone/disk"))))
                .containsEntry("a", "");
    }

    @ParameterizedTest
    @CsvSource({
        "kubernetes.io/aws-ebs, ebs.csi.aws.com, true",
        "kubernetes.io/gce-pd, pd.csi.storage.gke.io, true",
        "kubernetes.io/azure-disk, disk.csi.azure.com, true",
        "kubernetes.io/cinder, cinder.csi.openstack.org, true",
        "kubernetes.io/portworx-volume, pxd.portworx.com, true",
        "csi.example.com, csi.example.com, true",
        "kubernetes.io/azure-file, file.csi.azure.com, false",
        "kubernetes.io/vsphere-volume, csi.vsphere.vmware.com, false",
    })
    void aVolumeThatIsYetToBeMadeCountsAsTheDriversThatHasTakenOverFromItsProvisioner(
            String provisioner, String driver, boolean counts) {
        Bench bench = new Bench()
                .with(node("a"))
                .knows(limited("a", driver, 0))
                .knows(new StorageClassBuilder()
                        .withNewMetadata()
                        .withName("fast")
                        .endMetadata()
                        .withProvisioner(provisioner)
                        .withVolumeBindingMode("WaitForFirstConsumer")
                        .build())
                .knows(new PersistentVolumeClaimBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName("data")
                        .endMetadata()
                        .withNewSpec()
                        .withStorageClassName("fast")
                        .endSpec()
                        .build());

        assertThat(bench.filter(LIMITS, with(pod("p"), "data"))).containsEntry("a", counts ? FULL : "");
    }

    @Test
    void aVolumeThatTheDriverCannotServeIsNotCountedAndADiskThatItCannotServeFailsThePod() {
        Bench bench = withOne().knows(ebs("broken", "aws://zone/disk").build()).knows(bound("broken", "broken"));

        assertThat(bench.filter(LIMITS, with(pod("p"), "broken", "two"))).containsEntry("a", "");
        assertThatThrownBy(() -> bench.filter(LIMITS, with(pod("p"), disk("x", "aws://zone/disk"))))
                .hasMessage("converting volume(x) from inline to csi: failed to translate Kubernetes ID to EBS Volume"
                        + " ID Invalid format for AWS volume (aws://zone/disk)");
    }

    private static boolean helps(PodBuilder pod, @Nullable VolumeAttachment gone) {
        return new QueueingHints(new Bench().framework.plugins(), false)
                .concernedBy(new ClusterEvent(EventResource.VOLUME_ATTACHMENT, Actions.DELETE)).stream()
                        .filter(registration -> registration.plugin().equals(LIMITS))
                        .anyMatch(registration -> registration.helps(PodInfo.of(pod.build()), gone, null));
    }

    private static VolumeAttachment attachedBy(String driver) {
        return new VolumeAttachmentBuilder()
                .withNewMetadata()
                .withName("va")
                .endMetadata()
                .withNewSpec()
                .withAttacher(driver)
                .withNodeName("a")
                .endSpec()
                .build();
    }

    @Test
    void aVolumeThatADriverDetachesIsWorthAnotherLookForPodsThatNameADiskOfIt() {
        PodBuilder naming = with(pod("p"), disk("x", "vol-1"));

        assertThat(helps(naming, attachedBy(EBS))).isTrue();
        assertThat(helps(naming, attachedBy("pd.csi.storage.gke.io"))).isFalse();
        assertThat(helps(with(pod("p"), "data"), attachedBy("any"))).isTrue();
        assertThat(helps(pod("p"), attachedBy(EBS))).isFalse();
    }
}
