package dev.amphora.controller.deployment;

import static dev.amphora.controller.deployment.DeploymentConditions.PROGRESSING;

import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.Pods;
import dev.amphora.controller.TemplateHash;
import dev.amphora.controller.deployment.DeploymentPlanner.CreateSet;
import dev.amphora.controller.deployment.DeploymentPlanner.DeleteSet;
import dev.amphora.controller.deployment.DeploymentPlanner.Step;
import dev.amphora.controller.deployment.DeploymentPlanner.Tell;
import dev.amphora.controller.deployment.DeploymentPlanner.UpdateDeployment;
import dev.amphora.controller.deployment.DeploymentPlanner.UpdateSet;
import dev.amphora.controller.deployment.DeploymentPlanner.UpdateStatus;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A Deployment and its sets as they become, step by step, and the steps that lead there. */
final class DeploymentDraft {
    private final Instant now;
    private final List<Step> steps = new ArrayList<>();
    private final List<ReplicaSet> sets;
    private Deployment deployment;
    private boolean resumed;

    // set by find
    private @Nullable ReplicaSet newSet;
    private List<ReplicaSet> oldSets = new ArrayList<>();

    /** @param sets the ReplicaSets that the Deployment controls */
    DeploymentDraft(Deployment deployment, List<ReplicaSet> sets, Instant now) {
        this.deployment = deployment;
        this.sets = new ArrayList<>(sets);
        this.sets.sort(RolloutMath.OLDEST_FIRST);
        this.now = now;
    }

    /** What has been done so far, in order. */
    List<Step> steps() {
        return steps;
    }

    Deployment deployment() {
        return deployment;
    }

    /** The set with the Deployment's template, as {@link #find} has found it; null if there is none. */
    @Nullable ReplicaSet newSet() {
        return newSet;
    }

    /** The other sets, as {@link #find} has found them. */
    List<ReplicaSet> oldSets() {
        return oldSets;
    }

    /** This look ends a pause: the reference then loses the note that a set was made, and never writes it. */
    void resume() {
        resumed = true;
    }

    /** Replaces the Deployment itself, which ends the look. */
    void replace(Deployment next) {
        steps.add(new UpdateDeployment(next));
    }

    List<ReplicaSet> all() {
        List<ReplicaSet> all = new ArrayList<>(oldSets);
        if (newSet != null) {
            all.add(newSet);
        }
        return all;
    }

    List<ReplicaSet> activeOld() {
        return RolloutMath.active(oldSets);
    }

    ReplicaSet newSetOr(ReplicaSet fallback) {
        return newSet == null ? fallback : newSet;
    }

    /**
     * Tells the new set, the one with the Deployment's template, from the old ones, and keeps its revision current.
     *
     * @param create whether to make the new set if there is none
     * @return the new set; meaningful only with {@code create}
     */
    ReplicaSet find(boolean create) {
        ReplicaSet found = null;
        oldSets = new ArrayList<>();
        for (ReplicaSet set : sets) {
            if (found == null
                    && Revisions.sameTemplate(
                            deployment.getSpec().getTemplate(), set.getSpec().getTemplate())) {
                found = set;
            } else {
                oldSets.add(set);
            }
        }
        newSet = found;
        long revision = Revisions.max(oldSets) + 1;
        if (found != null) {
            newSet = renewed(found, revision);
            return newSet;
        }
        if (!create) {
            return new ReplicaSet();
        }
        ReplicaSet made = made(revision);
        newSet = made;
        sets.add(made);
        return made;
    }

    private ReplicaSet renewed(ReplicaSet set, long revision) {
        Map<String, String> annotations = Revisions.forNewSet(deployment, Revisions.annotations(set), revision);
        Integer minReady = deployment.getSpec().getMinReadySeconds();
        boolean sameMinReady = DeploymentConditions.number(minReady)
                == DeploymentConditions.number(set.getSpec().getMinReadySeconds());
        ReplicaSet current = set;
        if (!sameMinReady || !annotations.equals(Revisions.annotations(set))) {
            current = new ReplicaSetBuilder(set)
                    .editMetadata()
                    .withAnnotations(annotations)
                    .endMetadata()
                    .editSpec()
                    .withMinReadySeconds(minReady)
                    .endSpec()
                    .build();
            replace(set, current);
            steps.add(new UpdateSet(current));
        }
        DeploymentStatus status = DeploymentConditions.status(deployment);
        if (DeploymentConditions.hasDeadline(deployment) && DeploymentConditions.get(status, PROGRESSING) == null) {
            status = progressing(status, "FoundNewReplicaSet", "Found new replica set", set);
        }
        writeRevision(annotations.get(Revisions.REVISION), status);
        return current;
    }

