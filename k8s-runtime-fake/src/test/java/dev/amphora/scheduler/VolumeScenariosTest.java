package dev.amphora.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.DeleteOptions;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.CSIDriverBuilder;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.CSINodeBuilder;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacityBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pods whose volumes wait for their first consumer, in simulation; the tests play the volume controller and the provisioner. */
class VolumeScenariosTest {
    private static final String SELECTED = "volume.kubernetes.io/selected-node";
    private static final ResourceType<PersistentVolumeClaim> CLAIMS = ResourceType.of(PersistentVolumeClaim.class);
    private static final ResourceType<PersistentVolume> VOLUMES = ResourceType.of(PersistentVolume.class);

    private final SchedulerWorld world = new SchedulerWorld(11, DefaultScheduler.create());

    @AfterEach
    void close() {
        world.close();
    }

    private void advance(long seconds) {
        world.kernel.advance(Duration.ofSeconds(seconds));
    }

    private void waitingClass(String name, String provisioner) {
        world.client.create(new StorageClassBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withProvisioner(provisioner)
                .withVolumeBindingMode("WaitForFirstConsumer")
                .build());
    }

    private void claim(String name, String className) {
        world.client.create(new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(className)
                .withAccessModes("ReadWriteOnce")
                .withNewResources()
                .addToRequests("storage", new Quantity("1Gi"))
                .endResources()
                .endSpec()
                .build());
    }

    private static PersistentVolumeBuilder volume(String name, String className, String node) {
        PersistentVolumeBuilder volume = new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(className)
                .withAccessModes("ReadWriteOnce")
                .addToCapacity("storage", new Quantity("1Gi"))
                .withNewHostPath("/data", "")
                .endSpec();
        return node.isEmpty()
                ? volume
                : volume.editSpec()
                        .withNewNodeAffinity()
                        .withNewRequired()
                        .addNewNodeSelectorTerm()
                        .addNewMatchExpression()
                        .withKey("kubernetes.io/hostname")
                        .withOperator("In")
                        .withValues(node)
                        .endMatchExpression()
                        .endNodeSelectorTerm()
                        .endRequired()
                        .endNodeAffinity()
                        .endSpec();
    }

    /** A volume that exists and is free. */
    private void freeVolume(String name, String className, String node) {
        PersistentVolume made =
                world.client.create(volume(name, className, node).build());
        world.client.updateStatus(new PersistentVolumeBuilder(made)
                .withNewStatus()
                .withPhase("Available")
                .endStatus()
                .build());
    }

    private static PodBuilder pod(String name, String cpu, String... claims) {
        PodBuilder pod = SchedulerWorld.pod(name, cpu);
        for (String claim : claims) {
            pod.editSpec()
                    .addNewVolume()
                    .withName(claim)
                    .withNewPersistentVolumeClaim(claim, false)
                    .endVolume()
                    .endSpec();
        }
        return pod;
    }

    private PersistentVolumeClaim get(String claim) {
        return world.client.get(CLAIMS, "default", claim);
    }

    private String selected(String claim) {
        var annotations = get(claim).getMetadata().getAnnotations();
        return annotations == null ? "" : annotations.getOrDefault(SELECTED, "");
    }

    private String boundTo(String volume) {
        var reference = world.client.get(VOLUMES, null, volume).getSpec().getClaimRef();
        return reference == null ? "" : reference.getName();
    }

    /** What the volume controller does once a claim and a volume are each other's. */
    private void bind(String claim, String volume) {
        world.patch(
                PersistentVolumeClaim.class,
                claim,
                "{\"metadata\":{\"annotations\":{\"pv.kubernetes.io/bind-completed\":\"yes\"}},\"spec\":{\"volumeName\":\""
                        + volume + "\"}}");
    }

    private static ObjectReference to(PersistentVolumeClaim claim) {
        return new ObjectReferenceBuilder()
                .withKind("PersistentVolumeClaim")
                .withNamespace("default")
                .withName(claim.getMetadata().getName())
                .withUid(claim.getMetadata().getUid())
                .build();
    }

    /** What a provisioner does for a claim with a node. */
    private void provision(String claim, String volume, String node) {
        PersistentVolumeClaim wanted = get(claim);
        world.client.create(volume(volume, wanted.getSpec().getStorageClassName(), node)
                .editSpec()
                .withClaimRef(to(wanted))
                .endSpec()
                .build());
        bind(claim, volume);
    }

