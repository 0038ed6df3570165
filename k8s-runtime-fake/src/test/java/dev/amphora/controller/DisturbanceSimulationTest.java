package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.amphora.tck.Disturbance;
import dev.amphora.tck.DisturbedControllers;
import dev.amphora.tck.Rivals;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Controllers that crash, meet conflicts and come back end where undisturbed ones do, and of several only the leader writes. More seeds
 * than the build's share run with {@code -Dsimulation.seeds=1000}, other ones from
 * {@code -Dsimulation.first=86} on, some stories alone with {@code -Dsimulation.story=rollout,ordered}.
 */
class DisturbanceSimulationTest {
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 2);
    private static final int FIRST = Integer.getInteger("simulation.first", 1);
    private static final Set<String> ONLY =
            Set.copyOf(Splitter.on(',').omitEmptyStrings().splitToList(System.getProperty("simulation.story", "")));
    private static final Duration MINUTE = Duration.ofMinutes(1);
    /** What lasts longer is played with leases that last longer too. */
    private static final Duration AGE = Duration.ofMinutes(20);

    private static final Map<String, End> UNDISTURBED = new HashMap<>();

    private record End(List<String> state, int writes, int mostPerMinute, List<DisturbedControllers.Write> journal) {}

    static Stream<ControllerStory> stories() {
        return ClusterStories.andAllOthers().filter(story -> ONLY.isEmpty() || ONLY.contains(story.name()));
    }

    private static End played(ControllerStory story, long seed, Disturbance disturbance) {
        try (DisturbedWorld there = new DisturbedWorld(seed);
                DisturbedControllers controllers = there.disturb(story.controllers(), disturbance)) {
            story.play(there.world);
            if (!story.peace().isZero()) {
                controllers.peace();
                there.world.kernel.advance(story.peace());
            }
            assertThat(there.world.kernel.failures()).isEmpty();
            return new End(
                    story.end(there.world),
                    controllers.writes(),
                    controllers.mostWritesWithin(MINUTE),
                    controllers.journal());
        }
    }

    private static End undisturbed(ControllerStory story) {
        return UNDISTURBED.computeIfAbsent(story.name(), name -> played(story, 1, Disturbance.none()));
    }

    /** Says what a long run has come to. */
    private static void report(String text, Object... values) {
        if (SEEDS > 2) {
            System.out.printf(text + "%n", values);
        }
    }

    @Test
    @DisplayName("There is a story of every controller that there is")
    void noControllerIsLeftOut() {
        List<String> told = ClusterStories.andAllOthers()
                .flatMap(story -> Splitter.on(',').splitToStream(story.controllers()))
                .toList();
        assertThat(told).containsAll(new Controllers(List::of, () -> "").names());
    }

    @ParameterizedTest
    @MethodSource("stories")
    @DisplayName("JOB-4: a crash after any write leaves nothing behind that a successor doesn't mend")
    void endsAlikeWhereverItCrashes(ControllerStory story) {
        End undisturbed = undisturbed(story);
        assertThat(undisturbed.writes).isPositive().isLessThan(200);
        for (int after = 1; after <= undisturbed.writes; after++) {
            assertThat(played(story, 1, Disturbance.none().withCrashAfter(after)).state)
                    .as("%s crashes after write %d of %d", story, after, undisturbed.writes)
                    .isEqualTo(undisturbed.state);
        }
        report("%s: crashed after each of %d writes", story, undisturbed.writes);
    }

    @ParameterizedTest
    @MethodSource("stories")
    @DisplayName("MACH-1, MACH-3: conflicts and any order of events lead to the same end, without a hot loop")
    void endsAlikeUnderConflicts(ControllerStory story) {
        End undisturbed = undisturbed(story);
        List<Long> others = new ArrayList<>();
        End other = undisturbed;
        int writes = 0;
        int most = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            End end =
                    played(story, seed, story.disturbance().withCrashAfter((int) (seed * 7 % undisturbed.writes) + 1));
            writes += end.writes;
            most = Math.max(most, end.mostPerMinute);
            if (!end.state.equals(undisturbed.state)) {
                others.add(seed);
                other = end;
            }
        }
        report(
                "%s: %d seeds, %d ended otherwise %s; %d writes, at most %d in a minute, undisturbed %d",
                story, SEEDS, others.size(), others, writes, most, undisturbed.writes);
        assertThat(other.state)
                .as("%s, seeds %s; the last one's writes: %s", story, others, other.journal)
                .isEqualTo(undisturbed.state);
        assertThat(most).as("most writes of %s in a minute", story).isLessThanOrEqualTo(4 * undisturbed.writes + 20);
    }

    @Test
    @DisplayName(
            "CJ-1: who hears of a suspension too late starts the Job of one minute more, but that of no minute twice")
    void aLateSuspensionCostsNoMoreThanAMinute() {
        ControllerStory story = ClusterStories.andAllOthers()
                .filter(each -> each.name().equals("every five minutes"))
                .findFirst()
                .orElseThrow();
        Set<List<String>> ends = new HashSet<>();
        for (long seed = 1; seed <= 6; seed++) {
            try (DisturbedWorld there = new DisturbedWorld(seed);
                    DisturbedControllers controllers = there.disturb(
                            story.controllers(), story.disturbance().withCrashAfter((int) seed))) {
                story.begin().accept(there.world);
                there.world.kernel.advance(Duration.ofSeconds(596));
                story.then().accept(there.world); // four seconds before the second start
                there.world.kernel.advance(MINUTE.multipliedBy(2));
                assertThat(controllers.crashes()).isEqualTo(1);
                ends.add(there.world.list(Job.class).stream()
                        .map(job -> job.getMetadata().getName())
                        .toList());
            }
        }
        // 2026-01-01T00:05Z and, where the suspension came late, 00:10Z
        assertThat(ends).containsExactlyInAnyOrder(List.of("tick-29453765"), List.of("tick-29453765", "tick-29453770"));
    }

    @ParameterizedTest
    @MethodSource("stories")
    @DisplayName("Of two instances only the one that leads writes, whatever becomes of their machines and lines")
    void onlyTheLeaderWrites(ControllerStory story) {
        int writes = 0;
        int turns = 0;
        Map<Long, String> violations = new TreeMap<>();
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            try (DisturbedWorld there = new DisturbedWorld(seed);
                    Rivals rivals = there.rivals(story.controllers())
                            .slowly(Math.toIntExact(story.pause().dividedBy(AGE) + 1))
                            .start(2)) {
                rivals.trouble();
                story.play(there.world);
                rivals.peace();
                there.world.kernel.advance(MINUTE.plus(story.pause().dividedBy(5)));
                // Lines go on to fail now and then, so that at any one moment nobody may lead.
                if (!there.world.kernel.runUntil(() -> rivals.leaders() == 1, AGE)) {
                    violations.put(seed, rivals.leaders() + " lead in the end");
                }
                if (!rivals.violations().isEmpty()
                        || !there.world.kernel.failures().isEmpty()) {
                    violations.put(seed, rivals.violations() + " " + there.world.kernel.failures());
                }
                writes += rivals.writes();
                turns += rivals.turns();
            }
        }
        report(
                "%s: two instances, %d seeds, %d writes, %d times by another, %d violations %s",
                story, SEEDS, writes, turns, violations.size(), violations.keySet());
        assertThat(violations).as("seeds of %s", story).isEmpty();
        assertThat(writes).as("writes of %s", story).isPositive();
    }
}
