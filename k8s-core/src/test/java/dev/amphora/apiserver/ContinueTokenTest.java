package dev.amphora.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.io.BaseEncoding;
import dev.amphora.api.StatusException;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ContinueTokenTest {

    @Test
    void comesBackAsItWas() {
        ContinueToken token = new ContinueToken(7, "fuzz/a");
        assertThat(ContinueToken.parse(token.text())).isEqualTo(token);
    }

    @Property(tries = 500)
    void anyOtherBytesAreRefused(@ForAll byte[] bytes) {
        assertThatThrownBy(() -> ContinueToken.parse(
                        BaseEncoding.base64Url().omitPadding().encode(bytes)))
                .isInstanceOf(StatusException.class)
                .satisfies(e -> assertThat(((StatusException) e).code()).isEqualTo(400));
    }

    @Test
    void whatIsNoTextIsNoReasonToFail() {
        byte[] text = "{\"v\":\"meta.k8s.io/v_\",\"rv\":7,\"start\":\"a\"}".getBytes(StandardCharsets.US_ASCII);
        text[18] = (byte) 0xfc;
        assertThatThrownBy(() -> ContinueToken.parse(
                        BaseEncoding.base64Url().omitPadding().encode(text)))
                .isInstanceOf(StatusException.class)
                .hasMessageContaining("server does not recognize this encoded version");
    }
}
