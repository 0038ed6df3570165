package dev.amphora.samples.examples;

import dev.amphora.kubelet.ContainerRuntime;
import dev.amphora.runtime.fake.ContainerBehavior;
import dev.amphora.runtime.fake.FakeRuntime;
import dev.amphora.runtime.fake.HttpHandler;
import java.time.Duration;

/** A node's containers as a script. */
public final class ScriptedRuntime {
    private ScriptedRuntime() {}

    /** A runtime whose containers behave by their image. */
    public static ContainerRuntime create() {
        // README: runtime
        return new FakeRuntime()
                .behave(
                        "example.dev/web",
                        ContainerBehavior.runs()
                                .servesHttp(8080, request -> HttpHandler.Reply.text("hello from " + request.path())))
                .behave("example.dev/batch", ContainerBehavior.exits(0).after(Duration.ofMinutes(3)))
                .behave("example.dev/flaky", ContainerBehavior.exits(1).after(Duration.ofSeconds(5)));
        // end
    }
}
