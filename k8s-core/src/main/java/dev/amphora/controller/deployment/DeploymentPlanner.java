package dev.amphora.controller.deployment;

import static dev.amphora.controller.deployment.DeploymentConditions.PAUSED;
import static dev.amphora.controller.deployment.DeploymentConditions.PROGRESSING;
import static dev.amphora.controller.deployment.DeploymentConditions.TIMED_OUT;

import dev.amphora.api.Selector;
import dev.amphora.controller.Pods;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentCondition;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Decides what one look at a Deployment leads to: which way to go, and how far. It works on a {@linkplain DeploymentDraft draft} of what it
 * is given, as if each step succeeded, and hands back the steps; whoever carries them out stops at the first that fails and looks again.
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
    private final DeploymentDraft draft;
    private @Nullable Duration again;

    private DeploymentPlanner(
            Deployment deployment, List<ReplicaSet> sets, Function<ReplicaSet, List<Pod>> podsOf, Instant now) {
        this.draft = new DeploymentDraft(deployment, sets, now);
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
        return new Plan(planner.draft.steps(), planner.again);
    }

    private void look() {
        if (Selector.of(draft.deployment().getSpec().getSelector()).isEverything()) {
            draft.tell(
                    "Warning",
                    "SelectingAll",
                    "This deployment is selecting all pods. A non-empty selector is required.");
            observe();
            return;
        }
        if (Pods.isTerminating(draft.deployment())) {
            draft.find(false);
            draft.writeStatus(count());
            return;
        }
        notePause();
        if (isPaused()) {
            scaleOnly();
        } else if (rollbackRevision() != null) {
            rollBack(rollbackRevision());
        } else if (isScaled()) {
            scaleOnly();
        } else if (RolloutMath.isRolling(draft.deployment())) {
            roll();
        } else {
            recreate();
        }
    }

    private boolean isPaused() {
        return Boolean.TRUE.equals(draft.deployment().getSpec().getPaused());
    }

    private void observe() {
        DeploymentStatus status = DeploymentConditions.status(draft.deployment());
        Long generation = draft.deployment().getMetadata().getGeneration();
        if (!Objects.equals(status.getObservedGeneration(), generation)) {
            DeploymentStatus next =
                    status.edit().withObservedGeneration(generation).build();
            draft.writeStatus(next);
        }
    }

    // -- the ways to go ----------------------------------------------------------------------------------------------

    private void roll() {
        ReplicaSet target = draft.find(true);
        boolean scaledUp;
        int present = RolloutMath.replicas(target);
        int wanted = RolloutMath.replicas(draft.deployment());
        if (present > wanted) {
            scaledUp = draft.scale(target, wanted);
        } else {
            scaledUp = present < wanted
                    && draft.scale(
                            target,
                            RolloutMath.newSetSize(draft.deployment(), present, RolloutMath.replicas(draft.all())));
        }
        boolean scaledDown = false;
        if (!scaledUp) {
            for (RolloutMath.Sizing sizing :
                    RolloutMath.oldSetSizes(draft.deployment(), draft.newSetOr(target), draft.activeOld())) {
                scaledDown |= draft.scale(sizing.set(), sizing.size());
            }
        }
        if (!scaledUp && !scaledDown) {
            cleanUpIfComplete();
        }
        writeProgress();
    }

    private void recreate() {
        draft.find(false);
        boolean scaledDown = false;
        for (ReplicaSet set : draft.activeOld()) {
            scaledDown |= draft.scale(set, 0);
        }
        if (scaledDown || oldPodsRun()) {
            writeProgress();
            return;
        }
        ReplicaSet target = draft.find(true);
        if (RolloutMath.replicas(target) != RolloutMath.replicas(draft.deployment())) {
            draft.scale(target, RolloutMath.replicas(draft.deployment()));
        }
        cleanUpIfComplete();
        writeProgress();
    }

    private boolean oldPodsRun() {
        for (ReplicaSet set : draft.oldSets()) {
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
        draft.find(false);
        scaleSets();
        if (isPaused() && rollbackRevision() == null) {
            draft.deleteSurplus();
        }
        draft.writeStatus(count());
    }

    private boolean isScaled() {
        draft.find(false);
        for (ReplicaSet set : RolloutMath.active(draft.all())) {
            int desired = Revisions.desiredReplicas(set);
            if (desired >= 0 && desired != RolloutMath.replicas(draft.deployment())) {
                return true;
            }
        }
        return false;
    }

    private void scaleSets() {
        ReplicaSet only = activeOrLatest();
        if (only != null) {
            int wanted = RolloutMath.replicas(draft.deployment());
            if (RolloutMath.replicas(only) != wanted) {
                draft.scale(only, wanted);
            }
            return;
        }
        if (draft.newSet() != null && isSaturated(draft.newSet())) {
            for (ReplicaSet set : draft.activeOld()) {
                draft.scale(set, 0);
            }
            return;
        }
        if (RolloutMath.isRolling(draft.deployment())) {
            for (RolloutMath.Sizing sizing :
                    RolloutMath.proportional(draft.deployment(), RolloutMath.active(draft.all()))) {
                draft.scale(sizing.set(), sizing.size());
            }
        }
    }

    /** The one set that has replicas; if none has, the new one or the latest; null if several have. */
    private @Nullable ReplicaSet activeOrLatest() {
        List<ReplicaSet> active = RolloutMath.active(draft.all());
        if (active.size() > 1) {
            return null;
        }
        if (active.size() == 1) {
            return active.get(0);
        }
        if (draft.newSet() != null) {
            return draft.newSet();
        }
        return draft.oldSets().stream().max(RolloutMath.OLDEST_FIRST).orElse(null);
    }

    private boolean isSaturated(ReplicaSet set) {
        int wanted = RolloutMath.replicas(draft.deployment());
        return RolloutMath.replicas(set) == wanted
                && Revisions.desiredReplicas(set) == wanted
                && RolloutMath.available(set) == wanted;
    }

    private @Nullable Long rollbackRevision() {
        String text = Revisions.annotations(draft.deployment()).get(Revisions.ROLLBACK);
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
        draft.find(true);
        long revision = requested == null || requested == 0 ? Revisions.last(draft.all()) : requested;
        ReplicaSet target = revision == 0
                ? null
                : draft.all().stream()
                        .filter(set -> Revisions.revision(set) == revision)
                        .findFirst()
                        .orElse(null);
        String name = draft.deployment().getMetadata().getName();
        if (target == null) {
            draft.replace(cleared(draft.deployment(), Revisions.annotations(draft.deployment())));
            draft.tell(
                    "Warning",
                    "DeploymentRollbackRevisionNotFound",
                    revision == 0 ? "Unable to find last revision." : "Unable to find the revision to rollback to.");
            return;
        }
        PodTemplateSpec template = target.getSpec().getTemplate();
        if (Revisions.sameTemplate(draft.deployment().getSpec().getTemplate(), template)) {
            draft.replace(cleared(draft.deployment(), Revisions.annotations(draft.deployment())));
            draft.tell(
                    "Warning",
                    "DeploymentRollbackTemplateUnchanged",
                    "The rollback revision contains the same template as current deployment \"" + name + "\"");
            return;
        }
        draft.replace(
                new DeploymentBuilder(cleared(draft.deployment(), Revisions.rolledBack(draft.deployment(), target)))
                        .editSpec()
                        .withTemplate(DeploymentDraft.withLabels(
                                template,
                                Revisions.withoutHash(
                                        template.getMetadata() == null
                                                ? null
                                                : template.getMetadata().getLabels())))
                        .endSpec()
                        .build());
        draft.tell(
                "Normal",
                "DeploymentRollback",
                "Rolled back deployment \"%s\" to revision %d".formatted(name, revision));
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

    private void cleanUpIfComplete() {
        if (DeploymentConditions.isComplete(draft.deployment(), DeploymentConditions.status(draft.deployment()))) {
            draft.deleteSurplus();
        }
    }

    // -- status ------------------------------------------------------------------------------------------------------

    private DeploymentStatus count() {
        return DeploymentConditions.count(draft.deployment(), draft.all(), draft.newSet(), now);
    }

    private void notePause() {
        if (!DeploymentConditions.hasDeadline(draft.deployment())) {
            return;
        }
        DeploymentStatus status = DeploymentConditions.status(draft.deployment());
        DeploymentCondition condition = DeploymentConditions.get(status, PROGRESSING);
        if (condition != null && TIMED_OUT.equals(condition.getReason())) {
            return;
        }
        boolean noted = condition != null && PAUSED.equals(condition.getReason());
        if (isPaused() == noted) {
            return;
        }
        if (!isPaused()) {
            draft.resume();
        }
        draft.writeStatus(DeploymentConditions.with(
                status,
                isPaused()
                        ? DeploymentConditions.of(PROGRESSING, "Unknown", PAUSED, "Deployment is paused", now)
                        : DeploymentConditions.of(
                                PROGRESSING, "Unknown", "DeploymentResumed", "Deployment is resumed", now)));
    }

    /** The status at the end of a step of a rollout, with how far it has come. */
    private void writeProgress() {
        DeploymentStatus before = DeploymentConditions.status(draft.deployment());
        DeploymentStatus status = count();
        boolean hasDeadline = DeploymentConditions.hasDeadline(draft.deployment());
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
        DeploymentCondition failure = DeploymentConditions.failure(draft.all(), draft.newSet());
        status = failure == null
                ? DeploymentConditions.without(status, DeploymentConditions.REPLICA_FAILURE)
                : DeploymentConditions.with(status, failure);
        draft.writeStatus(status);
        again = DeploymentConditions.untilDeadline(draft.deployment(), status, now);
    }

    private DeploymentStatus progressed(
            DeploymentStatus before, DeploymentStatus status, @Nullable DeploymentCondition current) {
        String subject = draft.newSet() == null
                ? "Deployment \"" + draft.deployment().getMetadata().getName() + "\""
                : "ReplicaSet \"" + draft.newSet().getMetadata().getName() + "\"";
        if (DeploymentConditions.isComplete(draft.deployment(), status)) {
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
        if (DeploymentConditions.isTimedOut(draft.deployment(), status, now)) {
            return DeploymentConditions.with(
                    status,
                    DeploymentConditions.of(
                            PROGRESSING, "False", TIMED_OUT, subject + " has timed out progressing.", now));
        }
        return status;
    }
}
