package dev.amphora.rest.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.zip.Adler32;
import org.junit.jupiter.api.Test;

class SpdyHeadersTest {
    @Test
    void knowsTheDictionaryOfTheProtocol() {
        Adler32 sum = new Adler32();
        sum.update(SpdyHeaders.dictionary());

        assertThat(sum.getValue()).isEqualTo(0xe3c6a7c2L);
    }

    @Test
    void readsTheBlocksOfOneConnectionInTheirOrder() {
        SpdyHeaders writer = new SpdyHeaders();
        SpdyHeaders reader = new SpdyHeaders();
        for (int i = 0; i < 3; i++) {
            Map<String, String> headers = Map.of("streamtype", "data", "port", "808" + i);
            byte[] block = writer.write(headers);

            assertThat(reader.read(block, 0, block.length)).isEqualTo(headers);
        }
    }

    @Test
    void refusesWhatIsNoBlock() {
        byte[] block = {1, 2, 3, 4, 5, 6, 7, 8, 9};

        assertThatThrownBy(() -> new SpdyHeaders().read(block, 0, block.length))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
