package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.Cluster;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.pki.Der;
import dev.amphora.api.pki.Pem;
import dev.amphora.apiserver.ApiRequest;
import dev.amphora.apiserver.Body;
import dev.amphora.apiserver.RequestOptions;
import dev.amphora.apiserver.Verb;
import dev.amphora.apiserver.access.Credentials;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the controllers do about certificates and about tokens in Secrets. */
class CertificateSimulationTest {
    private static final ResourceType<GenericKubernetesResource> REQUESTS = new ResourceType<>(
            "certificates.k8s.io",
            "v1",
            "CertificateSigningRequest",
            "certificatesigningrequests",
            false,
            GenericKubernetesResource.class);
    private static final User ADMIN = User.of("admin", User.MASTERS);
    private static final String CLIENT = "kubernetes.io/kube-apiserver-client";
    private static final String KUBELET = "kubernetes.io/kube-apiserver-client-kubelet";
    private static final String SERVING = "kubernetes.io/kubelet-serving";

    private final SimulatedKernel kernel = new SimulatedKernel(7);
    private final Cluster cluster = Cluster.builder()
            .kernel(kernel)
            .store(new MemoryStore())
            .controllers(
                    "serviceaccount-controller,serviceaccount-token-controller,certificatesigningrequest-signing-controller,"
                            + "certificatesigningrequest-approving-controller,certificatesigningrequest-cleaner-controller")
            .start();
    private final Client admin = cluster.api("test");

    @AfterEach
    void close() {
        cluster.close();
        kernel.close();
    }

    @Test
    void aKubeletsRequestIsApprovedOnceItsUserMayHaveThatDone() throws Exception {
        User bootstrapper = User.of("system:bootstrap:abc", "system:bootstrappers");
        allow("system:node-bootstrapper", "system:bootstrappers");
        create(
                bootstrapper,
                request("n1", KUBELET, pem("system:nodes", "system:node:n1", ""), "client auth", "digital signature"));
        kernel.advance(Duration.ofSeconds(2));
        assertThat(conditions("n1")).isEmpty();

        allow("system:certificates.k8s.io:certificatesigningrequests:nodeclient", "system:bootstrappers");
        kernel.advance(Duration.ofMinutes(5));

        assertThat(conditions("n1")).containsExactly("Approved/AutoApproved");
        X509Certificate certificate = certificate("n1");
        assertThat(certificate.getSubjectX500Principal().getName()).isEqualTo("CN=system:node:n1,O=system:nodes");
        assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
        assertThat(certificate.getKeyUsage()).startsWith(true, false, false);
        assertThat(certificate.getBasicConstraints()).isEqualTo(-1);
    }

    @Test
    void whatIsApprovedIsSignedForAsLongAsWanted() throws Exception {
        ObjectNode wish = request("c", CLIENT, pem("dev", "alice", ""), "client auth");
        wish.withObject("/spec").put("expirationSeconds", 3600);
        create(ADMIN, wish);
        decide("c", "Approved");

        X509Certificate certificate = certificate("c");
        assertThat(certificate.getNotAfter().toInstant())
                .isBetween(kernel.instant().plusSeconds(3590), kernel.instant().plusSeconds(3600));
        assertThat(certificate.getSubjectX500Principal().getName()).isEqualTo("CN=alice,O=dev");
    }

    @Test
    void aServingCertificateHoldsTheNamesAskedFor() throws Exception {
        create(
                ADMIN,
                request(
                        "s",
                        SERVING,
                        pem("system:nodes", "system:node:n1", "n1.example"),
                        "digital signature",
                        "server auth"));
        decide("s", "Approved");

        assertThat(certificate("s").getSubjectAlternativeNames()).containsExactly(List.of(2, "n1.example"));
    }

    @Test
    void whatTheSignerDoesNotSignFails() {
        create(
                ADMIN,
                request("a", SERVING, pem("system:nodes", "system:node:n1", ""), "server auth", "digital signature"));
        create(ADMIN, request("b", SERVING, pem("system:nodes", "n1", "n1"), "server auth", "digital signature"));
        create(ADMIN, request("c", KUBELET, pem("system:nodes", "system:node:n1", ""), "client auth"));
        create(ADMIN, request("d", CLIENT, pem("dev", "alice", ""), "digital signature"));
        List.of("a", "b", "c", "d").forEach(name -> decide(name, "Approved"));

        assertThat(message("a")).isEqualTo("DNS or IP subjectAltName is required");
        assertThat(message("b")).isEqualTo("subject common name does not begin with system:node:");
        assertThat(message("c")).isEqualTo("usages did not match [client auth digital signature key encipherment]");
        assertThat(message("d")).isEqualTo("missing required usage for client certificate: client auth");
    }

    @Test
    void whatIsDeniedIsNotSignedAndGoesAfterAnHour() {
        create(ADMIN, request("c", CLIENT, pem("dev", "alice", ""), "client auth"));
        create(ADMIN, request("waiting", CLIENT, pem("dev", "bob", ""), "client auth"));
        decide("c", "Denied");
        assertThat(find("c").orElseThrow().path("status").has("certificate")).isFalse();

        kernel.advance(Duration.ofHours(3));
        assertThat(find("c")).isEmpty();
        assertThat(find("waiting")).isPresent();

        kernel.advance(Duration.ofHours(23));
        assertThat(find("waiting")).isEmpty();
    }

