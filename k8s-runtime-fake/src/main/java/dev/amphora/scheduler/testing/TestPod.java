package dev.amphora.scheduler.testing;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.PodAffinityTermBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.function.Consumer;

/** Builds a pod. Unless told otherwise it stands in namespace {@code default}, waits, and has one container that asks for nothing. */
public final class TestPod {
    private final PodBuilder pod;

    private TestPod(PodBuilder pod) {
        this.pod = pod;
    }

    /** A pod with a name, which is its uid as well. */
    public static TestPod pod(String name) {
        return new TestPod(new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid(name)
                .endMetadata()
                .withNewSpec()
                .withSchedulerName("default-scheduler")
                .addNewContainer()
                .withName("c")
                .withImage("registry.example/app:1")
                .endContainer()
                .endSpec()
                .withNewStatus()
                .endStatus());
    }

    /** Another pod with everything that one has. */
    public static TestPod of(Pod pod) {
        return new TestPod(new PodBuilder(pod));
    }

    /** In a namespace. */
    public TestPod namespace(String namespace) {
        return edit(p -> p.editMetadata().withNamespace(namespace).endMetadata());
    }

    /** With a uid, where two pods share a name. */
    public TestPod uid(String uid) {
        return edit(p -> p.editMetadata().withUid(uid).endMetadata());
    }

    /** With a label. */
    public TestPod label(String key, String value) {
        return edit(p -> p.editMetadata().addToLabels(key, value).endMetadata());
    }

    /** With an annotation. */
    public TestPod annotation(String key, String value) {
        return edit(p -> p.editMetadata().addToAnnotations(key, value).endMetadata());
    }

    /** Whose container asks for so much of a resource, such as {@code ("cpu", "500m")}. */
    public TestPod requests(String resource, String amount) {
        return container(c -> c.editOrNewResources()
                .addToRequests(resource, new Quantity(amount))
                .endResources());
    }

    /** Whose container runs an image. */
    public TestPod image(String image) {
        return container(c -> c.withImage(image));
    }

    /** Whose container takes a port of the node. */
    public TestPod hostPort(int port) {
        return container(
                c -> c.addNewPort().withContainerPort(port).withHostPort(port).endPort());
    }

    /** That wants a label of its node. */
    public TestPod nodeSelector(String key, String value) {
        return edit(p -> p.editSpec().addToNodeSelector(key, value).endSpec());
    }

    /**
     * That tolerates a taint.
     *
     * @param effect such as {@code NoSchedule}
     */
    public TestPod toleration(String key, String value, String effect) {
        return edit(p -> p.editSpec()
                .addNewToleration()
                .withKey(key)
                .withOperator("Equal")
                .withValue(value)
                .withEffect(effect)
                .endToleration()
                .endSpec());
    }

    /** With a priority. */
    public TestPod priority(int priority) {
        return edit(p -> p.editSpec().withPriority(priority).endSpec());
    }

    /** That must run in the same domain as a pod with a label. */
    public TestPod near(String topologyKey, String labelKey, String labelValue) {
        return edit(p -> p.editSpec()
                .editOrNewAffinity()
                .editOrNewPodAffinity()
                .addToRequiredDuringSchedulingIgnoredDuringExecution(term(topologyKey, labelKey, labelValue))
                .endPodAffinity()
                .endAffinity()
                .endSpec());
    }

    /** That must not run in the same domain as any pod with a label. */
    public TestPod apart(String topologyKey, String labelKey, String labelValue) {
        return edit(p -> p.editSpec()
                .editOrNewAffinity()
                .editOrNewPodAntiAffinity()
                .addToRequiredDuringSchedulingIgnoredDuringExecution(term(topologyKey, labelKey, labelValue))
                .endPodAntiAffinity()
                .endAffinity()
                .endSpec());
    }

    private static PodAffinityTerm term(String topologyKey, String labelKey, String labelValue) {
        return new PodAffinityTermBuilder()
                .withTopologyKey(topologyKey)
                .withLabelSelector(new LabelSelectorBuilder()
                        .addToMatchLabels(labelKey, labelValue)
                        .build())
                .build();
    }

    /** One of the pods with a label, of which no domain may have more than {@code maxSkew} more than another. */
    public TestPod spread(String topologyKey, int maxSkew, String labelKey, String labelValue) {
        return edit(p -> p.editSpec()
                .addNewTopologySpreadConstraint()
                .withTopologyKey(topologyKey)
                .withMaxSkew(maxSkew)
                .withWhenUnsatisfiable("DoNotSchedule")
                .withNewLabelSelector()
                .addToMatchLabels(labelKey, labelValue)
                .endLabelSelector()
                .endTopologySpreadConstraint()
                .endSpec());
    }

    /** Held back by a gate. */
    public TestPod gate(String name) {
        return edit(p -> p.editSpec()
                .addNewSchedulingGate()
                .withName(name)
                .endSchedulingGate()
                .endSpec());
    }

    /** That is scheduled by the profile with a name. */
    public TestPod schedulerName(String name) {
        return edit(p -> p.editSpec().withSchedulerName(name).endSpec());
    }

    /** That runs on a node. */
    public TestPod on(String nodeName) {
        return edit(p -> p.editSpec().withNodeName(nodeName).endSpec());
    }

    /** For which room has been made on a node. */
    public TestPod nominatedTo(String nodeName) {
        return edit(p -> p.editOrNewStatus().withNominatedNodeName(nodeName).endStatus());
    }

    private TestPod container(Consumer<ContainerBuilder> change) {
        return edit(p -> {
            ContainerBuilder container =
                    new ContainerBuilder(p.buildSpec().getContainers().get(0));
            change.accept(container);
            p.editSpec().setToContainers(0, container.build()).endSpec();
        });
    }

    /** With whatever else. */
    public TestPod edit(Consumer<PodBuilder> change) {
        change.accept(pod);
        return this;
    }

    /** The pod as it is now. */
    public Pod build() {
        return pod.build();
    }
}
