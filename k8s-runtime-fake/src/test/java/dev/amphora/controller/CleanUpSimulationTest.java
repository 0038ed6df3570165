package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.User;
import dev.amphora.client.Client;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.InProcessClient;
import dev.amphora.client.ListOptions;
import dev.amphora.controller.serviceaccount.LegacyTokenCleaner;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.memory.MemoryStore;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddressBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDR;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDRBuilder;
import io.fabric8.kubernetes.api.model.storage.VolumeAttributesClass;
import io.fabric8.kubernetes.api.model.storage.VolumeAttributesClassBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CleanUpSimulationTest {
    private static final String TRACKING = "kube-apiserver-legacy-service-account-token-tracking";
    private static final ResourceType<ServiceCIDR> RANGES = ResourceType.of(ServiceCIDR.class);

    @Test
    void aRangeOfServicesIsReadyAndGoesAfterAMoment() {
        try (ControllerWorld world = new ControllerWorld(1, "service-cidr-controller")) {
            range(world, "more", "10.5.0.0/24");
            ServiceCIDR ready = world.client.get(RANGES, null, "more");
            assertThat(ready.getMetadata().getFinalizers()).containsExactly("networking.k8s.io/service-cidr-finalizer");
            assertThat(ready.getStatus().getConditions().get(0).getStatus()).isEqualTo("True");
            assertThat(ready.getStatus().getConditions().get(0).getMessage())
                    .isEqualTo("Kubernetes Service CIDR is ready");
            world.client.delete(RANGES, null, "more", DeleteOptions.defaults());
            world.kernel.advance(Duration.ofSeconds(9));
            assertThat(world.client.find(RANGES, null, "more")).isPresent();
            world.kernel.advance(Duration.ofSeconds(3));
            assertThat(world.client.find(RANGES, null, "more")).isEmpty();
        }
    }

    @Test
    void aRangeWithAddressesInUseStaysUntilAnotherHoldsThem() {
        try (ControllerWorld world = new ControllerWorld(1, "service-cidr-controller")) {
            range(world, "more", "10.5.0.0/24");
            world.client.create(new IPAddressBuilder()
                    .withNewMetadata()
                    .withName("10.5.0.7")
                    .addToLabels("ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io")
                    .addToLabels("ipaddress.kubernetes.io/ip-family", "IPv4")
                    .endMetadata()
                    .withNewSpec()
                    .withNewParentRef()
                    .withResource("services")
                    .withNamespace("default")
                    .withName("web")
                    .endParentRef()
                    .endSpec()
                    .build());
            world.client.delete(RANGES, null, "more", DeleteOptions.defaults());
            world.kernel.advance(Duration.ofMinutes(1));
            assertThat(world.client
                            .get(RANGES, null, "more")
                            .getStatus()
                            .getConditions()
                            .get(0)
                            .getReason())
                    .isEqualTo("Terminating");
            range(world, "whole", "10.5.0.0/16");
            world.kernel.advance(Duration.ofSeconds(11));
            assertThat(world.client.find(RANGES, null, "more")).isEmpty();
            world.client.delete(RANGES, null, "whole", DeleteOptions.defaults());
            world.client.delete(ResourceType.of(IPAddress.class), null, "10.5.0.7", DeleteOptions.defaults());
            world.kernel.advance(Duration.ofSeconds(11));
            assertThat(world.client.find(RANGES, null, "whole")).isEmpty();
        }
    }

    @Test
    void aClassOfAttributesStaysWhileAClaimNamesIt() {
        try (ControllerWorld world = new ControllerWorld(1, "volumeattributesclass-protection-controller")) {
            ResourceType<VolumeAttributesClass> classes = ResourceType.of(VolumeAttributesClass.class);
            world.client.create(new VolumeAttributesClassBuilder()
                    .withNewMetadata()
                    .withName("fast")
                    .endMetadata()
                    .withDriverName("example.com")
                    .withParameters(Map.of("iops", "100"))
                    .build());
            world.client.create(new PersistentVolumeClaimBuilder()
                    .withNewMetadata()
                    .withName("data")
                    .withNamespace("default")
                    .endMetadata()
                    .withNewSpec()
                    .withAccessModes("ReadWriteOnce")
                    .withVolumeAttributesClassName("fast")
                    .withNewResources()
                    .withRequests(Map.of("storage", new Quantity("1Gi")))
                    .endResources()
                    .endSpec()
                    .build());
            world.settle();
            world.client.delete(classes, null, "fast", DeleteOptions.defaults());
            world.settle();
            assertThat(world.client.find(classes, null, "fast")).isPresent();
            PersistentVolumeClaim claim = world.get(PersistentVolumeClaim.class, "data");
            claim.getMetadata().setFinalizers(List.of());
            world.client.update(claim);
            world.delete(PersistentVolumeClaim.class, "data", "Background");
            assertThat(world.client.find(classes, null, "fast")).isEmpty();
        }
    }

    @Test
    void aBootstrapTokenSignsTheClustersDataUntilItsTimeIsOver() {
        try (ControllerWorld world =
                new ControllerWorld(1, "token-cleaner-controller,bootstrap-signer-controller,namespace-controller")) {
            world.client.create(new ConfigMapBuilder()
                    .withNewMetadata()
                    .withName("cluster-info")
                    .withNamespace("kube-public")
                    .endMetadata()
                    .withData(Map.of("kubeconfig", "who we are"))
                    .build());
            String end = world.kernel.instant().plusSeconds(60).toString();
            world.client.create(new SecretBuilder()
                    .withNewMetadata()
                    .withName("bootstrap-token-abcdef")
                    .withNamespace("kube-system")
                    .endMetadata()
                    .withType("bootstrap.kubernetes.io/token")
                    .withStringData(Map.of(
                            "token-id", "abcdef",
                            "token-secret", "0123456789abcdef",
                            "expiration", end,
                            "usage-bootstrap-signing", "true"))
                    .build());
            world.settle();
            ResourceType<ConfigMap> maps = ResourceType.of(ConfigMap.class);
            assertThat(world.client
                            .get(maps, "kube-public", "cluster-info")
                            .getData()
                            .get("jws-kubeconfig-abcdef"))
                    .startsWith("eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9..");
            world.kernel.advance(Duration.ofSeconds(61));
            assertThat(world.client.find(ResourceType.of(Secret.class), "kube-system", "bootstrap-token-abcdef"))
                    .isEmpty();
            assertThat(world.client.get(maps, "kube-public", "cluster-info").getData())
                    .containsOnlyKeys("kubeconfig");
        }
    }

    @Test
    void aTokenThatNobodyAskedForOrUsedIsInvalidAfterAYearAndGoneAfterAnother() {
        SimulatedKernel kernel = new SimulatedKernel(1);
        try (MemoryStore store = new MemoryStore(kernel)) {
            try (ApiServer server = ApiServer.builder(kernel, store).build().start()) {
                Client client = client(server);
                makeTokens(client, kernel.instant().plus(Duration.ofDays(300)).toString());
                client.get(ResourceType.of(ConfigMap.class), "kube-system", TRACKING);
            }
            // Nobody runs for most of the time, which is quick.
            kernel.advance(Duration.ofDays(364));
            assertThat(cleaned(kernel, store, 2)).containsExactly("asked-for", "auto", "mounted", "used");
            assertThat(cleaned(kernel, store, 2)).containsExactly("asked-for", "auto invalid", "mounted", "used");
            kernel.advance(Duration.ofDays(362));
            assertThat(cleaned(kernel, store, 2))
                    .containsExactly("asked-for", "auto invalid", "mounted", "used invalid");
            assertThat(cleaned(kernel, store, 3)).containsExactly("asked-for", "mounted", "used invalid");
        } finally {
            kernel.close();
        }
    }

    private static Client client(ApiServer server) {
        return new InProcessClient(server, User.of("admin", User.MASTERS), "test");
    }

    /** The tokens that are left when the cleaner has run for some days. */
    private static List<String> cleaned(SimulatedKernel kernel, MemoryStore store, int days) {
        try (ApiServer server = ApiServer.builder(kernel, store).build().start();
                ControllerManager manager =
                        new ControllerManager(kernel, client(server), List.<Controller>of(new LegacyTokenCleaner()))) {
            manager.start();
            kernel.advance(Duration.ofDays(days));
            return client(server).list(ResourceType.of(Secret.class), "default", ListOptions.all()).items().stream()
                    .map(secret -> secret.getMetadata().getName()
                            + (secret.getMetadata().getLabels() != null
                                            && secret.getMetadata()
                                                    .getLabels()
                                                    .containsKey("kubernetes.io/legacy-token-invalid-since")
                                    ? " invalid"
                                    : ""))
                    .sorted()
                    .toList();
        }
    }

    /** Four tokens of an account that lists three of them; a pod mounts one, and another is used on a day. */
    private static void makeTokens(Client client, String used) {
        ServiceAccount robot = client.create(new ServiceAccountBuilder()
                .withNewMetadata()
                .withName("robot")
                .withNamespace("default")
                .endMetadata()
                .withSecrets(List.of(
                        new ObjectReferenceBuilder().withName("auto").build(),
                        new ObjectReferenceBuilder().withName("used").build(),
                        new ObjectReferenceBuilder().withName("mounted").build()))
                .build());
        for (String name : List.of("auto", "used", "mounted", "asked-for")) {
            client.create(new SecretBuilder()
                    .withNewMetadata()
                    .withName(name)
                    .withNamespace("default")
                    .addToAnnotations("kubernetes.io/service-account.name", "robot")
                    .addToAnnotations(
                            "kubernetes.io/service-account.uid",
                            robot.getMetadata().getUid())
                    .withLabels(
                            name.equals("used")
                                    ? Map.of("kubernetes.io/legacy-token-last-used", used.substring(0, 10))
                                    : Map.of())
                    .endMetadata()
                    .withType("kubernetes.io/service-account-token")
                    .build());
        }
        client.create(new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withServiceAccountName("robot")
                .addNewContainer()
                .withName("c")
                .withImage("img")
                .endContainer()
                .addNewVolume()
                .withName("token")
                .withNewSecret()
                .withSecretName("mounted")
                .endSecret()
                .endVolume()
                .endSpec()
                .build());
    }

    private static void range(ControllerWorld world, String name, String cidr) {
        world.client.create(new ServiceCIDRBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withCidrs(cidr)
                .endSpec()
                .build());
        world.settle();
    }
}