    @Test
    void aSecretIsGivenATokenThatCountsAsLongAsItIsKept() {
        ServiceAccount robot = admin.create(new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("robot")
                .endMetadata()
                .build());
        admin.create(tokenSecret("s"));
        kernel.advance(Duration.ofSeconds(1));

        Secret filled = admin.get(ResourceType.of(Secret.class), "default", "s");
        assertThat(filled.getMetadata().getAnnotations())
                .containsEntry(
                        "kubernetes.io/service-account.uid", robot.getMetadata().getUid());
        assertThat(filled.getData()).containsOnlyKeys("ca.crt", "namespace", "token");
        String token = new String(Base64.getDecoder().decode(filled.getData().get("token")), StandardCharsets.UTF_8);
        Optional<User> user = cluster.apiServer().authenticate(Credentials.token(token));
        assertThat(user.map(User::name)).contains("system:serviceaccount:default:robot");
        assertThat(user.map(User::uid)).contains(robot.getMetadata().getUid());
        assertThat(admin.get(ResourceType.of(Secret.class), "default", "s")
                        .getMetadata()
                        .getLabels())
                .containsKey("kubernetes.io/legacy-token-last-used");

        admin.delete(ResourceType.of(ServiceAccount.class), "default", "robot", DeleteOptions.defaults());
        kernel.advance(Duration.ofSeconds(30));

        assertThat(admin.find(ResourceType.of(Secret.class), "default", "s")).isEmpty();
        assertThat(cluster.apiServer().authenticate(Credentials.token(token))).isEmpty();
    }

    @Test
    void aTokenSecretOfNobodyIsRemoved() {
        admin.create(tokenSecret("s"));
        kernel.advance(Duration.ofSeconds(1));

        assertThat(admin.find(ResourceType.of(Secret.class), "default", "s")).isEmpty();
    }

    private static Secret tokenSecret(String name) {
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .addToAnnotations("kubernetes.io/service-account.name", "robot")
                .endMetadata()
                .withType("kubernetes.io/service-account-token")
                .build();
    }

    private void allow(String role, String group) {
        admin.create(new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName(role + "-of-" + group.replace(':', '-'))
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", role)
                .addNewSubject("rbac.authorization.k8s.io", "Group", group, null)
                .build());
    }

    private static ObjectNode request(String name, String signer, String pem, String... usages) {
        ObjectNode object =
                Json.object().put("apiVersion", "certificates.k8s.io/v1").put("kind", "CertificateSigningRequest");
        object.putObject("metadata").put("name", name);
        ObjectNode spec = object.putObject("spec");
        spec.put("signerName", signer);
        spec.put("request", Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8)));
        for (String usage : usages) {
            spec.withArray("/usages").add(usage);
        }
        return object;
    }

    private void create(User user, ObjectNode request) {
        cluster.apiServer()
                .handle(new ApiRequest(
                        user,
                        "test",
                        Verb.CREATE,
                        "certificates.k8s.io",
                        "v1",
                        "certificatesigningrequests",
                        "",
                        "",
                        "",
                        RequestOptions.none(),
                        Body.of(request)));
    }

    private void decide(String name, String type) {
        ObjectNode found = find(name).orElseThrow();
        found.withObject("/status")
                .withArray("/conditions")
                .addObject()
                .put("type", type)
                .put("status", "True")
                .put("reason", "ByHand");
        admin.subresource(REQUESTS, null, name, "approval", found, true);
        kernel.advance(Duration.ofSeconds(1));
    }

    private Optional<ObjectNode> find(String name) {
        return admin.find(REQUESTS, null, name).map(object -> Json.mapper().<ObjectNode>valueToTree(object));
    }

    private List<String> conditions(String name) {
        return find(name).orElseThrow().path("status").path("conditions").findValuesAsText("type").stream()
                .map(type -> type + "/"
                        + find(name)
                                .orElseThrow()
                                .path("status")
                                .path("conditions")
                                .path(0)
                                .path("reason")
                                .asText())
                .toList();
    }

    private String message(String name) {
        JsonNode conditions = find(name).orElseThrow().path("status").path("conditions");
        assertThat(conditions.path(1).path("reason").asText()).isEqualTo("SignerValidationFailure");
        return conditions.path(1).path("message").asText();
    }

    private X509Certificate certificate(String name) throws GeneralSecurityException {
        String pem = new String(
                Base64.getDecoder()
                        .decode(find(name)
                                .orElseThrow()
                                .path("status")
                                .path("certificate")
                                .asText()),
                StandardCharsets.UTF_8);
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(
                        new ByteArrayInputStream(Pem.all(pem).get(0).content()));
    }

    /** A request with a new key; without alternative names if none is given. */
    static String pem(String organization, String commonName, String dnsName) {
        try {
            KeyPair keys = KeyPairGenerator.getInstance("EC").generateKeyPair();
            byte[] subject = Der.sequence(
                    Der.set(Der.sequence(Der.oid("2.5.4.10"), Der.utf8(organization))),
                    Der.set(Der.sequence(Der.oid("2.5.4.3"), Der.utf8(commonName))));
            byte[] names = Der.sequence(Der.implicit(2, dnsName.getBytes(StandardCharsets.US_ASCII)));
            byte[] extensions = Der.sequence(Der.sequence(Der.oid("2.5.29.17"), Der.octets(names)));
            byte[] attributes = dnsName.isEmpty()
                    ? Der.explicit(0, new byte[0])
                    : Der.explicit(0, Der.sequence(Der.oid("1.2.840.113549.1.9.14"), Der.set(extensions)));
            byte[] wish = Der.sequence(Der.integer(0), subject, keys.getPublic().getEncoded(), attributes);
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(keys.getPrivate());
            signature.update(wish);
            return Pem.write(
                    "CERTIFICATE REQUEST",
                    Der.sequence(wish, Der.sequence(Der.oid("1.2.840.10045.4.3.2")), Der.bits(signature.sign())));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
