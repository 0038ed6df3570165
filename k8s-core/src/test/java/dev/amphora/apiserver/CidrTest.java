package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Ranges of addresses")
final class CidrTest {

    @Test
    void giveOutAllButTheirOwnAndTheLastAddress() {
        Cidr range = Cidr.parse("10.0.0.7/29");

        assertThat(range).hasToString("10.0.0.0/29");
        assertThat(range.usable()).isEqualTo(6);
        assertThat(range.address(1)).isEqualTo("10.0.0.1");
        assertThat(range.holds("10.0.0.0")).isFalse();
        assertThat(range.holds("10.0.0.6")).isTrue();
        assertThat(range.holds("10.0.0.7")).isFalse();
        assertThat(range.holds("fd00::1")).isFalse();
    }

    @Test
    void giveOutTheLastAddressOfIpv6() {
        Cidr range = Cidr.parse("fd00:10::/125");

        assertThat(range.usable()).isEqualTo(7);
        assertThat(range.address(7)).isEqualTo("fd00:10::7");
        assertThat(range.holds("fd00:10::7")).isTrue();
        assertThat(range.holds("fd00:10::8")).isFalse();
        assertThat(range.holds("fd00:10::")).isFalse();
    }

    @Test
    void areOneOfEachFamilyAtMost() {
        ServiceRanges both = ServiceRanges.parse("10.0.0.0/16,fd00:10::/108");

        assertThat(both.isDual()).isTrue();
        assertThat(both.defaultFamily()).isEqualTo("IPv4");
        assertThat(both.ofAddress("fd00:10::5")).isPresent();
        assertThatIllegalArgumentException().isThrownBy(() -> ServiceRanges.parse("10.0.0.0/16,10.1.0.0/16"));
    }
}
