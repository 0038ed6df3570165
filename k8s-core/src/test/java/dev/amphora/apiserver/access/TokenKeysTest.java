package dev.amphora.apiserver.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.amphora.api.Json;
import dev.amphora.api.pki.Der;
import dev.amphora.api.pki.Pem;
import dev.amphora.kernel.SimulatedKernel;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys of tokens, in the forms in which files hold them. */
class TokenKeysTest {
    private final SimulatedKernel kernel = new SimulatedKernel(1);

    @ParameterizedTest
    @CsvSource({"secp256r1,ES256,P-256,32", "secp384r1,ES384,P-384,48", "secp521r1,ES512,P-521,66"})
    void onEllipticCurvesSignByTheAlgorithmOfTheirCurve(String curve, String algorithm, String name, int bytes)
            throws Exception {
        KeyPair pair = elliptic(curve);
        String pem = Pem.write("PRIVATE KEY", pair.getPrivate().getEncoded());
        TokenKeys keys = new TokenKeys(kernel, pem, List.of());

        String token = keys.sign(Json.object().put("sub", "me"));

        int end = token.lastIndexOf('.');
        byte[] signature = Base64.getUrlDecoder().decode(token.substring(end + 1));
        JsonNode head = Json.read(Base64.getUrlDecoder().decode(token.substring(0, token.indexOf('.'))));
        assertThat(head.path("alg").asText()).isEqualTo(algorithm);
        assertThat(signature).hasSize(2 * bytes);
        String id = head.path("kid").asText();
        assertThat(keys.vouchFor(token.substring(0, end), signature, algorithm, id))
                .isTrue();
        assertThat(keys.vouchFor(token.substring(0, end), signature, "RS256", id))
                .isFalse();
        assertThat(keys.vouchFor(token.substring(0, end) + "x", signature, algorithm, id))
                .isFalse();
        JsonNode web = keys.publicKeys().path("keys").path(0);
        assertThat(web.path("crv").asText()).isEqualTo(name);
        assertThat(new BigInteger(1, Base64.getUrlDecoder().decode(web.path("x").asText())))
                .isEqualTo(((ECPublicKey) pair.getPublic()).getW().getAffineX());
        assertThat(keys.algorithms()).containsExactly(algorithm);
        TokenKeys others = new TokenKeys(
                kernel, "", List.of(Pem.write("PUBLIC KEY", pair.getPublic().getEncoded())));
        assertThat(others.vouchFor(token.substring(0, end), signature, algorithm, id))
                .isTrue();
    }

    @Test
    void areReadInTheOlderFormToo() throws Exception {
        KeyPair pair = elliptic("secp256r1");
        byte[] number = ((ECPrivateKey) pair.getPrivate()).getS().toByteArray();
        byte[] older =
                Der.sequence(Der.integer(1), Der.octets(number), Der.explicit(0, Der.oid("1.2.840.10045.3.1.7")));

        assertThat(TokenKeyFiles.pair(Pem.write("EC PRIVATE KEY", older)).getPublic())
                .isEqualTo(pair.getPublic());
    }

    @Test
    void ofOtherKindsAreRefused() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        String pem = Pem.write("PRIVATE KEY", pair.getPrivate().getEncoded());

        assertThatThrownBy(() -> new TokenKeys(kernel, pem, List.of())).isInstanceOf(IllegalArgumentException.class);
    }

    private static KeyPair elliptic(String curve) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(curve));
        return generator.generateKeyPair();
    }
}
