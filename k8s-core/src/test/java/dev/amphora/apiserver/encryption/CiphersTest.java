package dev.amphora.apiserver.encryption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.io.BaseEncoding;
import com.google.common.primitives.Bytes;
import dev.amphora.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values, encrypted and as they were. */
class CiphersTest {
    private static final String PLACE = "/registry/secrets/default/s";
    private static final byte[] VALUE = "a value that nobody should see".getBytes(StandardCharsets.UTF_8);

    private byte next;

    static Stream<ValueCipher> ciphers() {
        return Stream.of(new AesGcm(new byte[32]), new AesCbc(new byte[16]), new Secretbox(new byte[32]));
    }

    @ParameterizedTest
    @MethodSource("ciphers")
    void comeBackAsTheyWere(ValueCipher cipher) throws GeneralSecurityException {
        byte[] stored = cipher.encrypt(VALUE, PLACE, this::next);
        assertThat(new String(stored, StandardCharsets.ISO_8859_1)).doesNotContain("nobody");
        assertThat(cipher.encrypt(VALUE, PLACE, this::next)).isNotEqualTo(stored);
        assertThat(cipher.decrypt(Bytes.concat(new byte[5], stored), 5, PLACE)).isEqualTo(VALUE);
        for (int length = 0; length < stored.length; length++) {
            byte[] part = Arrays.copyOf(stored, length);
            assertThatThrownBy(() -> cipher.decrypt(part, 0, PLACE)).isInstanceOf(GeneralSecurityException.class);
        }
    }

    @Test
    void ofTheGaloisModeAreBoundToTheirPlace() throws GeneralSecurityException {
        AesGcm cipher = new AesGcm(new byte[32]);
        byte[] stored = cipher.encrypt(VALUE, PLACE, this::next);

        assertThatThrownBy(() -> cipher.decrypt(stored, 0, PLACE + "2")).isInstanceOf(GeneralSecurityException.class);
    }

    @Test
    void inASecretboxAreAsItsAuthorsHaveThem() throws GeneralSecurityException {
        Secretbox cipher = new Secretbox(hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389"));
        String message =
                "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41"
                        + "db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a"
                        + "089bc76897040e082f937763848645e0705";
        String nonce = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37";

        byte[] stored =
                cipher.encrypt(hex(message), PLACE, bytes -> System.arraycopy(hex(nonce), 0, bytes, 0, bytes.length));

        assertThat(BaseEncoding.base16().lowerCase().encode(stored))
                .startsWith(
                        nonce
                                + "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a");
        assertThat(cipher.decrypt(stored, 0, PLACE)).isEqualTo(hex(message));
    }

    @Test
    void areReadByTheProviderThatWroteThem() {
        Provider old = new Provider("k8s:enc:aescbc:v1:a:", new AesCbc(new byte[32]));
        Provider fresh = new Provider("k8s:enc:aesgcm:v1:b:", new AesGcm(new byte[32]));
        ResourceCipher before = new ResourceCipher(List.of(old, Provider.IDENTITY));
        ResourceCipher after = new ResourceCipher(List.of(fresh, old));
        byte[] stored = before.toStorage(VALUE, PLACE, this::next);

        assertThat(new String(stored, StandardCharsets.ISO_8859_1)).startsWith("k8s:enc:aescbc:v1:a:");
        assertThat(after.fromStorage(stored, PLACE)).isEqualTo(VALUE);
        assertThat(after.isOutdated(stored)).isTrue();
        assertThat(before.isOutdated(stored)).isFalse();
        assertThat(before.fromStorage(VALUE, PLACE)).isEqualTo(VALUE);
        assertThatThrownBy(() -> after.fromStorage(VALUE, PLACE)).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> ResourceCipher.NONE.fromStorage(stored, PLACE))
                .hasMessageContaining("no matching prefix found");
    }

    private void next(byte[] bytes) {
        Arrays.fill(bytes, next++);
    }

    private static byte[] hex(String text) {
        return BaseEncoding.base16().lowerCase().decode(text);
    }
}
