package dev.amphora.controller.deployment;

import static dev.amphora.controller.deployment.DeploymentConditions.PAUSED;
import static dev.amphora.controller.deployment.DeploymentConditions.PROGRESSING;
import static dev.amphora.controller.deployment.DeploymentConditions.TIMED_OUT;

import dev.amphora.api.Selector;
import dev.amphora.client.OwnerReferences;
import dev.amphora.controller.Pods;
import dev.amphora.controller.TemplateHash;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentCondition;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Decides what one look at a Deployment leads to. It works on copies of what it is given, as if each step succeeded, and hands
 * back the steps; whoever carries them out stops at the first that fails and looks again.
 */
final class DeploymentPlanner {

    /** One step. */
    sealed interface Step permits CreateSet, UpdateSet, DeleteSet, UpdateStatus, UpdateDeployment, Tell {}

    /** Make a new set. */
    record CreateSet(ReplicaSet set) implements Step {}

    /** Replace a set. */
    record UpdateSet(ReplicaSet set) implements Step {}

    /** Delete a set that history no longer needs. */
    record DeleteSet(ReplicaSet set) implements Step {}

    /** Replace the status, and the annotations that go with it. */
    record UpdateStatus(Deployment deployment) implements Step {}

    /** Replace the Deployment itself. */
    record UpdateDeployment(Deployment deployment) implements Step {}

    /** Record an event. */
    record Tell(String type, String reason, String message) implements Step {}

    /**
     * The outcome of one look.
     *
     * @param steps in order
     * @param again when to look again even if nothing changes; null for never
     */
    record Plan(List<Step> steps, @Nullable Duration again) {}

    private final Function<ReplicaSet, List<Pod>> podsOf;
    private final Instant now;
    private final List<Step> steps = new ArrayList<>();
    private final List<ReplicaSet> sets;
    private Deployment deployment;
    /** Whether this look ends a pause: the reference then loses the note that a set was made, and never writes it. */
    private boolean resumed;

    private @Nullable Duration again;

    // set by findSets
    private @Nullable ReplicaSet newSet;
    private List<ReplicaSet> oldSets = new ArrayList<>();

    private DeploymentPlanner(
            Deployment deployment, List<ReplicaSet> sets, Function<ReplicaSet, List<Pod>> podsOf, Instant now) {
        this.deployment = deployment;
        this.sets = new ArrayList<>(sets);
        this.sets.sort(RolloutMath.OLDEST_FIRST);
        this.podsOf = podsOf;
        this.now = now;
    }

    /**
     * Plans.
     *
     * @param deployment the Deployment
     * @param sets the ReplicaSets that it controls
     * @param podsOf the pods that a set controls
     */
    static Plan plan(
            Deployment deployment, List<ReplicaSet> sets, Function<ReplicaSet, List<Pod>> podsOf, Instant now) {
        DeploymentPlanner planner = new DeploymentPlanner(deployment, sets, podsOf, now);
        planner.look();
        return new Plan(planner.steps, planner.again);
    }

