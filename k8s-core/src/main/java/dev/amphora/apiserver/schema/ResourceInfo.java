package dev.amphora.apiserver.schema;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Optional;

/**
 * One resource as discovery lists it: the names under which a kind is served, and what can be done with it.
 *
 * @param group API group; empty for the core group
 * @param version version within the group, such as {@code v1}
 * @param kind kind of one object, such as {@code Pod}
 * @param listKind kind of a list of these objects, such as {@code PodList}
 * @param plural name in paths, such as {@code pods}
 * @param singular lower-case name of one object; may be empty
 * @param namespaced whether objects live in namespaces
 * @param verbs what the resource itself supports, in the order discovery shows
 * @param shortNames abbreviations such as {@code po}
 * @param categories groups of resources such as {@code all}
 * @param subresources in the order discovery shows
 * @param storageVersionHash as discovery shows it; empty for what isn't stored
 */
public record ResourceInfo(
        String group,
        String version,
        String kind,
        String listKind,
        String plural,
        String singular,
        boolean namespaced,
        List<String> verbs,
        List<String> shortNames,
        List<String> categories,
        List<Subresource> subresources,
        Optional<String> storageVersionHash) {

    /** A resource whose lists are named after its kind. */
    public ResourceInfo(
            String group,
            String version,
            String kind,
            String plural,
            String singular,
            boolean namespaced,
            List<String> verbs,
            List<String> shortNames,
            List<String> categories,
            List<Subresource> subresources,
            Optional<String> storageVersionHash) {
        this(
                group,
                version,
                kind,
                kind + "List",
                plural,
                singular,
                namespaced,
                verbs,
                shortNames,
                categories,
                subresources,
                storageVersionHash);
    }

    /** Copies the lists. */
    public ResourceInfo {
        verbs = ImmutableList.copyOf(verbs);
        shortNames = ImmutableList.copyOf(shortNames);
        categories = ImmutableList.copyOf(categories);
        subresources = ImmutableList.copyOf(subresources);
    }

    /** The version as objects carry it: {@code v1}, {@code apps/v1}. */
    public String apiVersion() {
        return apiVersion(group, version);
    }

    /** The resource as error messages name it: {@code pods}, {@code deployments.apps}. */
    public String qualifiedName() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    /** Whether the resource supports a verb. */
    public boolean supports(String verb) {
        return verbs.contains(verb);
    }

    /** A subresource by its name, such as {@code status}. */
    public Optional<Subresource> subresource(String name) {
        for (Subresource each : subresources) {
            if (each.name().equals(name)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    static String apiVersion(String group, String version) {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /**
     * A subresource and the kind that it reads or takes.
     *
     * @param name last part of its path, such as {@code scale}
     * @param group API group of its kind
     * @param version version of its kind
     * @param kind kind of what it reads or takes
     * @param verbs what it supports
     */
    public record Subresource(String name, String group, String version, String kind, List<String> verbs) {

        /** Copies the list. */
        public Subresource {
            verbs = ImmutableList.copyOf(verbs);
        }

        /** The version as objects of this subresource carry it. */
        public String apiVersion() {
            return ResourceInfo.apiVersion(group, version);
        }
    }
}
