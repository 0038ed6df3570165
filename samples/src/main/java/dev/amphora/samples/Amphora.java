package dev.amphora.samples;

import dev.amphora.samples.conformance.Conformance;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program behind {@code amphora.jar}. */
@Command(
        name = "amphora",
        description = "A Kubernetes control plane in a jar.",
        mixinStandardHelpOptions = true,
        version = "amphora 0.1.0 (Kubernetes 1.36.3)",
        subcommands = {
            Quickstart.class,
            Serve.class,
            Bench.class,
            Conformance.class,
            ExplainCommand.class,
            WhatIfCommand.class
        })
public final class Amphora implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** Runs a subcommand and ends with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /** The program's command line: what is wrong with it is said in one line. */
    static CommandLine commandLine() {
        return new CommandLine(new Amphora()).setParameterExceptionHandler((wrong, args) -> {
            CommandLine command = wrong.getCommandLine();
            command.getErr()
                    .printf(
                            "%s (see %s --help)%n",
                            wrong.getMessage(), command.getCommandSpec().qualifiedName());
            return command.getCommandSpec().exitCodeOnInvalidInput();
        });
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "Name a command: quickstart, serve, bench, conformance, explain or what-if.");
    }
}
