package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Garbage collection on ConfigMaps, as the recorded scenarios do it, and on a Deployment. */
class GarbageCollectionSimulationTest {
    private static final String HOLD = "example.com/hold";

    private static ControllerWorld world(long seed) {
        return new ControllerWorld(seed, "garbage-collector-controller");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @DisplayName("GC-2, GC-7: deleting an owner takes its dependents along, in the background, all the way down")
    void collectsAChain(long seed) {
        try (ControllerWorld world = world(seed)) {
            ConfigMap root = world.configMap("default", "root");
            ConfigMap child = world.owned("child", root, null);
            world.owned("grandchild", child, null);
            world.settle();
            world.delete(ConfigMap.class, "root", null);
            assertThat(world.maps()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @DisplayName(
            "GC-3: in the foreground the owner stays until the blocking dependents are gone, whatever the others do")
    void foregroundWaitsForBlockingDependents(long seed) {
        try (ControllerWorld world = world(seed)) {
            ConfigMap root = world.configMap("default", "root");
            world.owned("child", root, true, HOLD);
            world.owned("free", root, false, HOLD);
            world.owned("plain", root, true);
            world.settle();
            world.delete(ConfigMap.class, "root", "Foreground");
            assertThat(world.maps()).containsExactly("child", "free", "root");
            assertThat(world.get(ConfigMap.class, "root").getMetadata().getFinalizers())
                    .containsExactly("foregroundDeletion");
            world.merge(ConfigMap.class, "child", "{\"metadata\":{\"finalizers\":null}}");
            world.settle();
            assertThat(world.maps()).containsExactly("free");
            world.merge(ConfigMap.class, "free", "{\"metadata\":{\"finalizers\":null}}");
            world.settle();
            assertThat(world.maps()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("GC-3: dependents with dependents of their own are deleted in the foreground too")
    void foregroundGoesAllTheWayDown(long seed) {
        try (ControllerWorld world = world(seed)) {
            ConfigMap root = world.configMap("default", "root");
            ConfigMap child = world.owned("child", root, true);
            world.owned("grandchild", child, true, HOLD);
            world.settle();
            world.delete(ConfigMap.class, "root", "Foreground");
            assertThat(world.maps()).containsExactly("child", "grandchild", "root");
            assertThat(world.get(ConfigMap.class, "child").getMetadata().getFinalizers())
                    .containsExactly("foregroundDeletion");
            world.merge(ConfigMap.class, "grandchild", "{\"metadata\":{\"finalizers\":null}}");
            world.settle();
            assertThat(world.maps()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @DisplayName("GC-4: orphaning frees the dependents and then lets the owner go")
    void orphans(long seed) {
        try (ControllerWorld world = world(seed)) {
            ConfigMap root = world.configMap("default", "root");
            world.owned("a", root, true);
            world.owned("b", root, null);
            world.settle();
            world.delete(ConfigMap.class, "root", "Orphan");
            assertThat(world.maps()).containsExactly("a", "b");
            assertThat(world.get(ConfigMap.class, "a").getMetadata().getOwnerReferences())
                    .isEmpty();
            assertThat(world.get(ConfigMap.class, "b").getMetadata().getOwnerReferences())
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @DisplayName("GC-1: a solid owner keeps its dependent, whose dangling references are taken off")
    void aSolidOwnerKeeps(long seed) {
        try (ControllerWorld world = world(seed)) {
            ConfigMap owner = world.configMap("default", "o1");
            world.client.create(new ConfigMapBuilder()
                    .withNewMetadata()
                    .withName("child")
                    .withNamespace("default")
                    .addToOwnerReferences(
                            reference("v1", "o1", owner.getMetadata().getUid()))
                    .addToOwnerReferences(reference("v1", "ghost", "no-such-uid"))
                    .endMetadata()
                    .build());
            world.settle();
            assertThat(world.get(ConfigMap.class, "child").getMetadata().getOwnerReferences())
                    .extracting(OwnerReference::getName)
                    .containsExactly("o1");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName(
            "GC-1, GC-6: an owner that never was, or has another uid, keeps nothing; an unknown kind keeps everything")
    void looksOwnersUp(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.configMap("default", "real");
            dependent(world, "a", reference("v1", "ghost", "uid-1"));
            dependent(world, "b", reference("v1", "real", "uid-2"));
            OwnerReference gadget = reference("example.com/v1", "ghost", "uid-3");
            gadget.setKind("Gadget");
            dependent(world, "c", gadget);
            world.settle();
            assertThat(world.maps()).containsExactly("c", "real");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("GC-5: an owner in another namespace is no owner, and an event says so")
    void ownersLiveInTheSameNamespace(long seed) {
        try (ControllerWorld world = world(seed)) {
            world.client.create(new NamespaceBuilder()
                    .withNewMetadata()
                    .withName("two")
                    .endMetadata()
                    .build());
            ConfigMap owner = world.configMap("two", "owner");
            world.settle();
            dependent(
                    world, "child", reference("v1", "owner", owner.getMetadata().getUid()));
            world.settle();
            assertThat(world.maps()).isEmpty();
            assertThat(world.events())
                    .contains("OwnerRefInvalidNamespace: ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: "
                            + owner.getMetadata().getUid() + "] does not exist in namespace \"default\"");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("GC-5: a cluster-scoped object with a namespaced owner is never collected")
    void clusterScopedDependentsStay(long seed) {
        try (ControllerWorld world = world(seed)) {
            ConfigMap owner = world.configMap("default", "owner");
            world.client.create(new NamespaceBuilder()
                    .withNewMetadata()
                    .withName("odd")
                    .addToOwnerReferences(
                            reference("v1", "owner", owner.getMetadata().getUid()))
                    .endMetadata()
                    .build());
            world.settle();
            world.delete(ConfigMap.class, "owner", null);
            world.kernel.advance(Duration.ofMinutes(2));
            assertThat(world.list(Namespace.class))
                    .extracting(namespace -> namespace.getMetadata().getName())
                    .contains("odd");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("GC-3: an object that owns itself hangs in foreground deletion, as in the reference")
    void aSelfOwnerHangs(long seed) {
        try (ControllerWorld world = world(seed)) {
            ConfigMap a = world.configMap("default", "a");
            world.merge(
                    ConfigMap.class,
                    "a",
                    ("{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"a\","
                                    + "\"uid\":\"%s\",\"blockOwnerDeletion\":true}]}}")
                            .formatted(a.getMetadata().getUid()));
            world.settle();
            world.delete(ConfigMap.class, "a", "Foreground");
            world.kernel.advance(Duration.ofMinutes(1));
            assertThat(world.maps()).containsExactly("a");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @DisplayName("GC-2, GC-3: a Deployment takes its sets and pods along, in either way")
    void collectsADeployment(long seed) {
        for (String propagation : new String[] {"Background", "Foreground"}) {
            try (ControllerWorld world = new ControllerWorld(
                    seed, "deployment-controller,replicaset-controller,garbage-collector-controller")) {
                world.client.create(DeploymentSimulationTest.deployment(3));
                world.settle();
                world.kubeletRounds(2);
                assertThat(world.list(Pod.class)).hasSize(3);
                world.delete(Deployment.class, "web", propagation);
                world.kubeletRounds(2);
                assertThat(world.list(Pod.class)).as(propagation).isEmpty();
                assertThat(world.list(ReplicaSet.class)).isEmpty();
                assertThat(world.list(Deployment.class)).isEmpty();
                assertThat(world.kernel.failures()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    @DisplayName("GC-3: two objects that own each other go together, in the foreground too")
    void breaksCycles(long seed) {
        for (String propagation : new String[] {"Background", "Foreground"}) {
            try (ControllerWorld world = world(seed)) {
                ConfigMap a = world.configMap("default", "a");
                ConfigMap b = world.owned("b", a, true);
                world.merge(
                        ConfigMap.class,
                        "a",
                        ("{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"b\","
                                        + "\"uid\":\"%s\",\"blockOwnerDeletion\":true}]}}")
                                .formatted(b.getMetadata().getUid()));
                world.settle();
                world.delete(ConfigMap.class, "a", propagation);
                world.kernel.advance(Duration.ofMinutes(1));
                assertThat(world.maps()).as(propagation).isEmpty();
            }
        }
    }

    private static void dependent(ControllerWorld world, String name, OwnerReference owner) {
        world.client.create(new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .withOwnerReferences(owner)
                .endMetadata()
                .build());
    }

    private static OwnerReference reference(String apiVersion, String name, String uid) {
        return new OwnerReferenceBuilder()
                .withApiVersion(apiVersion)
                .withKind("ConfigMap")
                .withName(name)
                .withUid(uid)
                .build();
    }
}
