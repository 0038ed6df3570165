package dev.amphora.kubelet;

import dev.amphora.kubelet.ContainerRuntime.ExecTimeoutException;
import dev.amphora.kubelet.ProbeTransport.Answer;
import dev.amphora.kubelet.ProbeTransport.Header;
import dev.amphora.kubelet.ProbeTransport.Target;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Probe;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Makes one probe and says what came of it. */
final class ProbeCall {
    private static final int MAX_OUTPUT = 10 * 1024;
    private static final int MAX_REDIRECTS = 10;

    /** Whom to probe. */
    record Subject(Pod pod, Container container, String containerId, String podIp) {}

    /** What came of a probe; with a warning it passed all the same. */
    record Outcome(boolean passed, boolean warning, String output) {}

    private final Agent agent;

    ProbeCall(Agent agent) {
        this.agent = agent;
    }

    /** Probes once. Completes exceptionally if nothing can be said of the container. */
    CompletionStage<Outcome> ask(Subject subject, Probe probe) {
        Integer seconds = probe.getTimeoutSeconds();
        Duration timeout = Duration.ofSeconds(seconds == null || seconds <= 0 ? 1 : seconds);
        if (probe.getExec() != null) {
            return exec(subject, probe.getExec().getCommand(), timeout);
        }
        if (probe.getHttpGet() != null) {
            return http(subject, probe.getHttpGet(), timeout);
        }
        if (probe.getTcpSocket() != null) {
            String host = probe.getTcpSocket().getHost();
            Target target = target(
                    subject,
                    host,
                    Hooks.port(subject.container, probe.getTcpSocket().getPort()));
            return agent.probes().tcp(target, timeout).thenApply(ProbeCall::connected);
        }
        if (probe.getGrpc() != null) {
            String service =
                    probe.getGrpc().getService() == null ? "" : probe.getGrpc().getService();
            Target target = target(subject, null, probe.getGrpc().getPort());
            return agent.probes().grpc(target, service, timeout).thenApply(ProbeCall::health);
        }
        return CompletableFuture.completedFuture(new Outcome(true, false, ""));
    }

    private CompletionStage<Outcome> exec(Subject subject, List<String> command, Duration timeout) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        agent.then(
                agent.runtime().exec(subject.containerId, command, timeout),
                result -> outcome.complete(new Outcome(
                        result.exitCode() == 0,
                        false,
                        clip(new String(result.stdout(), StandardCharsets.UTF_8)
                                + new String(result.stderr(), StandardCharsets.UTF_8)))),
                error -> {
                    if (error instanceof ExecTimeoutException) {
                        outcome.complete(new Outcome(false, false, Agent.message(error)));
                    } else {
                        outcome.completeExceptionally(error);
                    }
                });
        return outcome;
    }

    private CompletionStage<Outcome> http(Subject subject, HTTPGetAction get, Duration timeout) {
        List<Header> headers = new ArrayList<>();
        get.getHttpHeaders().forEach(header -> headers.add(new Header(header.getName(), header.getValue())));
        boolean agentSet = headers.stream().anyMatch(header -> header.name().equalsIgnoreCase("User-Agent"));
        if (!agentSet) {
            headers.add(new Header("User-Agent", "kube-probe/1.36"));
        }
        String path = get.getPath() == null || get.getPath().isEmpty() ? "/" : get.getPath();
        Target target = target(subject, get.getHost(), Hooks.port(subject.container, get.getPort()));
        boolean https = "HTTPS".equals(get.getScheme());
        return get(target, https, path.startsWith("/") ? path : "/" + path, headers, timeout, 0);
    }

    private CompletionStage<Outcome> get(
            Target target, boolean https, String path, List<Header> headers, Duration timeout, int redirects) {
        return agent.probes().http(target, https, path, headers, timeout).thenCompose(answer -> {
            String next = samePlace(target, answer);
            return next == null || redirects == MAX_REDIRECTS
                    ? CompletableFuture.completedFuture(answered(answer))
                    : get(target, https, next, headers, timeout, redirects + 1);
        });
    }

    /** Where a redirect within the same host leads, null if there is none. */
    private static @Nullable String samePlace(Target target, Answer answer) {
        if (answer.error() != null
                || answer.code() < 300
                || answer.code() > 399
                || answer.location().isEmpty()) {
            return null;
        }
        try {
            URI location = URI.create(answer.location());
            if (location.getHost() != null && !location.getHost().equals(target.host())) {
                return null;
            }
            return location.getRawPath() + (location.getRawQuery() == null ? "" : "?" + location.getRawQuery());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static Outcome answered(Answer answer) {
        if (answer.error() != null) {
            return new Outcome(false, false, answer.error());
        }
        if (answer.code() >= 300 && answer.code() < 400) {
            return new Outcome(true, true, "Probe terminated redirects, Response body: " + clip(answer.body()));
        }
        return answer.code() >= 200 && answer.code() < 300
                ? new Outcome(true, false, clip(answer.body()))
                : new Outcome(false, false, "HTTP probe failed with statuscode: " + answer.code());
    }

    private static Outcome connected(Answer answer) {
        return answer.error() == null ? new Outcome(true, false, "") : new Outcome(false, false, answer.error());
    }

    private static Outcome health(Answer answer) {
        if (answer.error() != null) {
            return new Outcome(false, false, answer.error());
        }
        String status =
                switch (answer.code()) {
                    case 1 -> "SERVING";
                    case 2 -> "NOT_SERVING";
                    case 3 -> "SERVICE_UNKNOWN";
                    default -> "UNKNOWN";
                };
        return answer.code() == 1
                ? new Outcome(true, false, "service healthy")
                : new Outcome(false, false, "service unhealthy (responded with \"" + status + "\")");
    }

    private static Target target(Subject subject, @Nullable String host, int port) {
        return new Target(
                PodSpecs.uid(subject.pod),
                subject.container.getName(),
                host == null || host.isEmpty() ? subject.podIp : host,
                port);
    }

    private static String clip(String text) {
        return text.length() > MAX_OUTPUT ? text.substring(0, MAX_OUTPUT) : text;
    }
}
