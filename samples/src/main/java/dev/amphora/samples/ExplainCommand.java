package dev.amphora.samples;

import dev.amphora.api.StatusException;
import dev.amphora.client.RemoteClient;
import dev.amphora.scheduler.WhatIf;
import dev.amphora.scheduler.report.ExplanationReport;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells for any cluster where its scheduler would put a pod, and why not elsewhere. */
@Command(
        name = "explain",
        description = "Tell for each node of a cluster what each of the scheduler's plugins says of a pod. Only reads.",
        mixinStandardHelpOptions = true)
final class ExplainCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private QuestionFlags question = new QuestionFlags();

    @Parameters(paramLabel = "POD", description = "Pods that exist: name, or namespace/name.", arity = "0..*")
    private List<String> names = List.of();

    @Option(
            names = {"-o", "--output"},
            description = "table, wide, json or html (one page that needs no other file). Default: ${DEFAULT-VALUE}")
    private Output output = Output.table;

    /** How the answer is written; named as on the command line. */
    enum Output {
        table,
        wide,
        json,
        html
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (RemoteClient client = question.client()) {
            List<Pod> pods = new ArrayList<>(question.manifests(client));
            names.forEach(name -> pods.add(question.pod(client, name)));
            if (pods.isEmpty()) {
                throw new IllegalArgumentException("Name a pod, or give one with --filename.");
            }
            if (output == Output.html && pods.size() > 1) {
                throw new IllegalArgumentException("A page tells of one pod.");
            }
            WhatIf whatIf = question.read(client);
            boolean fits = true;
            for (Pod pod : pods) {
                ExplanationReport report = ExplanationReport.of(whatIf.explain(pod));
                out.println(
                        switch (output) {
                            case table -> report.table(false);
                            case wide -> report.table(true);
                            case json -> report.json().toPrettyString();
                            case html -> report.html();
                        });
                fits &= report.fits();
            }
            out.flush();
            return fits ? 0 : 1;
        } catch (IllegalArgumentException | StatusException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
