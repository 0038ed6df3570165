package dev.amphora.kubelet;

import dev.amphora.kubelet.ContainerRuntime.ContainerState;
import dev.amphora.kubelet.ContainerRuntime.ContainerStatus;
import dev.amphora.kubelet.ContainerRuntime.LogLine;
import dev.amphora.kubelet.ContainerRuntime.LogOptions;
import dev.amphora.kubelet.ContainerRuntime.PodState;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Finds what containers said at their end: in their termination message file or, if they so wish, their log. */
final class LastWords {
    private static final int TAIL_LINES = 80;
    private static final int MAX_LENGTH = 2048;

    private final Agent agent;
    private final PodFiles files;
    private final Map<String, String> known = new HashMap<>();

    LastWords(Agent agent, PodFiles files) {
        this.agent = agent;
        this.files = files;
    }

    /** The same state with what could be found out; completed already if there is nothing to find. */
    CompletionStage<PodState> complete(Pod pod, PodState state) {
        CompletionStage<PodState> result = null;
        for (ContainerStatus status : state.containers()) {
            if (status.state() != ContainerState.EXITED || !status.message().isEmpty()) {
                continue;
            }
            if (!known.containsKey(status.id())) {
                CompletionStage<String> search = search(pod, status);
                if (search == null) {
                    known.put(status.id(), "");
                    continue;
                }
                CompletionStage<PodState> before = result;
                result = search.thenComposeAsync(
                        words -> {
                            known.put(status.id(), words);
                            return before == null ? CompletableFuture.completedFuture(state) : before;
                        },
                        agent.actor());
            }
        }
        return result == null
                ? CompletableFuture.completedFuture(withWords(state))
                : result.thenApplyAsync(nothing -> withWords(state), agent.actor());
    }

    private PodState withWords(PodState state) {
        boolean any = state.containers().stream()
                .anyMatch(status -> status.message().isEmpty()
                        && !known.getOrDefault(status.id(), "").isEmpty());
        return any
                ? new PodState(
                        state.sandboxes(),
                        state.containers().stream().map(this::withWords).toList())
                : state;
    }

    private ContainerStatus withWords(ContainerStatus status) {
        String words = known.getOrDefault(status.id(), "");
        return words.isEmpty() || !status.message().isEmpty()
                ? status
                : new ContainerStatus(
                        status.id(),
                        status.sandboxId(),
                        status.name(),
                        status.attempt(),
                        status.image(),
                        status.imageId(),
                        status.state(),
                        status.createdAt(),
                        status.startedAt(),
                        status.finishedAt(),
                        status.exitCode(),
                        status.reason(),
                        words);
    }

    private @Nullable CompletionStage<String> search(Pod pod, ContainerStatus status) {
        Container container = PodSpecs.all(pod).stream()
                .filter(candidate -> candidate.getName().equals(status.name()))
                .findFirst()
                .orElse(null);
        boolean byLog = container != null
                && status.exitCode() != 0
                && "FallbackToLogsOnError".equals(container.getTerminationMessagePolicy());
        if (!agent.runtime().seesHostFiles()) {
            return byLog ? log(status.id()) : null;
        }
        CompletableFuture<String> found = new CompletableFuture<>();
        agent.kernel()
                .blocking()
                .execute(() ->
                        found.complete(files.terminationMessage(PodSpecs.uid(pod), status.name(), status.attempt())));
        return found.thenComposeAsync(
                words -> words.isEmpty() && byLog ? log(status.id()) : CompletableFuture.completedFuture(words),
                agent.actor());
    }

    private CompletionStage<String> log(String containerId) {
        CompletableFuture<String> tail = new CompletableFuture<>();
        List<String> lines = new ArrayList<>();
        agent.runtime()
                .logs(containerId, new LogOptions(false, TAIL_LINES, null, false))
                .subscribe(new Flow.Subscriber<>() {
                    @Override
                    public void onSubscribe(Flow.Subscription subscription) {
                        subscription.request(Long.MAX_VALUE);
                    }

                    @Override
                    public void onNext(LogLine line) {
                        lines.add(line.text().endsWith("\n") ? line.text() : line.text() + "\n");
                    }

                    @Override
                    public void onError(Throwable error) {
                        tail.complete("");
                    }

                    @Override
                    public void onComplete() {
                        String text = String.join("", lines);
                        tail.complete(text.length() > MAX_LENGTH ? text.substring(text.length() - MAX_LENGTH) : text);
                    }
                });
        return tail;
    }
}