    private ReplicaSet made(long revision) {
        String name = deployment.getMetadata().getName();
        PodTemplateSpec template = deployment.getSpec().getTemplate();
        String hash = TemplateHash.of(
                template, DeploymentConditions.status(deployment).getCollisionCount());
        Map<String, String> labels = new LinkedHashMap<>();
        if (template.getMetadata() != null && template.getMetadata().getLabels() != null) {
            labels.putAll(template.getMetadata().getLabels());
        }
        labels.put(Revisions.HASH_LABEL, hash);
        int wanted = RolloutMath.replicas(deployment);
        int size = RolloutMath.newSetSize(deployment, 0, RolloutMath.replicas(oldSets));
        Map<String, String> annotations =
                Revisions.withSizes(Revisions.forNewSet(deployment, Map.of(), revision), wanted, maxReplicas());
        ReplicaSet set = new ReplicaSetBuilder()
                .withNewMetadata()
                .withName(name + "-" + hash)
                .withNamespace(deployment.getMetadata().getNamespace())
                .withLabels(labels)
                .withAnnotations(annotations)
                .withOwnerReferences(OwnerReferences.controlledBy(deployment))
                .endMetadata()
                .withNewSpec()
                .withReplicas(size)
                .withMinReadySeconds(deployment.getSpec().getMinReadySeconds())
                .withNewSelectorLike(deployment.getSpec().getSelector())
                .addToMatchLabels(Revisions.HASH_LABEL, hash)
                .endSelector()
                .withTemplate(withLabels(template, labels))
                .endSpec()
                .build();
        steps.add(new CreateSet(set));
        if (size > 0) {
            tell(
                    "Normal",
                    "ScalingReplicaSet",
                    "Scaled up replica set %s from 0 to %d"
                            .formatted(set.getMetadata().getName(), size));
        }
        DeploymentStatus status = DeploymentConditions.status(deployment);
        if (DeploymentConditions.hasDeadline(deployment) && !resumed) {
            status = progressing(status, "NewReplicaSetCreated", "Created new replica set", set);
        }
        writeRevision(annotations.get(Revisions.REVISION), status);
        return set;
    }

    private DeploymentStatus progressing(DeploymentStatus status, String reason, String what, ReplicaSet set) {
        String message = what + " \"" + set.getMetadata().getName() + "\"";
        return DeploymentConditions.with(status, DeploymentConditions.of(PROGRESSING, "True", reason, message, now));
    }

    static PodTemplateSpec withLabels(PodTemplateSpec template, Map<String, String> labels) {
        return new PodTemplateSpecBuilder(template)
                .editOrNewMetadata()
                .withLabels(labels)
                .endMetadata()
                .build();
    }

    private int maxReplicas() {
        return RolloutMath.replicas(deployment)
                + RolloutMath.Bounds.of(deployment).surge();
    }

    /** Gives a set a size and notes the Deployment's own on it; says whether anything had to change. */
    boolean scale(ReplicaSet set, int size) {
        int present = RolloutMath.replicas(set);
        int wanted = RolloutMath.replicas(deployment);
        boolean noted = Revisions.desiredReplicas(set) == wanted && Revisions.maxReplicas(set) == maxReplicas();
        if (present == size && noted) {
            return false;
        }
        ReplicaSet scaled = new ReplicaSetBuilder(set)
                .editMetadata()
                .withAnnotations(Revisions.withSizes(Revisions.annotations(set), wanted, maxReplicas()))
                .endMetadata()
                .editSpec()
                .withReplicas(size)
                .endSpec()
                .build();
        replace(set, scaled);
        steps.add(new UpdateSet(scaled));
        if (present != size) {
            tell(
                    "Normal",
                    "ScalingReplicaSet",
                    "Scaled %s replica set %s from %d to %d"
                            .formatted(
                                    present < size ? "up" : "down",
                                    set.getMetadata().getName(),
                                    present,
                                    size));
        }
        return true;
    }

    private void replace(ReplicaSet before, ReplicaSet after) {
        sets.replaceAll(set -> set == before ? after : set);
        oldSets.replaceAll(set -> set == before ? after : set);
        if (newSet == before) {
            newSet = after;
        }
    }

    /** Deletes the oldest sets that are more than history keeps. */
    void deleteSurplus() {
        Integer limit = deployment.getSpec().getRevisionHistoryLimit();
        if (limit == null || limit == Integer.MAX_VALUE) {
            return;
        }
        List<ReplicaSet> alive = new ArrayList<>(
                oldSets.stream().filter(set -> !Pods.isTerminating(set)).toList());
        alive.sort(Comparator.comparingLong((ReplicaSet set) -> Revisions.revision(set))
                .thenComparing(RolloutMath.OLDEST_FIRST));
        int surplus = alive.size() - limit;
        for (ReplicaSet set : alive.subList(0, Math.max(0, surplus))) {
            boolean settled = set.getStatus() != null
                    && DeploymentConditions.number(set.getStatus().getReplicas()) == 0
                    && RolloutMath.replicas(set) == 0
                    && set.getStatus().getObservedGeneration() != null
                    && set.getMetadata().getGeneration() != null
                    && set.getMetadata().getGeneration() <= set.getStatus().getObservedGeneration();
            if (settled) {
                steps.add(new DeleteSet(set));
            }
        }
    }

    private void writeRevision(@Nullable String revision, DeploymentStatus status) {
        Map<String, String> annotations = Revisions.annotations(deployment);
        if (revision != null && !revision.equals(annotations.get(Revisions.REVISION))) {
            Map<String, String> next = new LinkedHashMap<>(annotations);
            next.put(Revisions.REVISION, revision);
            deployment = new Deployment(
                    deployment.getApiVersion(),
                    deployment.getKind(),
                    deployment.getMetadata().edit().withAnnotations(next).build(),
                    deployment.getSpec(),
                    status);
            steps.add(new UpdateStatus(deployment));
        } else {
            writeStatus(status);
        }
    }

    void writeStatus(DeploymentStatus status) {
        if (status.equals(DeploymentConditions.status(deployment))) {
            return;
        }
        deployment = new Deployment(
                deployment.getApiVersion(),
                deployment.getKind(),
                deployment.getMetadata(),
                deployment.getSpec(),
                status);
        steps.add(new UpdateStatus(deployment));
    }

    void tell(String type, String reason, String message) {
        steps.add(new Tell(type, reason, message));
    }
}
