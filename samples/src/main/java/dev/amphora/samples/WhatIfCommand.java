package dev.amphora.samples;

import dev.amphora.api.StatusException;
import dev.amphora.client.RemoteClient;
import dev.amphora.scheduler.WhatIf;
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
import picocli.CommandLine.Spec;

/** Tells what would become of pods if nodes were drained, pods evicted and others created, without doing it. */
@Command(
        name = "what-if",
        description = "Tell where pods would go if nodes were drained, pods evicted and others created. Only reads.",
        mixinStandardHelpOptions = true)
final class WhatIfCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private QuestionFlags question = new QuestionFlags();

    @Option(names = "--cordon", paramLabel = "NODE", description = "Let no more pods on a node.")
    private List<String> cordoned = List.of();

    @Option(names = "--drain", paramLabel = "NODE", description = "Empty a node; its pods are scheduled again.")
    private List<String> drained = List.of();

    @Option(names = "--evict", paramLabel = "POD", description = "Take a pod off its node: name, or namespace/name.")
    private List<String> evicted = List.of();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (RemoteClient client = question.client()) {
            List<Pod> pods = new ArrayList<>(question.manifests(client));
            if (pods.isEmpty() && cordoned.isEmpty() && drained.isEmpty() && evicted.isEmpty()) {
                throw new IllegalArgumentException("Say what happens: --filename, --drain, --evict or --cordon.");
            }
            WhatIf whatIf = question.read(client);
            cordoned.forEach(whatIf::cordon);
            for (String name : evicted) {
                String[] key = question.key(name);
                if (whatIf.evict(key[0], key[1]) == null) {
                    throw new IllegalArgumentException("no pod " + key[0] + "/" + key[1] + " is on a node");
                }
            }
            List<Pod> moved = new ArrayList<>();
            drained.forEach(node -> moved.addAll(whatIf.drain(node)));
            moved.addAll(pods);
            boolean fits = true;
            for (WhatIf.Decision decision : whatIf.schedule(moved)) {
                out.println(line(decision));
                fits &= decision.nodeName() != null;
            }
            out.flush();
            return fits ? 0 : 1;
        } catch (IllegalArgumentException | StatusException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static String line(WhatIf.Decision decision) {
        String outcome = decision.nodeName() == null
                ? "nowhere: " + decision.message()
                : decision.nodeName()
                        + (decision.victims().isEmpty()
                                ? ""
                                : ", in place of " + String.join(", ", decision.victims()));
        return decision.pod() + " -> " + outcome;
    }
}
