package dev.amphora.apiserver.customresource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Optional;

/** A custom resource definition as it is stored, read once. Immutable; the tree it was read from must not change. */
public final class Definition {
    /** The group of definitions. */
    public static final String GROUP = "apiextensions.k8s.io";

    /** The plural of definitions. */
    public static final String PLURAL = "customresourcedefinitions";

    /** The finalizer that keeps a definition until its objects have gone. */
    public static final String CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

    private final ObjectNode tree;
    private final String name;
    private final String group;
    private final boolean namespaced;
    private final DefinedNames requested;
    private final DefinedNames accepted;
    private final ImmutableList<DefinedVersion> versions;

    private Definition(ObjectNode tree) {
        this.tree = tree;
        JsonNode spec = tree.path("spec");
        name = tree.path("metadata").path("name").asText();
        group = spec.path("group").asText();
        namespaced = spec.path("scope").asText().equals("Namespaced");
        requested = DefinedNames.of(spec.path("names"));
        accepted = DefinedNames.of(tree.path("status").path("acceptedNames"));
        ImmutableList.Builder<DefinedVersion> all = ImmutableList.builder();
        spec.path("versions").forEach(version -> all.add(new DefinedVersion(this, version)));
        versions = all.build();
    }

    /** Reads a definition. */
    public static Definition of(ObjectNode tree) {
        return new Definition(tree);
    }

    /** The definition itself. Read-only. */
    public ObjectNode tree() {
        return tree;
    }

    /** The object's name. */
    public String name() {
        return name;
    }

    /** The API group. */
    public String group() {
        return group;
    }

    /** Whether objects live in namespaces. */
    public boolean namespaced() {
        return namespaced;
    }

    /** The names asked for. */
    public DefinedNames requested() {
        return requested;
    }

    /** The names that are in use. */
    public DefinedNames accepted() {
        return accepted;
    }

    /** All versions in the definition's order. */
    public List<DefinedVersion> versions() {
        return versions;
    }

    /** A version by its name. */
    public Optional<DefinedVersion> version(String versionName) {
        return versions.stream()
                .filter(version -> version.name().equals(versionName))
                .findFirst();
    }

    /** The version in which objects are stored. */
    public DefinedVersion storage() {
        return versions.stream().filter(DefinedVersion::storage).findFirst().orElse(versions.get(0));
    }

    /** Whether the names were accepted once, so that objects are served from then on. */
    public boolean isEstablished() {
        return isTrue("Established");
    }

    /** Whether the definition and its objects are being deleted. */
    public boolean isTerminating() {
        return isTrue("Terminating");
    }

    /** Whether a deletion waits for the objects to go. */
    public boolean isBeingDeleted() {
        return tree.path("metadata").hasNonNull("deletionTimestamp");
    }

    /** Whether another definition's objects would be served differently. */
    public boolean servesLike(Definition other) {
        return describesLike(other)
                && isEstablished() == other.isEstablished()
                && isTerminating() == other.isTerminating();
    }

    /** Whether another definition has the same names and schemas. */
    public boolean describesLike(Definition other) {
        return tree.path("spec").equals(other.tree.path("spec")) && accepted.equals(other.accepted);
    }

    private boolean isTrue(String type) {
        return Conditions.isTrue(tree.path("status"), type);
    }
}
