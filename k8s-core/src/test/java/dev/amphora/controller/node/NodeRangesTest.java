package dev.amphora.controller.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class NodeRangesTest {
    @Test
    void givesOutOnePartAfterTheOther() {
        NodeRanges ranges = new NodeRanges("10.200.0.0/22", 24);
        assertThat(ranges.takeNext()).isEqualTo("10.200.0.0/24");
        ranges.take("10.200.1.0/24");
        assertThat(ranges.takeNext()).isEqualTo("10.200.2.0/24");
        assertThat(ranges.takeNext()).isEqualTo("10.200.3.0/24");
        assertThat(ranges.takeNext()).isEmpty();
        ranges.free("10.200.1.0/24");
        assertThat(ranges.takeNext()).isEqualTo("10.200.1.0/24");
    }

    @Test
    void takesAFreedPartLast() {
        NodeRanges ranges = new NodeRanges("10.0.0.0/22", 24);
        ranges.free(ranges.takeNext());
        assertThat(ranges.takeNext()).isEqualTo("10.0.1.0/24");
    }

    @Test
    void knowsAddressesOfBothFamilies() {
        assertThat(new NodeRanges("fd00:1::/48", 64).takeNext()).isEqualTo("fd00:1::/64");
        assertThat(new NodeRanges("128.0.0.0/8", 24).takeNext()).isEqualTo("128.0.0.0/24");
    }

    @Test
    void ignoresPartsOfOtherRanges() {
        NodeRanges ranges = new NodeRanges("10.0.0.0/23", 24);
        ranges.take("10.1.0.0/24");
        ranges.take("nonsense");
        assertThat(ranges.takeNext()).isEqualTo("10.0.0.0/24");
    }

    @Test
    void refusesWhatHasNoParts() {
        assertThatThrownBy(() -> new NodeRanges("10.0.0.0/24", 16)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new NodeRanges("10.0.0.0", 24)).isInstanceOf(IllegalArgumentException.class);
    }
}