    private void look() {
        if (Selector.of(deployment.getSpec().getSelector()).isEverything()) {
            tell("Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
            observe();
            return;
        }
        if (Pods.isTerminating(deployment)) {
            findSets(false);
            writeStatus(count());
            return;
        }
        notePause();
        if (isPaused()) {
            scaleOnly();
        } else if (rollbackRevision() != null) {
            rollBack(rollbackRevision());
        } else if (isScaled()) {
            scaleOnly();
        } else if (RolloutMath.isRolling(deployment)) {
            roll();
        } else {
            recreate();
        }
    }

    private boolean isPaused() {
        return Boolean.TRUE.equals(deployment.getSpec().getPaused());
    }

    private void observe() {
        DeploymentStatus status = DeploymentConditions.status(deployment);
        Long generation = deployment.getMetadata().getGeneration();
        if (!Objects.equals(status.getObservedGeneration(), generation)) {
            DeploymentStatus next =
                    status.edit().withObservedGeneration(generation).build();
            writeStatus(next);
        }
    }

    // -- the ways to go ----------------------------------------------------------------------------------------------

    private void roll() {
        ReplicaSet target = findSets(true);
        boolean scaledUp;
        int present = RolloutMath.replicas(target);
        int wanted = RolloutMath.replicas(deployment);
        if (present > wanted) {
            scaledUp = scale(target, wanted);
        } else {
            scaledUp = present < wanted
                    && scale(target, RolloutMath.newSetSize(deployment, present, RolloutMath.replicas(all())));
        }
        boolean scaledDown = false;
        if (!scaledUp) {
            for (RolloutMath.Sizing sizing : RolloutMath.oldSetSizes(deployment, newSetOr(target), activeOld())) {
                scaledDown |= scale(sizing.set(), sizing.size());
            }
        }
        if (!scaledUp && !scaledDown) {
            cleanUpIfComplete();
        }
        writeProgress();
    }

    private void recreate() {
        findSets(false);
        boolean scaledDown = false;
        for (ReplicaSet set : activeOld()) {
            scaledDown |= scale(set, 0);
        }
        if (scaledDown || oldPodsRun()) {
            writeProgress();
            return;
        }
        ReplicaSet target = findSets(true);
        if (RolloutMath.replicas(target) != RolloutMath.replicas(deployment)) {
            scale(target, RolloutMath.replicas(deployment));
        }
        cleanUpIfComplete();
        writeProgress();
    }

    private boolean oldPodsRun() {
        for (ReplicaSet set : oldSets) {
            for (Pod pod : podsOf.apply(set)) {
                if (!Pods.isTerminal(pod)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The size changed, or the rollout is paused: no rollout, but the sets that there are get their shares. */
    private void scaleOnly() {
        findSets(false);
        scaleSets();
        if (isPaused() && rollbackRevision() == null) {
            cleanUp();
        }
        writeStatus(count());
    }

    private boolean isScaled() {
        findSets(false);
        for (ReplicaSet set : RolloutMath.active(all())) {
            int desired = Revisions.desiredReplicas(set);
            if (desired >= 0 && desired != RolloutMath.replicas(deployment)) {
                return true;
            }
        }
        return false;
    }

    private void scaleSets() {
        ReplicaSet only = activeOrLatest();
        if (only != null) {
            int wanted = RolloutMath.replicas(deployment);
            if (RolloutMath.replicas(only) != wanted) {
                scale(only, wanted);
            }
            return;
        }
        if (newSet != null && isSaturated(newSet)) {
            for (ReplicaSet set : activeOld()) {
                scale(set, 0);
            }
            return;
        }
        if (RolloutMath.isRolling(deployment)) {
            for (RolloutMath.Sizing sizing : RolloutMath.proportional(deployment, RolloutMath.active(all()))) {
                scale(sizing.set(), sizing.size());
            }
        }
    }

    /** The one set that has replicas; if none has, the new one or the latest; null if several have. */
    private @Nullable ReplicaSet activeOrLatest() {
        List<ReplicaSet> active = RolloutMath.active(all());
        if (active.size() > 1) {
            return null;
        }
        if (active.size() == 1) {
            return active.get(0);
        }
        if (newSet != null) {
            return newSet;
        }
        return oldSets.stream().max(RolloutMath.OLDEST_FIRST).orElse(null);
    }

    private boolean isSaturated(ReplicaSet set) {
        int wanted = RolloutMath.replicas(deployment);
        return RolloutMath.replicas(set) == wanted
                && Revisions.desiredReplicas(set) == wanted
                && RolloutMath.available(set) == wanted;
    }

    private @Nullable Long rollbackRevision() {
        String text = Revisions.annotations(deployment).get(Revisions.ROLLBACK);
        if (text == null) {
            return null;
        }
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private void rollBack(@Nullable Long requested) {
        findSets(true);
        long revision = requested == null || requested == 0 ? Revisions.last(all()) : requested;
        ReplicaSet target = revision == 0
                ? null
                : all().stream()
                        .filter(set -> Revisions.revision(set) == revision)
                        .findFirst()
                        .orElse(null);
        String name = deployment.getMetadata().getName();
        if (target == null) {
            steps.add(new UpdateDeployment(cleared(deployment, Revisions.annotations(deployment))));
            tell(
                    "Warning",
                    "DeploymentRollbackRevisionNotFound",
                    revision == 0 ? "Unable to find last revision." : "Unable to find the revision to rollback to.");
            return;
        }
        PodTemplateSpec template = target.getSpec().getTemplate();
        if (Revisions.sameTemplate(deployment.getSpec().getTemplate(), template)) {
            steps.add(new UpdateDeployment(cleared(deployment, Revisions.annotations(deployment))));
            tell(
                    "Warning",
                    "DeploymentRollbackTemplateUnchanged",
                    "The rollback revision contains the same template as current deployment \"" + name + "\"");
            return;
        }
        steps.add(new UpdateDeployment(
                new DeploymentBuilder(cleared(deployment, Revisions.rolledBack(deployment, target)))
                        .editSpec()
                        .withTemplate(withLabels(
                                template,
                                Revisions.withoutHash(
                                        template.getMetadata() == null
                                                ? null
                                                : template.getMetadata().getLabels())))
                        .endSpec()
                        .build()));
        tell("Normal", "DeploymentRollback", "Rolled back deployment \"%s\" to revision %d".formatted(name, revision));
    }

    private static Deployment cleared(Deployment deployment, Map<String, String> annotations) {
        Map<String, String> rest = new LinkedHashMap<>(annotations);
        rest.remove(Revisions.ROLLBACK);
        return new DeploymentBuilder(deployment)
                .editMetadata()
                .withAnnotations(rest)
                .endMetadata()
                .build();
    }

    // -- sets --------------------------------------------------------------------------------------------------------

    private List<ReplicaSet> all() {
        List<ReplicaSet> all = new ArrayList<>(oldSets);
        if (newSet != null) {
            all.add(newSet);
        }
        return all;
    }

    private List<ReplicaSet> activeOld() {
        return RolloutMath.active(oldSets);
    }

    private ReplicaSet newSetOr(ReplicaSet fallback) {
        return newSet == null ? fallback : newSet;
    }

    /**
     * Tells the new set, the one with the Deployment's template, from the old ones, and keeps its revision current.
     *
     * @param create whether to make the new set if there is none
     * @return the new set; meaningful only with {@code create}
     */
    private ReplicaSet findSets(boolean create) {
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
            status = DeploymentConditions.with(
                    status,
                    DeploymentConditions.of(
                            PROGRESSING,
                            "True",
                            "FoundNewReplicaSet",
                            "Found new replica set \"" + set.getMetadata().getName() + "\"",
                            now));
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
            status = DeploymentConditions.with(
                    status,
                    DeploymentConditions.of(
                            PROGRESSING,
                            "True",
                            "NewReplicaSetCreated",
                            "Created new replica set \"" + set.getMetadata().getName() + "\"",
                            now));
        }
        writeRevision(annotations.get(Revisions.REVISION), status);
        return set;
    }

    private static PodTemplateSpec withLabels(PodTemplateSpec template, Map<String, String> labels) {
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
    private boolean scale(ReplicaSet set, int size) {
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

    private void cleanUpIfComplete() {
        if (DeploymentConditions.isComplete(deployment, DeploymentConditions.status(deployment))) {
            cleanUp();
        }
    }

    private void cleanUp() {
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

    // -- status ------------------------------------------------------------------------------------------------------

    private DeploymentStatus count() {
        return DeploymentConditions.count(deployment, all(), newSet, now);
    }

    private void notePause() {
        if (!DeploymentConditions.hasDeadline(deployment)) {
            return;
        }
        DeploymentStatus status = DeploymentConditions.status(deployment);
        DeploymentCondition condition = DeploymentConditions.get(status, PROGRESSING);
        if (condition != null && TIMED_OUT.equals(condition.getReason())) {
            return;
        }
        boolean noted = condition != null && PAUSED.equals(condition.getReason());
        if (isPaused() == noted) {
            return;
        }
        resumed = !isPaused();
        writeStatus(DeploymentConditions.with(
                status,
                isPaused()
                        ? DeploymentConditions.of(PROGRESSING, "Unknown", PAUSED, "Deployment is paused", now)
                        : DeploymentConditions.of(
                                PROGRESSING, "Unknown", "DeploymentResumed", "Deployment is resumed", now)));
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

    private void writeStatus(DeploymentStatus status) {
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

    /** The status at the end of a step of a rollout, with how far it has come. */
    private void writeProgress() {
        DeploymentStatus before = DeploymentConditions.status(deployment);
        DeploymentStatus status = count();
        boolean hasDeadline = DeploymentConditions.hasDeadline(deployment);
        if (!hasDeadline) {
            status = DeploymentConditions.without(status, PROGRESSING);
        }
        DeploymentCondition current = DeploymentConditions.get(before, PROGRESSING);
        boolean known = DeploymentConditions.number(status.getReplicas())
                        == DeploymentConditions.number(status.getUpdatedReplicas())
                && current != null
                && DeploymentConditions.NEW_SET_AVAILABLE.equals(current.getReason());
        if (hasDeadline && !known) {
            status = progressed(before, status, current);
        }
        DeploymentCondition failure = DeploymentConditions.failure(all(), newSet);
        status = failure == null
                ? DeploymentConditions.without(status, DeploymentConditions.REPLICA_FAILURE)
                : DeploymentConditions.with(status, failure);
        writeStatus(status);
        again = DeploymentConditions.untilDeadline(deployment, status, now);
    }

    private DeploymentStatus progressed(
            DeploymentStatus before, DeploymentStatus status, @Nullable DeploymentCondition current) {
        String subject = newSet == null
                ? "Deployment \"" + deployment.getMetadata().getName() + "\""
                : "ReplicaSet \"" + newSet.getMetadata().getName() + "\"";
        if (DeploymentConditions.isComplete(deployment, status)) {
            return DeploymentConditions.with(
                    status,
                    DeploymentConditions.of(
                            PROGRESSING,
                            "True",
                            DeploymentConditions.NEW_SET_AVAILABLE,
                            subject + " has successfully progressed.",
                            now));
        }
        if (DeploymentConditions.isProgress(before, status)) {
            DeploymentCondition condition = DeploymentConditions.of(
                    PROGRESSING, "True", "ReplicaSetUpdated", subject + " is progressing.", now);
            if (current != null && "True".equals(current.getStatus())) {
                condition.setLastTransitionTime(current.getLastTransitionTime());
            }
            return DeploymentConditions.with(DeploymentConditions.without(status, PROGRESSING), condition);
        }
        if (DeploymentConditions.isTimedOut(deployment, status, now)) {
            return DeploymentConditions.with(
                    status,
                    DeploymentConditions.of(
                            PROGRESSING, "False", TIMED_OUT, subject + " has timed out progressing.", now));
        }
        return status;
    }

    private void tell(String type, String reason, String message) {
        steps.add(new Tell(type, reason, message));
    }
}
