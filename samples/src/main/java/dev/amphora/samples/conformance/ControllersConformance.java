package dev.amphora.samples.conformance;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Replays what controllers were recorded to do. */
@Command(
        name = "controllers",
        description = {
            "Replay recorded scenarios of controllers in simulated time and compare objects, writes and Events.",
            "Every scenario runs in a control plane of its own: all controllers, a scripted kubelet, no scheduler."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ControllersConformance implements Callable<Integer> {
    @Mixin
    private final ReplayFlags flags = new ReplayFlags();

    @Option(names = "--seed", description = "What the order of concurrent work follows from. Default: ${DEFAULT-VALUE}")
    private long seed = 1;

    @Override
    public Integer call() {
        return flags.run("controllers", (files, results) -> {
            for (Path file : files) {
                ControllerScenario scenario = ControllerScenario.read(file);
                if (flags.wants(file, scenario.name())) {
                    results.of(file, "simulated")
                            .replay(scenario.name(), () -> ControllerReplay.differences(scenario, seed));
                }
            }
        });
    }
}
