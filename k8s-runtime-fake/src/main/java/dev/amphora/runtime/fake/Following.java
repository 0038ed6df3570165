package dev.amphora.runtime.fake;

import dev.amphora.kernel.Actor;
import dev.amphora.kubelet.ContainerRuntime.LogLine;
import java.util.concurrent.Flow;

/** Prints what a container logs to a client that is attached to it. */
final class Following implements Flow.Subscriber<LogLine> {
    private final FakeSession client;
    private final Actor actor;

    Following(FakeSession client, Actor actor) {
        this.client = client;
        this.actor = actor;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        client.exitCode().whenComplete((code, error) -> subscription.cancel());
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(LogLine line) {
        String text = line.text().endsWith("\n") ? line.text() : line.text() + "\n";
        actor.execute(() -> {
            if (line.stderr()) {
                client.printError(text);
            } else {
                client.print(text);
            }
        });
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onComplete() {}
}
