package dev.amphora.api.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Requests for certificates, as openssl writes them. */
class CertificateRequestTest {
    private static final String REQUEST =
            """
            -----BEGIN CERTIFICATE REQUEST-----
            MIIBNzCB3wIBADAwMRUwEwYDVQQKDAxzeXN0ZW06bm9kZXMxFzAVBgNVBAMMDnN5
            c3RlbTpub2RlOm4xMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEt1vAz4RIVEcM
            6u1VdfTysULy06DaGXjcguRkXp+5ZPMBimppDTitx3xzbszdKdc0ion6A4DCg/o+
            sgW1r4o+w6BNMEsGCSqGSIb3DQEJDjE+MDwwOgYDVR0RBDMwMYICbjGHBAoAAAeH
            EP0AAAAAAAAAAAAAAAAAAAeBBWFAYi5jhgxzcGlmZmU6Ly94L3kwCgYIKoZIzj0E
            AwIDRwAwRAIgXQR3uSn4LrNVtjIbeinunRgRTL1/pI6RKtq1le9R0BACIF2qWvLM
            Hbw49nt3p9stiaF7GBHnihPSwjuwscKPy6+A
            -----END CERTIFICATE REQUEST-----
            """;

    @Test
    void tellWhoAsksForWhichNames() {
        CertificateRequest request = CertificateRequest.parse(REQUEST);

        assertThat(request.commonName()).isEqualTo("system:node:n1");
        assertThat(request.organizations()).containsExactly("system:nodes");
        assertThat(request.dnsNames()).containsExactly("n1");
        assertThat(request.addresses()).containsExactly("10.0.0.7", "fd00:0:0:0:0:0:0:7");
        assertThat(request.emails()).containsExactly("a@b.c");
        assertThat(request.uris()).containsExactly("spiffe://x/y");
        assertThat(request.key().getAlgorithm()).isEqualTo("EC");
    }

    @Test
    void areRefusedUnlessTheirKeyHasSignedThem() {
        byte[] other = Pem.all(REQUEST).get(0).content();
        other[20] ^= 1;

        assertThatThrownBy(() -> CertificateRequest.parse(Pem.write("CERTIFICATE REQUEST", other)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CertificateRequest.parse("-----BEGIN NONSENSE-----"))
                .hasMessageContaining("CERTIFICATE REQUEST");
    }

    @Test
    void areRefusedWhereverTheyAreCutOff() {
        byte[] whole = Pem.all(REQUEST).get(0).content();
        for (int length = 1; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> CertificateRequest.parse(Pem.write("CERTIFICATE REQUEST", part)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