    @Test
    void aFreeVolumeOnTheChosenNodeIsPromisedToTheClaimAndThePodIsBoundOnceTheControllerHasBoundBoth() {
        waitingClass("local", "kubernetes.io/no-provisioner");
        world.node("n1", "4");
        world.node("n2", "4");
        freeVolume("v2", "local", "n2");
        claim("data", "local");
        world.create(pod("a", "1", "data"));
        advance(5);
        assertThat(boundTo("v2")).isEqualTo("data");
        assertThat(world.nodeOf("a")).isEmpty();
        assertThat(world.get("a").getStatus().getNominatedNodeName()).isEqualTo("n2");
        bind("data", "v2");
        advance(3);
        assertThat(world.nodeOf("a")).isEqualTo("n2");
        assertThat(world.get("a").getStatus().getNominatedNodeName()).isNull();
    }

    @Test
    void aVolumeThatHasToBeMadeIsAskedForByTheNameOfTheChosenNode() {
        waitingClass("fast", "csi.example.com");
        world.node("n1", "1");
        world.create(SchedulerWorld.pod("full", "1"));
        world.settle();
        world.node("n2", "4");
        claim("data", "fast");
        world.create(pod("a", "1", "data"));
        advance(5);
        assertThat(selected("data")).isEqualTo("n2");
        assertThat(world.nodeOf("a")).isEmpty();
        provision("data", "made", "n2");
        advance(3);
        assertThat(world.nodeOf("a")).isEqualTo("n2");
    }

    @Test
    void twoClaimsOfOnePodAreBoundOnOneNode() {
        waitingClass("local", "kubernetes.io/no-provisioner");
        waitingClass("fast", "csi.example.com");
        for (String node : new String[] {"n1", "n2", "n3"}) {
            world.node(node, "4");
        }
        freeVolume("v1", "local", "n1");
        freeVolume("v3", "local", "n3");
        claim("log", "local");
        claim("data", "local");
        claim("cache", "fast");
        world.create(pod("a", "1", "log", "data"));
        advance(10);
        // no node has two of them
        assertThat(world.notes("a", "FailedScheduling"))
                .anyMatch(note -> note.contains("3 node(s) didn't find available persistent volumes to bind"));
        assertThat(boundTo("v1") + boundTo("v3")).isEmpty();
        freeVolume("w3", "local", "n3");
        advance(10);
        assertThat(boundTo("v1")).isEmpty();
        assertThat(boundTo("v3")).isIn("log", "data");
        assertThat(boundTo("w3")).isIn("log", "data").isNotEqualTo(boundTo("v3"));
    }

    @Test
    void aClaimWhoseVolumeCannotBeMadeFreesThePodToGoElsewhere() {
        waitingClass("fast", "csi.example.com");
        world.node("n1", "2");
        claim("data", "fast");
        world.create(pod("a", "1", "data"));
        advance(5);
        assertThat(selected("data")).isEqualTo("n1");
        world.node("n2", "2");
        world.patchNode("n1", "{\"spec\":{\"unschedulable\":true}}");
        advance(2);
        world.patch(
                PersistentVolumeClaim.class,
                "data",
                "{\"metadata\":{\"annotations\":{\"" + SELECTED + "\":null,\"a\":\"b\"}}}");
        advance(10);
        assertThat(world.notes("a", "FailedScheduling"))
                .contains(
                        "running PreBind plugin \"VolumeBinding\": binding volumes: provisioning failed for PVC \"data\"");
        assertThat(world.scheduled("a").getReason()).isEqualTo("SchedulerError");
        assertThat(selected("data")).isEqualTo("n2");
        provision("data", "made", "n2");
        advance(5);
        assertThat(world.nodeOf("a")).isEqualTo("n2");
    }

