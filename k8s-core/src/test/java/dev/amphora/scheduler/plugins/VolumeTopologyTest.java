package dev.amphora.scheduler.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Zones as CSI drivers tell them. */
class VolumeTopologyTest {
    private static final String DRIVER = "topology.ebs.csi.aws.com/zone";

    private static NodeSelectorRequirement in(String key, String... values) {
        return new NodeSelectorRequirement(key, "In", List.of(values));
    }

    private static NodeSelectorTerm term(NodeSelectorRequirement... expressions) {
        return new NodeSelectorTerm(Arrays.asList(expressions), List.of());
    }

    private static PersistentVolume volume(Map<String, String> labels, NodeSelectorTerm... terms) {
        PersistentVolumeBuilder volume = new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName("pv")
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .endSpec();
        return terms.length == 0
                ? volume.build()
                : volume.editSpec()
                        .withNewNodeAffinity()
                        .withNewRequired()
                        .withNodeSelectorTerms(terms)
                        .endRequired()
                        .endNodeAffinity()
                        .endSpec()
                        .build();
    }

    private static List<NodeSelectorTerm> translated(PersistentVolume volume) {
        NodeSelector required = VolumeTopology.requiredBy(volume, DRIVER);
        return required == null ? List.of() : required.getNodeSelectorTerms();
    }

    @ParameterizedTest
    @ValueSource(strings = {VolumeTopology.ZONE, VolumeTopology.LEGACY_ZONE})
    void aRequiredZoneGoesByTheLabelOfTheDriver(String key) {
        assertThat(translated(volume(Map.of(), term(in(key, "a", "b"))))).containsExactly(term(in(DRIVER, "a", "b")));
    }

    @Test
    void eachTermIsRead() {
        PersistentVolume volume = volume(
                Map.of(), term(in(VolumeTopology.ZONE, "a")), term(in("disk", "ssd"), in(VolumeTopology.ZONE, "b")));

        assertThat(translated(volume)).containsExactly(term(in(DRIVER, "a")), term(in("disk", "ssd"), in(DRIVER, "b")));
    }

    @ParameterizedTest
    @ValueSource(strings = {VolumeTopology.ZONE, VolumeTopology.LEGACY_ZONE})
    void theZonesInALabelAreRequiredWhereNoneAre(String key) {
        assertThat(translated(volume(Map.of(key, "b__ a__")))).containsExactly(term(in(DRIVER, "a", "b")));
        assertThat(translated(volume(Map.of(key, "a"), term(in("disk", "ssd")), term(in("disk", "hdd")))))
                .containsExactly(term(in("disk", "ssd"), in(DRIVER, "a")), term(in("disk", "hdd"), in(DRIVER, "a")));
    }

    @Test
    void aRequiredZoneCountsForMoreThanALabel() {
        PersistentVolume volume =
                volume(Map.of(VolumeTopology.ZONE, "label"), term(in(VolumeTopology.LEGACY_ZONE, "required")));

        assertThat(translated(volume)).containsExactly(term(in(DRIVER, "required")));
    }

    @Test
    void theLabelOfTodayCountsForMoreThanTheOneOfLongAgo() {
        PersistentVolume both =
                volume(Map.of(), term(in(VolumeTopology.LEGACY_ZONE, "old"), in(VolumeTopology.ZONE, "new")));

        assertThat(translated(both)).containsExactly(term(in(VolumeTopology.LEGACY_ZONE, "old"), in(DRIVER, "new")));
        assertThat(translated(volume(Map.of(VolumeTopology.LEGACY_ZONE, "old", VolumeTopology.ZONE, "new"))))
                .containsExactly(term(in(DRIVER, "new")));
    }

    @Test
    void aRegionThatGoesWithAZoneOfLongAgoGoesByTheLabelOfToday() {
        PersistentVolume old =
                volume(Map.of(), term(in(VolumeTopology.LEGACY_ZONE, "z"), in(VolumeTopology.LEGACY_REGION, "r")));
        PersistentVolume alone = volume(Map.of(), term(in(VolumeTopology.LEGACY_REGION, "r")));

        assertThat(translated(old)).containsExactly(term(in(DRIVER, "z"), in(VolumeTopology.REGION, "r")));
        assertThat(translated(alone)).containsExactly(term(in(VolumeTopology.LEGACY_REGION, "r")));
    }

    @Test
    void whatTheDriverTellsAlreadyStaysAsItIs() {
        PersistentVolume volume = volume(Map.of(), term(in(DRIVER, "a")));

        assertThat(VolumeTopology.requiredBy(volume, DRIVER)).isSameAs(VolumeTopology.required(volume));
        assertThat(VolumeTopology.requiredBy(volume(Map.of()), DRIVER)).isNull();
        assertThat(VolumeTopology.requiredBy(volume(Map.of(VolumeTopology.ZONE, " __")), DRIVER))
                .isNull();
    }

    @Test
    void theVolumeItselfIsNotChanged() {
        PersistentVolume volume = volume(Map.of(), term(in(VolumeTopology.ZONE, "a")));
        PersistentVolume before = new PersistentVolumeBuilder(volume).build();

        translated(volume);
        assertThat(volume).isEqualTo(before);
    }
}
