package dev.amphora.samples.conformance;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The search for the course that a recording shows, one of many that the controllers may take: how far each has come when the next call
 * arrives is chance. A scenario is played until it ends as recorded. What was tried for a step and led on as recorded is kept; if a step
 * can't be reached at any pace, the one before it is tried anew.
 */
final class ControllerCourse {
    /** How often the search begins anew. */
    private static final int ROUNDS = 3;

    /** How often a step is tried before the one before it is. */
    private static final int TRIES = 12;

    /** How often a scenario is played step by step. */
    private static final int MOST = 36;

    private final ControllerScenario scenario;
    private final long seed;
    private final SplittableRandom random;
    private final List<Turn> kept = new ArrayList<>();
    private @Nullable Outcome nearest;
    private int plays;

    /**
     * How a step is played.
     *
     * @param pace how fast everybody is
     * @param seed what follows from chance in it
     */
    record Turn(ControllerPace pace, long seed) {}

    /**
     * What came of a play.
     *
     * @param step the first one that went otherwise than recorded; the number of steps if that shows only at the end
     * @param differences what was otherwise in it
     */
    record Outcome(int step, List<String> differences) {
        boolean isAsRecorded() {
            return differences.isEmpty();
        }

        /** Whether this came further, or as far with fewer differences. */
        boolean isNearerThan(Outcome other) {
            return step == other.step ? differences.size() < other.differences.size() : step > other.step;
        }
    }

    /** @param seed what the order of concurrent work follows from */
    ControllerCourse(ControllerScenario scenario, long seed) {
        this.scenario = scenario;
        this.seed = seed;
        this.random = new SplittableRandom(seed);
    }

    /** What is otherwise than recorded at the place where no course leads further; nothing if one leads to the end. */
    List<String> differences() {
        for (int round = 0; round < ROUNDS; round++) {
            if (leadsToTheEnd()) {
                return List.of();
            }
        }
        return nearest == null ? List.of() : nearest.differences();
    }

    private boolean leadsToTheEnd() {
        kept.clear();
        List<Turn> furthest = List.of();
        for (ControllerPace pace : ControllerPace.likely()) {
            Turn turn = turn(pace);
            Outcome outcome = play(turn);
            if (outcome.isAsRecorded()) {
                return true;
            }
            if (outcome.step() > furthest.size()) {
                furthest = Collections.nCopies(
                        Math.min(outcome.step(), scenario.steps().size()), turn);
            }
        }
        kept.addAll(furthest);
        int tries = 0;
        for (int played = 0; played < MOST; played++) {
            Turn turn = turn(ControllerPace.next(random));
            Outcome outcome = play(turn);
            if (outcome.isAsRecorded()) {
                return true;
            }
            if (outcome.step() > kept.size()) {
                while (kept.size() < Math.min(outcome.step(), scenario.steps().size())) {
                    kept.add(turn);
                }
                tries = 0;
            } else if (++tries == TRIES) {
                tries = 0;
                if (!kept.isEmpty()) {
                    kept.remove(kept.size() - 1);
                }
            }
        }
        return false;
    }

    private Turn turn(ControllerPace pace) {
        return new Turn(pace, seed + plays++);
    }

    /** Plays the steps that are kept as before and all others as a turn says. */
    private Outcome play(Turn turn) {
        Outcome outcome = ControllerReplay.play(scenario, step -> step < kept.size() ? kept.get(step) : turn);
        if (nearest == null || outcome.isNearerThan(nearest)) {
            nearest = outcome;
        }
        return outcome;
    }
}
