package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A term of a pod's affinity or anti-affinity to other pods.
 *
 * @param namespaces of the other pods, by name
 * @param namespaceSelector of the other pods' namespaces, by label
 * @param selector of the other pods
 * @param topologyKey the node label whose value says what is near
 * @param weight from 1 to 100 for a preferred term, 0 for a required one
 */
public record AffinityTerm(
        Set<String> namespaces, LabelMatcher namespaceSelector, LabelMatcher selector, String topologyKey, int weight) {

    static AffinityTerm of(PodAffinityTerm term, String namespace, int weight) {
        List<String> named = term.getNamespaces();
        Set<String> namespaces = named == null || named.isEmpty()
                ? (term.getNamespaceSelector() == null ? Set.of(namespace) : Set.of())
                : new TreeSet<>(named);
        return new AffinityTerm(
                namespaces,
                LabelMatcher.of(term.getNamespaceSelector()),
                LabelMatcher.of(term.getLabelSelector()),
                term.getTopologyKey() == null ? "" : term.getTopologyKey(),
                weight);
    }

    /**
     * Whether the term means a pod.
     *
     * @param pod the other pod
     * @param namespaceLabels the labels of its namespace
     */
    public boolean matches(PodInfo pod, Map<String, String> namespaceLabels) {
        return (namespaces.contains(pod.namespace()) || namespaceSelector.matches(namespaceLabels))
                && selector.matches(pod.labels());
    }
}
