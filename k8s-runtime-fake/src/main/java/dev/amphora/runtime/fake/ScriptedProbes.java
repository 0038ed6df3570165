package dev.amphora.runtime.fake;

import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.kubelet.ProbeTransport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Answers network probes from the containers' scripts; ports that are really served are asked through sockets. */
final class ScriptedProbes implements ProbeTransport {
    private final FakeRuntime runtime;
    private final Kernel kernel;
    private final Actor actor;
    private final @Nullable ProbeTransport sockets;

    ScriptedProbes(FakeRuntime runtime, Kernel kernel, Actor actor) {
        this.runtime = runtime;
        this.kernel = kernel;
        this.actor = actor;
        this.sockets = kernel instanceof SimulatedKernel ? null : ProbeTransport.sockets(kernel);
    }

    @Override
    public CompletionStage<Answer> tcp(Target target, Duration timeout) {
        return ask(
                target,
                timeout,
                refused(target),
                transport -> transport.tcp(target, timeout),
                handler -> Answer.of(0, ""),
                status -> Answer.of(0, ""));
    }

    @Override
    public CompletionStage<Answer> http(
            Target target, boolean https, String path, List<Header> headers, Duration timeout) {
        String url = (https ? "https://" : "http://") + target.host() + ":" + target.port() + path;
        return ask(
                target,
                timeout,
                "Get \"" + url + "\": " + refused(target),
                transport -> transport.http(target, https, path, headers, timeout),
                handler -> {
                    Map<String, String> names = new LinkedHashMap<>();
                    headers.forEach(header -> names.put(header.name().toLowerCase(Locale.ROOT), header.value()));
                    HttpHandler.Reply reply = handler.answer(new HttpHandler.Request("GET", path, names, new byte[0]));
                    return Answer.of(reply.status(), new String(reply.body(), StandardCharsets.UTF_8));
                },
                status -> Answer.of(status, "body " + status));
    }

    @Override
    public CompletionStage<Answer> grpc(Target target, String service, Duration timeout) {
        String error = "timeout: failed to connect service \"%s:%d\" within %ds: context deadline exceeded"
                .formatted(target.host(), target.port(), timeout.toSeconds());
        return ask(
                target,
                timeout,
                error,
                transport -> transport.grpc(target, service, timeout),
                handler -> Answer.of(1, ""),
                status -> Answer.of(status == 200 ? 1 : 2, ""));
    }

    private CompletionStage<Answer> ask(
            Target target,
            Duration timeout,
            String refusal,
            Function<ProbeTransport, CompletionStage<Answer>> bySocket,
            Function<HttpHandler, Answer> byHandler,
            Function<Integer, Answer> byStatus) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        actor.execute(() -> {
            if (runtime.isLost()) {
                return;
            }
            FakeContainer container = runtime.probed(target);
            if (container == null) {
                answer.complete(Answer.failed(refusal));
                return;
            }
            ContainerBehavior behavior = container.behavior;
            Function<Target, Answer> rule = behavior.probeRule();
            ContainerBehavior.Scripted scripted = behavior.scripted(target.port());
            HttpHandler http = behavior.http().get(target.port());
            boolean served = http != null || behavior.tcp().containsKey(target.port());
            if (rule != null) {
                answer.complete(rule.apply(target));
            } else if (scripted != null) {
                int call = container.nextCall(target.port());
                int status = scripted.statuses()
                        .get(Math.min(call, scripted.statuses().size() - 1));
                boolean late = scripted.delay().compareTo(timeout) > 0;
                actor.schedule(
                        late ? timeout : scripted.delay(),
                        () -> answer.complete(
                                late
                                        ? Answer.failed(
                                                "context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
                                        : byStatus.apply(status)));
            } else if (served && sockets != null) {
                bySocket.apply(sockets).whenComplete((result, error) -> {
                    if (error != null) {
                        answer.completeExceptionally(error);
                    } else {
                        answer.complete(result);
                    }
                });
            } else if (http != null) {
                answer.complete(byHandler.apply(http));
            } else if (!served && behavior.refusesPort(target.port())) {
                answer.complete(Answer.failed(refusal));
            } else {
                boolean passes =
                        FakeRuntime.sinceStart(container, kernel.instant()).compareTo(behavior.passAfter()) >= 0;
                answer.complete(passes ? byStatus.apply(200) : Answer.failed(refusal));
            }
        });
        return answer;
    }

    private static String refused(Target target) {
        return "dial tcp " + target.host() + ":" + target.port() + ": connect: connection refused";
    }
}
