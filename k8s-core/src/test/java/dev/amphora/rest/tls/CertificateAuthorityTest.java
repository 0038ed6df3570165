package dev.amphora.rest.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Path;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {
    private static final Instant NOW = Instant.parse("2030-05-01T10:00:00Z");

    private final InstantSource clock = InstantSource.fixed(NOW);
    private final CertificateAuthority authority = CertificateAuthority.generate(clock);

    @Test
    void aServerCertificateIsTrustedUnderItsNamesAndAddresses() throws Exception {
        KeyCertificate server = authority.server(
                "kube-apiserver",
                List.of("localhost", "kubernetes.default.svc"),
                List.of(InetAddress.getByName("127.0.0.1"), InetAddress.getByName("::1")));

        validate(server.certificate());
        assertThat(server.certificate().getSubjectAlternativeNames())
                .extracting(entry -> String.valueOf(entry.get(1)))
                .containsExactly("localhost", "kubernetes.default.svc", "127.0.0.1", "0:0:0:0:0:0:0:1");
        assertThat(server.certificate().getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
        assertThat(server.certificate().getBasicConstraints()).isEqualTo(-1);
    }

    @Test
    void aClientCertificateNamesUserAndGroups() throws Exception {
        X509Certificate client =
                authority.client("kubernetes-admin", List.of("system:masters")).certificate();

        validate(client);
        assertThat(client.getSubjectX500Principal().getName()).isEqualTo("CN=kubernetes-admin,O=system:masters");
        assertThat(known(authority, clock, client)).isTrue();
    }

    @Test
    void vouchesForNoServerNoStrangerAndNothingExpired() {
        CertificateAuthority other = CertificateAuthority.generate(clock);
        KeyCertificate client = authority.client("a", List.of());

        X509Certificate server = authority.server("a", List.of("a"), List.of()).certificate();
        assertThat(known(authority, clock, server)).isFalse();
        assertThat(known(other, clock, client.certificate())).isFalse();
        assertThat(known(authority, InstantSource.fixed(NOW.plusSeconds(366L * 86_400)), client.certificate()))
                .isFalse();
    }

    @Test
    void whatIsRememberedOfACertificateEndsWithIt() {
        KeyCertificate client = authority.client("a", List.of("b"));
        Instant[] now = {NOW};
        ClientCertificates certificates =
                new ClientCertificates(() -> now[0], List.of(authority.own().certificate()));

        assertThat(certificates.check(client.certificate()))
                .hasValueSatisfying(found -> assertThat(found.commonName()).isEqualTo("a"))
                .hasValueSatisfying(found -> assertThat(found.organizations()).containsExactly("b"));
        now[0] = NOW.plusSeconds(366L * 86_400);
        assertThat(certificates.check(client.certificate())).isEmpty();
        now[0] = NOW.minusSeconds(3600);
        assertThat(certificates.check(client.certificate())).isEmpty();
    }

    private static boolean known(CertificateAuthority authority, InstantSource clock, X509Certificate shown) {
        return new ClientCertificates(clock, List.of(authority.own().certificate()))
                .check(shown)
                .isPresent();
    }

    @Test
    void certificatesAndKeysSurvivePem() {
        KeyCertificate client = authority.client("a", List.of("b"));

        KeyCertificate read = KeyCertificate.fromPem(client.certificatePem(), client.keyPem());

        assertThat(read.certificate()).isEqualTo(client.certificate());
        assertThat(read.key()).isEqualTo(client.key());
        assertThat(read.toString()).doesNotContain("PRIVATE").contains("CN=a");
        assertThatThrownBy(() -> KeyCertificate.fromPem("", client.keyPem()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> KeyCertificate.fromPem(
                        client.certificatePem(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anAuthorityKeptInADirectoryStaysTheSame(@TempDir Path directory) {
        Path kept = directory.resolve("pki");
        CertificateAuthority first = CertificateAuthority.in(clock, kept);
        CertificateAuthority second = CertificateAuthority.in(clock, kept);

        assertThat(second.own().certificate()).isEqualTo(first.own().certificate());
        assertThat(known(second, clock, first.client("a", List.of()).certificate()))
                .isTrue();
    }

    @Test
    void timesAfter2049AreWrittenInTheLongForm() {
        CertificateAuthority late =
                CertificateAuthority.generate(InstantSource.fixed(Instant.parse("2045-01-01T00:00:00Z")));

        assertThat(late.own().certificate().getNotAfter().toInstant()).isAfter("2054-01-01T00:00:00Z");
    }

    private void validate(X509Certificate certificate) throws Exception {
        PKIXParameters parameters =
                new PKIXParameters(Set.of(new TrustAnchor(authority.own().certificate(), null)));
        parameters.setRevocationEnabled(false);
        parameters.setDate(Date.from(NOW));
        CertPathValidator.getInstance("PKIX")
                .validate(CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate)), parameters);
    }
}
