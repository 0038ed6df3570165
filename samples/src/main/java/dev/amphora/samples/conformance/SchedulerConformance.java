package dev.amphora.samples.conformance;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Replays recorded decisions of kube-scheduler. */
@Command(
        name = "scheduler",
        description = "Replay what kube-scheduler was recorded to decide and tell every difference.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class SchedulerConformance implements Callable<Integer> {
    @Mixin
    private final ReplayFlags flags = new ReplayFlags();

    @Override
    public Integer call() {
        return flags.run("scheduler", (files, results) -> {
            for (Path file : files) {
                SchedulerCases.replay(file, wanted(file, results.of(file, "scheduler")));
            }
        });
    }

    private Results wanted(Path file, Results all) {
        return new Results() {
            @Override
            public void replayed(String name, List<String> differences) {
                if (flags.wants(file, name)) {
                    all.replayed(name, differences);
                }
            }

            @Override
            public void skipped(String name, String reason) {
                if (flags.wants(file, name)) {
                    all.skipped(name, reason);
                }
            }
        };
    }
}
