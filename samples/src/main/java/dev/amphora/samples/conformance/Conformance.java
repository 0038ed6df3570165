package dev.amphora.samples.conformance;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Replays recorded answers of Kubernetes against this control plane or another one. */
@Command(
        name = "conformance",
        description = "Replay what Kubernetes was recorded to answer and tell every difference.",
        mixinStandardHelpOptions = true,
        subcommands = {
            ApiConformance.class,
            ControllersConformance.class,
            KubectlConformance.class,
            SchedulerConformance.class
        })
public final class Conformance implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say what to replay: api, controllers, kubectl or scheduler.");
    }
}
