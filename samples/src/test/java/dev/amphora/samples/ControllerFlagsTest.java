package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ControllerFlagsTest {

    @Test
    void takesRangesOfBothFamilies() {
        assertThatCode(() -> read("--cluster-cidr=10.244.0.0/16,fd00:10:244::/56", "--node-cidr-mask-size-ipv4=25"))
                .doesNotThrowAnyException();
        assertThatCode(() -> read("--cluster-cidr=10.244.0.0/16", "--node-cidr-mask-size=26"))
                .doesNotThrowAnyException();
        assertThatCode(() -> read("--enable-hostpath-provisioner=false")).doesNotThrowAnyException();
    }

    @Test
    void saysWhatDoesNotGoTogether() {
        assertThatThrownBy(() -> read("--node-cidr-mask-size=24")).hasMessageContaining("needs --cluster-cidr");
        assertThatThrownBy(() -> read("--cluster-cidr=10.0.0.0/16,fd00::/56", "--node-cidr-mask-size=24"))
                .hasMessageContaining("for one range and alone");
        assertThatThrownBy(() -> read("--cluster-cidr=10.0.0.0/16,10.1.0.0/16"))
                .hasMessageContaining("--cluster-cidr: of two ranges");
    }

    private static void read(String... options) {
        ControllerFlags flags = new ControllerFlags();
        new CommandLine(CommandLine.Model.CommandSpec.create()
                        .addMixin("flags", CommandLine.Model.CommandSpec.forAnnotatedObject(flags)))
                .parseArgs(options);
        flags.settings(null);
    }
}