    @Test
    void aPodWhoseVolumesAreNotBoundInTenMinutesIsTriedAgain() {
        waitingClass("fast", "csi.example.com");
        world.node("n1", "4");
        claim("data", "fast");
        world.create(pod("a", "1", "data"));
        advance(590);
        assertThat(world.notes("a", "FailedScheduling")).isEmpty();
        advance(20);
        assertThat(world.notes("a", "FailedScheduling"))
                .containsExactly(
                        "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded");
        provision("data", "made", "n1");
        advance(20);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    @Test
    void aPodThatIsDeletedWhileItsVolumesAreMadeGivesItsRoomBackAtOnce() {
        waitingClass("fast", "csi.example.com");
        world.node("n1", "1");
        claim("data", "fast");
        world.create(pod("a", "1", "data"));
        advance(5);
        world.create(SchedulerWorld.pod("b", "1"));
        advance(5);
        assertThat(world.nodeOf("b")).isEmpty();
        world.delete("a");
        advance(3);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
    }

    @Test
    void aPodThatEndsSlowlyWhileItsVolumesAreMadeGivesItsRoomBackAtOnceToo() {
        waitingClass("fast", "csi.example.com");
        world.node("n1", "1");
        claim("data", "fast");
        world.create(pod("a", "1", "data")
                .editMetadata()
                .addToFinalizers("example.dev/hold")
                .endMetadata());
        advance(5);
        world.create(SchedulerWorld.pod("b", "1"));
        advance(5);
        world.delete("a");
        advance(3);
        assertThat(world.nodeOf("b")).isEqualTo("n1");
        assertThat(world.get("a").getSpec().getNodeName()).isNull();
    }

    @Test
    void aNodeThatGoesWhileVolumesAreMadeFailsTheAttemptAtOnce() {
        waitingClass("fast", "csi.example.com");
        world.node("n1", "4");
        claim("data", "fast");
        world.create(pod("a", "1", "data"));
        advance(5);
        world.client.delete(ResourceType.of(Node.class), null, "n1", DeleteOptions.defaults());
        advance(3);
        assertThat(world.notes("a", "FailedScheduling"))
                .contains("running PreBind plugin \"VolumeBinding\": binding volumes: failed to get node \"n1\": "
                        + "node \"n1\" not found");
    }

    @Test
    void aClaimThatHasLostItsVolumeHoldsThePodBack() {
        waitingClass("fast", "csi.example.com");
        world.node("n1", "4");
        claim("data", "fast");
        bind("data", "gone");
        PersistentVolumeClaim lost = new PersistentVolumeClaimBuilder(get("data"))
                .withNewStatus()
                .withPhase("Lost")
                .endStatus()
                .build();
        world.client.updateStatus(lost);
        world.create(pod("a", "1", "data"));
        advance(20);
        assertThat(world.notes("a", "FailedScheduling"))
                .anyMatch(note -> note.contains(
                        "persistentvolumeclaim \"data\" bound to non-existent persistentvolume \"gone\""));
        assertThat(world.nodeOf("a")).isEmpty();
    }

    @Test
    void aPodFollowsItsBoundVolumeAndWaitsForTheNodeThatCanReachIt() {
        waitingClass("local", "kubernetes.io/no-provisioner");
        world.node("n1", "4");
        claim("data", "local");
        provision("data", "v2", "n2");
        world.create(pod("a", "1", "data"));
        advance(20);
        assertThat(world.scheduled("a").getMessage())
                .startsWith("0/1 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity.");
        world.node("n2", "4");
        advance(20);
        assertThat(world.nodeOf("a")).isEqualTo("n2");
    }

    @Test
    void aVolumeIsOnlyAskedForWhereTheDriverHasRoomAndMoreRoomWakesThePod() {
        waitingClass("fast", "csi.example.com");
        world.client.create(new CSIDriverBuilder()
                .withNewMetadata()
                .withName("csi.example.com")
                .endMetadata()
                .withNewSpec()
                .withStorageCapacity(true)
                .endSpec()
                .build());
        world.node("n1", "4");
        world.client.create(new CSIStorageCapacityBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("room")
                .endMetadata()
                .withStorageClassName("fast")
                .withCapacity(new Quantity("512Mi"))
                .withNewNodeTopology()
                .addToMatchLabels("kubernetes.io/hostname", "n1")
                .endNodeTopology()
                .build());
        claim("data", "fast");
        world.create(pod("a", "1", "data"));
        advance(20);
        assertThat(world.scheduled("a").getMessage())
                .startsWith("0/1 nodes are available: 1 node(s) did not have enough free storage.");
        int before = world.failures("a");
        world.patch(CSIStorageCapacity.class, "room", "{\"capacity\":\"256Mi\"}");
        advance(20);
        assertThat(world.failures("a")).isEqualTo(before);
        world.patch(CSIStorageCapacity.class, "room", "{\"capacity\":\"2Gi\"}");
        advance(20);
        assertThat(selected("data")).isEqualTo("n1");
    }

    @Test
    void twoPodsDoNotTakeTheSameFreeVolume() {
        waitingClass("local", "kubernetes.io/no-provisioner");
        world.node("n1", "4");
        freeVolume("v1", "local", "n1");
        claim("one", "local");
        claim("two", "local");
        world.create(pod("a", "1", "one"));
        world.create(pod("b", "1", "two"));
        advance(5);
        String winner = boundTo("v1");
        assertThat(winner).isIn("one", "two");
        bind(winner, "v1");
        advance(20);
        assertThat(world.placement().values()).containsExactlyInAnyOrder("n1", "null");
    }

    @Test
    void aVolumeThatCouldNotBePromisedIsFreeAgain() {
        waitingClass("local", "kubernetes.io/no-provisioner");
        world.node("n1", "4");
        freeVolume("v1", "local", "n1");
        claim("data", "local");
        boolean[] failed = {false};
        world.fault = (method, arguments) -> {
            if (method.equals("update") && !failed[0]) {
                failed[0] = true;
                throw StatusException.conflict("", "persistentvolumes", "v1", "the object has been modified");
            }
        };
        world.create(pod("a", "1", "data"));
        advance(20);
        assertThat(failed[0]).isTrue();
        assertThat(world.notes("a", "FailedScheduling"))
                .anyMatch(note ->
                        note.startsWith("running PreBind plugin \"VolumeBinding\": Operation cannot be fulfilled"));
        assertThat(boundTo("v1")).isEqualTo("data");
    }

    @Test
    void aSuccessorGoesOnWithTheNodeThatWasChosenForAClaim() {
        waitingClass("fast", "csi.example.com");
        world.node("n1", "4");
        claim("data", "fast");
        world.create(pod("a", "1", "data"));
        advance(5);
        world.crashAll();
        world.node("n2", "8");
        world.start(DefaultScheduler.create());
        advance(5);
        assertThat(selected("data")).isEqualTo("n1");
        provision("data", "made", "n1");
        advance(5);
        assertThat(world.nodeOf("a")).isEqualTo("n1");
    }

    // -- volumes of plugins that CSI drivers have taken over ---------------------------------------------------------

    /** A node of a zone, which the driver of EBS alone has labelled, as the driver's {@code CSINode} has it. */
    private void nodeWithDriver(String name, String zone) {
        world.node(name, "4");
        world.patchNode(name, "{\"metadata\":{\"labels\":{\"topology.ebs.csi.aws.com/zone\":\"" + zone + "\"}}}");
        world.client.create(new CSINodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewDriver()
                .withName("ebs.csi.aws.com")
                .withNodeID(name)
                .withTopologyKeys("topology.ebs.csi.aws.com/zone")
                .endDriver()
                .endSpec()
                .build());
    }

    /** What a kubelet says once the driver serves the plugin's volumes. */
    private void takeOver(String node) {
        world.patch(
                CSINode.class,
                node,
                "{\"metadata\":{\"annotations\":"
                        + "{\"storage.alpha.kubernetes.io/migrated-plugins\":\"kubernetes.io/aws-ebs,kubernetes.io/gce-pd\"}}}");
    }

    /** A disk of EBS in a zone, made for a claim. */
    private void provisionDisk(String claim, String volume, String id, String zone) {
        PersistentVolumeClaim wanted = get(claim);
        world.client.create(volume(volume, wanted.getSpec().getStorageClassName(), "")
                .editSpec()
                .withHostPath(null)
                .withNewAwsElasticBlockStore()
                .withVolumeID(id)
                .endAwsElasticBlockStore()
                .withNewNodeAffinity()
                .withNewRequired()
                .addNewNodeSelectorTerm()
                .addNewMatchExpression()
                .withKey("failure-domain.beta.kubernetes.io/zone")
                .withOperator("In")
                .withValues(zone)
                .endMatchExpression()
                .endNodeSelectorTerm()
                .endRequired()
                .endNodeAffinity()
                .withClaimRef(to(wanted))
                .endSpec()
                .build());
        bind(claim, volume);
    }

    @Test
    void aPodFollowsItsDiskByTheLabelsOfTheDriverAsSoonAsThatHasTakenOver() {
        waitingClass("ebs", "kubernetes.io/aws-ebs");
        nodeWithDriver("n1", "a");
        nodeWithDriver("n2", "b");
        claim("data", "ebs");
        provisionDisk("data", "disk", "vol-1", "b");
        world.create(pod("p", "1", "data"));
        advance(20);
        assertThat(world.scheduled("p").getMessage())
                .startsWith("0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity.");
        takeOver("n1");
        advance(20);
        assertThat(world.nodeOf("p")).isEmpty();
        takeOver("n2");
        advance(20);
        assertThat(world.nodeOf("p")).isEqualTo("n2");
    }

    @Test
    void aDiskThatWasMadeForAPodIsLookedForByTheLabelsOfTheDriver() {
        waitingClass("ebs", "kubernetes.io/aws-ebs");
        nodeWithDriver("n1", "a");
        takeOver("n1");
        claim("data", "ebs");
        world.create(pod("p", "1", "data"));
        advance(5);
        assertThat(selected("data")).isEqualTo("n1");
        provisionDisk("data", "disk", "aws://a/vol-1", "a");
        advance(3);
        assertThat(world.nodeOf("p")).isEqualTo("n1");
        assertThat(world.notes("p", "FailedScheduling")).isEmpty();
    }

    @Test
    void aDiskThatWasMadeAndThatTheDriverCannotServeFailsThePod() {
        waitingClass("ebs", "kubernetes.io/aws-ebs");
        nodeWithDriver("n1", "a");
        takeOver("n1");
        claim("data", "ebs");
        world.create(pod("p", "1", "data"));
        advance(5);
        provisionDisk("data", "disk", "aws://a/none", "a");
        advance(3);
        assertThat(world.nodeOf("p")).isEmpty();
        assertThat(world.notes("p", "FailedScheduling"))
                .contains("running PreBind plugin \"VolumeBinding\": binding volumes: could not translate pv: failed to"
                        + " translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume (aws://a/none)");
    }
}
