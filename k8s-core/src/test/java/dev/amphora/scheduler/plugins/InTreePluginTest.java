package dev.amphora.scheduler.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSINodeBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is known of the plugins that were in Kubernetes' tree once, and what their drivers call disks. */
class InTreePluginTest {

    private static CSINode saying(@Nullable String plugins) {
        CSINodeBuilder node =
                new CSINodeBuilder().withNewMetadata().withName("n").endMetadata();
        return plugins == null
                ? node.build()
                : node.editMetadata()
                        .addToAnnotations(InTreePlugin.MIGRATED_PLUGINS, plugins)
                        .endMetadata()
                        .build();
    }

    private static Volume ebs(String id) {
        return new VolumeBuilder()
                .withName("v")
                .withNewAwsElasticBlockStore()
                .withVolumeID(id)
                .endAwsElasticBlockStore()
                .build();
    }

    private static PersistentVolume gce(@Nullable String legacyZone, @Nullable String zone) {
        PersistentVolumeBuilder volume = new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName("pv")
                .endMetadata()
                .withNewSpec()
                .withNewGcePersistentDisk()
                .withPdName("disk")
                .endGcePersistentDisk()
                .endSpec();
        if (legacyZone != null) {
            volume.editMetadata()
                    .addToLabels(VolumeTopology.LEGACY_ZONE, legacyZone)
                    .endMetadata();
        }
        if (zone != null) {
            volume.editMetadata().addToLabels(VolumeTopology.ZONE, zone).endMetadata();
        }
        return volume.build();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-, false",
                "'', false",
                "kubernetes.io/aws-ebs, true",
                "'kubernetes.io/gce-pd,kubernetes.io/aws-ebs', true",
                "'kubernetes.io/aws-ebs,kubernetes.io/gce-pd', true",
                "'kubernetes.io/aws-ebs-2,kubernetes.io/aws-ebs', true",
                "kubernetes.io/aws-ebs-2, false",
                "x-kubernetes.io/aws-ebs, false",
                "'kubernetes.io/gce-pd, kubernetes.io/aws-ebs', false",
            })
    void aNodeNamesThePluginsThatHaveBeenTakenOverWithCommasAndNothingElseBetween(
            @Nullable String annotation, boolean migrated) {
        assertThat(InTreePlugin.AWS_EBS.isMigrated(saying(annotation))).isEqualTo(migrated);
    }

    @Test
    void nothingHasBeenTakenOverOnANodeThatSaysNothingOfItsDrivers() {
        assertThat(InTreePlugin.AWS_EBS.isMigrated(null)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "vol-1, vol-1",
        "anything, anything",
        "aws://us-east-1a/vol-1, vol-1",
        "aws:///vol-1, vol-1",
        "aws://us-east-1a//vol-1/, vol-1",
    })
    void theZoneInTheNameOfADiskOfEbsIsNoPartOfIt(String id, String handle) {
        assertThat(InTreePlugin.AWS_EBS.handle(ebs(id))).isEqualTo(handle);
    }

    @ParameterizedTest
    @ValueSource(strings = {"aws://us-east-1a", "aws://us-east-1a/disk", "aws://us-east-1a/vol-1/vol-2"})
    void aNameOfADiskOfEbsWithAZoneHasToHaveADiskToo(String id) {
        assertThatThrownBy(() -> InTreePlugin.AWS_EBS.handle(ebs(id)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume (" + id
                        + ")");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-, -, zones/UNSPECIFIED",
                "-, europe-west1-b, zones/europe-west1-b",
                "europe-west1-c, europe-west1-b, zones/europe-west1-c",
                "-, europe-west1-b__europe-west1-c, regions/europe-west1",
                "europe-west1-b__europe-west1-c, -, regions/europe-west1",
            })
    void aDiskOfGceIsCalledByItsZoneOrTheRegionOfItsZones(
            @Nullable String legacyZone, @Nullable String zone, String place) {
        assertThat(InTreePlugin.GCE_PD.handle(gce(legacyZone, zone)))
                .isEqualTo("projects/UNSPECIFIED/" + place + "/disks/disk");
    }

    @ParameterizedTest
    @CsvSource({
        "europe-b__europe-c, 'zone in unexpected format, expected: {locale}-{region}-{zone}, got: europe-b'",
        "europe-west1-b__europe-west2-c,"
                + " 'multiple or no regions gotten from zones, got: map[europe-west1:{} europe-west2:{}]'",
    })
    void aDiskOfGceInSeveralZonesHasToBeInOneRegion(String zones, String why) {
        assertThatThrownBy(() -> InTreePlugin.GCE_PD.handle(gce(null, zones)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("failed to get region from zones: " + why);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {"-, true", "Managed, true", "managed, true", "Dedicated, false", "Shared, false"})
    void theDriverOfAzureTakesDisksOnlyThatAzureManages(@Nullable String kind, boolean taken) {
        Volume volume = new VolumeBuilder()
                .withName("v")
                .withNewAzureDisk()
                .withDiskURI("uri")
                .withKind(kind)
                .endAzureDisk()
                .build();
        if (taken) {
            assertThat(InTreePlugin.AZURE_DISK.handle(volume)).isEqualTo("uri");
        } else {
            assertThatThrownBy(() -> InTreePlugin.AZURE_DISK.handle(volume))
                    .hasMessage("kind(" + kind + ") is not supported in csi migration");
        }
    }
}
