package dev.amphora.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.tck.Disturbance;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Controllers that crash, meet conflicts and come back end where undisturbed ones do. More seeds than the build's share run with
 * {@code -Dsimulation.seeds=1000}, one story alone with {@code -Dsimulation.story=rollout}.
 */
class DisturbanceSimulationTest {
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 5);
    private static final String ONLY = System.getProperty("simulation.story", "");
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static final Map<String, End> UNDISTURBED = new HashMap<>();

    private record End(List<String> state, int writes, int mostPerMinute) {}

    static Stream<ControllerStory> stories() {
        return Stream.concat(ControllerStory.ALL.stream(), StorageStories.ALL.stream())
                .filter(story -> ONLY.isEmpty() || story.name().equals(ONLY));
    }

    private static End played(ControllerStory story, long seed, Disturbance disturbance) {
        try (DisturbedWorld disturbed = new DisturbedWorld(seed, story.controllers(), disturbance)) {
            story.play(disturbed.world);
            assertThat(disturbed.world.kernel.failures()).isEmpty();
            return new End(
                    story.end(disturbed.world), disturbed.writes(), disturbed.controllers.mostWritesWithin(MINUTE));
        }
    }

    private static End undisturbed(ControllerStory story) {
        return UNDISTURBED.computeIfAbsent(story.name(), name -> played(story, 1, Disturbance.none()));
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
    }

    @ParameterizedTest
    @MethodSource("stories")
    @DisplayName("MACH-1, MACH-3: conflicts and any order of events lead to the same end, without a hot loop")
    void endsAlikeUnderConflicts(ControllerStory story) {
        End undisturbed = undisturbed(story);
        for (long seed = 1; seed <= SEEDS; seed++) {
            End end =
                    played(story, seed, story.disturbance().withCrashAfter((int) (seed * 7 % undisturbed.writes) + 1));
            assertThat(end.state).as("%s, seed %d", story, seed).isEqualTo(undisturbed.state);
            assertThat(end.mostPerMinute)
                    .as("most writes of %s in a minute, seed %d", story, seed)
                    .isLessThanOrEqualTo(4 * undisturbed.writes + 20);
        }
    }
}
