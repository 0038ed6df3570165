package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the scheduler's decision about a pod depends on in the pod itself: its namespace, labels, requests, host ports, tolerations, node
 * selector, affinities, spread constraints, images, controller, the scheduler and the node it names. Pods with equal signatures are alike (KEP-5598),
 * except for their claims and those volumes that are no images, for these are mostly their own: what follows from them is never taken from one pod to another.
 * Immutable.
 */
public final class PodSignature {
    private final String namespace;
    private final Map<String, String> labels;
    private final Resources requests;
    private final Resources scoredRequests;
    private final List<HostPort> hostPorts;
    private final List<Toleration> tolerations;
    private final Map<String, String> nodeSelector;
    private final @Nullable NodeAffinity nodeAffinity;
    private final List<List<AffinityTerm>> terms;
    private final List<TopologySpreadConstraint> spread;
    private final String nodeName;
    private final String schedulerName;
    private final List<String> images;
    private final @Nullable String controller;
    private final int hash;

    private PodSignature(PodInfo pod, List<String> images) {
        this.namespace = pod.namespace();
        this.labels = pod.labels();
        this.requests = pod.requests();
        this.scoredRequests = pod.scoredRequests();
        this.hostPorts = pod.hostPorts();
        this.tolerations = pod.tolerations();
        this.nodeSelector =
                pod.spec().getNodeSelector() == null ? Map.of() : pod.spec().getNodeSelector();
        this.nodeAffinity = pod.spec().getAffinity() == null
                ? null
                : pod.spec().getAffinity().getNodeAffinity();
        this.terms = List.of(
                pod.requiredAffinity(),
                pod.requiredAntiAffinity(),
                pod.preferredAffinity(),
                pod.preferredAntiAffinity());
        this.spread = pod.spec().getTopologySpreadConstraints();
        this.nodeName = pod.nodeName();
        this.schedulerName = pod.schedulerName();
        this.images = images;
        this.controller = controller(pod.pod());
        this.hash = Objects.hash(
                namespace, labels, requests, hostPorts, tolerations, nodeSelector, terms, spread, images, controller);
    }

    /** The signature of a pod; null if something about it can't be compared. */
    static @Nullable PodSignature of(PodInfo pod) {
        List<String> images = new ArrayList<>();
        for (Container container : pod.spec().getInitContainers()) {
            if (!container.getRestartPolicyRules().isEmpty()) {
                return null;
            }
            images.add(String.valueOf(container.getImage()));
        }
        for (Container container : pod.spec().getContainers()) {
            if (!container.getRestartPolicyRules().isEmpty()) {
                return null;
            }
            images.add(String.valueOf(container.getImage()));
        }
        for (Volume volume : pod.spec().getVolumes()) {
            if (volume.getImage() != null) {
                images.add("volume " + volume.getImage().getReference());
            }
        }
        return new PodSignature(pod, images);
    }

    private static @Nullable String controller(Pod pod) {
        for (OwnerReference owner : pod.getMetadata().getOwnerReferences()) {
            if (Boolean.TRUE.equals(owner.getController())) {
                return owner.getApiVersion() + "/" + owner.getKind() + "/" + owner.getName();
            }
        }
        return null;
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o == this
                || (o instanceof PodSignature other
                        && hash == other.hash
                        && namespace.equals(other.namespace)
                        && labels.equals(other.labels)
                        && requests.equals(other.requests)
                        && scoredRequests.equals(other.scoredRequests)
                        && hostPorts.equals(other.hostPorts)
                        && tolerations.equals(other.tolerations)
                        && nodeSelector.equals(other.nodeSelector)
                        && Objects.equals(nodeAffinity, other.nodeAffinity)
                        && terms.equals(other.terms)
                        && spread.equals(other.spread)
                        && nodeName.equals(other.nodeName)
                        && schedulerName.equals(other.schedulerName)
                        && images.equals(other.images)
                        && Objects.equals(controller, other.controller));
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
