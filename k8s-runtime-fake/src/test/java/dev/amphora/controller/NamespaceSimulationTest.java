package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.amphora.api.ResourceType;
import dev.amphora.client.DeleteOptions;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a namespace is given, and how it ends. */
class NamespaceSimulationTest {
    private static final ResourceType<Namespace> NAMESPACES = ResourceType.of(Namespace.class);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("SA-1: a namespace has its account and its root certificate, and gets them back")
    void publishesAccountAndCertificate(long seed) {
        try (ControllerWorld world = new ControllerWorld(seed, "root-ca-certificate-publisher-controller")) {
            assertThat(world.exists(ServiceAccount.class, "default")).isTrue();
            assertThat(world.get(ConfigMap.class, "kube-root-ca.crt").getData()).containsEntry("ca.crt", "PEM");
            world.delete(ServiceAccount.class, "default", null);
            world.delete(ConfigMap.class, "kube-root-ca.crt", null);
            world.settle();
            assertThat(world.exists(ServiceAccount.class, "default")).isTrue();
            world.merge(ConfigMap.class, "kube-root-ca.crt", "{\"data\":{\"ca.crt\":\"forged\",\"other\":\"x\"}}");
            world.settle();
            assertThat(world.get(ConfigMap.class, "kube-root-ca.crt").getData())
                    .containsOnlyKeys("ca.crt")
                    .containsEntry("ca.crt", "PEM");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("NS-1, NS-2, NS-3: a namespace is emptied after 5 s, pods first, and goes when all is gone")
    void emptiesANamespace(long seed) {
        try (ControllerWorld world = new ControllerWorld(
                seed,
                "root-ca-certificate-publisher-controller,namespace-controller,deployment-controller,"
                        + "replicaset-controller,garbage-collector-controller")) {
            world.client.create(new NamespaceBuilder()
                    .withNewMetadata()
                    .withName("two")
                    .endMetadata()
                    .build());
            world.settle();
            Deployment deployment = DeploymentSimulationTest.deployment(2);
            deployment.getMetadata().setNamespace("two");
            world.client.create(deployment);
            world.configMap("two", "x");
            world.settle();
            world.kubeletRounds(2);
            assertThat(world.list(Pod.class)).hasSize(2);

            world.client.delete(NAMESPACES, null, "two", DeleteOptions.defaults());
            world.kernel.advance(Duration.ofSeconds(4));
            assertThat(world.list(Pod.class)).noneMatch(Pods::isTerminating);
            world.kernel.advance(Duration.ofSeconds(10));
            Namespace namespace = world.client.get(NAMESPACES, null, "two");
            assertThat(namespace.getStatus().getPhase()).isEqualTo("Terminating");
            assertThat(namespace.getStatus().getConditions())
                    .extracting(c -> c.getType() + "=" + c.getStatus() + " " + c.getReason())
                    .containsExactly(
                            "NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered",
                            "NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions",
                            "NamespaceDeletionContentFailure=False ContentDeleted",
                            "NamespaceContentRemaining=False ContentRemoved",
                            "NamespaceFinalizersRemaining=False ContentHasNoFinalizers");
            assertThat(world.list(Pod.class)).hasSize(2).allMatch(Pods::isTerminating);
            assertThat(world.list(Deployment.class)).hasSize(1);
            assertThatThrownBy(() -> world.configMap("two", "late"))
                    .hasMessage(
                            "configmaps \"late\" is forbidden: unable to create new content in namespace two because"
                                    + " it is being terminated");

            world.list(Pod.class).forEach(world::finish);
            world.kernel.advance(Duration.ofSeconds(60));
            assertThat(world.client.find(NAMESPACES, null, "two")).isEmpty();
            assertThat(world.list(Deployment.class)).isEmpty();
            assertThat(world.list(ConfigMap.class))
                    .noneMatch(map -> map.getMetadata().getNamespace().equals("two"));
            assertThat(world.kernel.failures()).isEmpty();
        }
    }
}
