package dev.amphora.kubelet;

import dev.amphora.kubelet.ProbeTransport.Header;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LifecycleHandler;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Runs the lifecycle hooks of containers. */
final class Hooks {
    private static final Duration HTTP_TIMEOUT = Duration.ofSeconds(30);

    private final Agent agent;

    Hooks(Agent agent) {
        this.agent = agent;
    }

    /**
     * Runs a hook to its end.
     *
     * @param podIp where the pod is reached
     * @return completes with what went wrong, null if nothing did
     */
    CompletionStage<@Nullable String> run(
            Pod pod, Container container, String containerId, LifecycleHandler hook, String podIp) {
        CompletableFuture<@Nullable String> outcome = new CompletableFuture<>();
        String about = "for Container \"" + container.getName() + "\" in Pod \"" + PodSpecs.fullName(pod)
                + "\" failed - error: ";
        if (hook.getExec() != null) {
            List<String> command = hook.getExec().getCommand();
            String what = "Exec lifecycle hook ([" + String.join(" ", command) + "]) " + about;
            agent.then(
                    agent.runtime().exec(containerId, command, Duration.ZERO),
                    result -> {
                        String out = new String(result.stdout(), StandardCharsets.UTF_8);
                        String err = new String(result.stderr(), StandardCharsets.UTF_8);
                        outcome.complete(
                                result.exitCode() == 0
                                        ? null
                                        : what + "command '" + String.join(" ", command) + "' exited with "
                                                + result.exitCode() + ": " + err + ", message: \"" + out + err + "\"");
                    },
                    error -> outcome.complete(what + Agent.message(error) + ", message: \"\""));
        } else if (hook.getHttpGet() != null) {
            HTTPGetAction get = hook.getHttpGet();
            String path = get.getPath() == null || get.getPath().isEmpty() ? "/" : get.getPath();
            String what = "HTTP lifecycle hook (" + path + ") " + about;
            String host = get.getHost() == null || get.getHost().isEmpty() ? podIp : get.getHost();
            List<Header> headers = get.getHttpHeaders().stream()
                    .map(header -> new Header(header.getName(), header.getValue()))
                    .toList();
            agent.then(
                    agent.probes()
                            .http(
                                    new ProbeTransport.Target(
                                            PodSpecs.uid(pod),
                                            container.getName(),
                                            host,
                                            port(container, get.getPort())),
                                    "HTTPS".equals(get.getScheme()),
                                    path,
                                    headers,
                                    HTTP_TIMEOUT),
                    answer ->
                            outcome.complete(answer.error() == null ? null : what + answer.error() + ", message: \"\""),
                    error -> outcome.complete(what + Agent.message(error) + ", message: \"\""));
        } else if (hook.getSleep() != null) {
            agent.after(Duration.ofSeconds(hook.getSleep().getSeconds())).thenRun(() -> outcome.complete(null));
        } else {
            outcome.complete(null);
        }
        return outcome;
    }

    /** The number of a port that may be given by the name it has in the container; 0 if there is none of that name. */
    static int port(Container container, IntOrString port) {
        if (port.getStrVal() == null) {
            return port.getIntVal() == null ? 0 : port.getIntVal();
        }
        String name = port.getStrVal();
        return container.getPorts().stream()
                .filter(candidate -> name.equals(candidate.getName()))
                .map(candidate -> candidate.getContainerPort())
                .findFirst()
                .orElseGet(() ->
                        name.chars().allMatch(Character::isDigit) && !name.isEmpty() ? Integer.parseInt(name) : 0);
    }
}
