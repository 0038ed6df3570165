package dev.amphora.kubelet;

import dev.amphora.client.Client;
import dev.amphora.client.EventRecorder;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What all parts of one running kubelet share. Everything happens on its actor; what the runtime answers comes back to it.
 *
 * @param runtimeName as container ids begin with
 */
record Agent(
        Kernel kernel,
        Actor actor,
        Client client,
        ContainerRuntime runtime,
        KubeletConfig config,
        EventRecorder events,
        ProbeTransport probes,
        String runtimeName) {

    Instant now() {
        return kernel.instant();
    }

    /** Goes on with a runtime's answer, on the actor. */
    <T extends @Nullable Object> void then(
            CompletionStage<T> stage, Consumer<T> onAnswer, Consumer<Throwable> onError) {
        then(actor, stage, onAnswer, onError);
    }

    /** Goes on with an answer, on an actor. */
    static <T extends @Nullable Object> void then(
            Actor actor, CompletionStage<T> stage, Consumer<T> onAnswer, Consumer<Throwable> onError) {
        stage.whenCompleteAsync(
                (answer, error) -> {
                    if (error == null) {
                        onAnswer.accept(answer);
                    } else {
                        onError.accept(cause(error));
                    }
                },
                actor);
    }

    /** A stage that completes after some time. */
    CompletionStage<Void> after(Duration delay) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        actor.schedule(delay, () -> done.complete(null));
        return done;
    }

    static Throwable cause(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }

    static String message(Throwable error) {
        Throwable cause = cause(error);
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    /** Records an event about a pod as a whole. */
    void podEvent(Pod pod, String type, String reason, String message) {
        events.record(EventRecorder.reference(pod), type, reason, message);
    }

    /** Records an event about one container of a pod. */
    void containerEvent(Pod pod, String container, String type, String reason, String message) {
        String list = pod.getSpec().getInitContainers().stream()
                        .anyMatch(candidate -> candidate.getName().equals(container))
                ? "initContainers"
                : pod.getSpec().getEphemeralContainers().stream()
                                .anyMatch(candidate -> candidate.getName().equals(container))
                        ? "ephemeralContainers"
                        : "containers";
        ObjectReference about = new ObjectReferenceBuilder(EventRecorder.reference(pod))
                .withFieldPath("spec." + list + "{" + container + "}")
                .build();
        events.record(about, type, reason, message);
    }
}
