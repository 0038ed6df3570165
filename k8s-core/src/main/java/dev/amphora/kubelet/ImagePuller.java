package dev.amphora.kubelet;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.kubelet.ContainerRuntime.Image;
import dev.amphora.kubelet.ContainerRuntime.RegistryAuth;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Sees to it that a container's image is there: by its pull policy, with back-off after failures. */
final class ImagePuller {
    private static final ResourceType<Secret> SECRETS = ResourceType.of(Secret.class);
    private static final Pattern REFERENCE = Pattern.compile(
            "([A-Za-z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[A-Za-z0-9]+:[0-9a-fA-F]+)?");
    private static final String UNAVAILABLE = "RegistryUnavailable";

    private final Agent agent;
    private final Backoffs backoffs;
    private final Map<String, StartFailure> failures = new HashMap<>();

    ImagePuller(Agent agent) {
        this.agent = agent;
        this.backoffs =
                new Backoffs(agent.config().imageBackoff(), agent.config().maxImageBackoff());
    }

    /** When a container's image may be pulled again, null if nothing holds it back. */
    @Nullable Instant retryAt(Pod pod, Container container) {
        Duration left = backoffs.left(key(pod, container), agent.now());
        return left.isZero() ? null : agent.now().plus(left);
    }

    /** Forgets a pod's back-offs. */
    void forget(String podUid) {
        backoffs.forget(podUid + "/");
        failures.keySet().removeIf(key -> key.startsWith(podUid + "/"));
    }

    /** Gives the image's id, or fails with a {@link StartFailure}. */
    CompletionStage<String> ensure(Pod pod, Container container) {
        CompletableFuture<String> outcome = new CompletableFuture<>();
        String image = container.getImage();
        if (!REFERENCE.matcher(image).matches()) {
            String why = "Failed to apply default image tag \"" + image + "\": couldn't parse image name \"" + image
                    + "\": invalid reference format";
            event(pod, container, "Warning", "InspectFailed", why);
            outcome.completeExceptionally(new StartFailure("InvalidImageName", why));
            return outcome;
        }
        agent.then(
                agent.runtime().imageStatus(PodSpecs.image(container)),
                present -> decide(pod, container, present, outcome),
                error -> {
                    String why = "Failed to inspect image \"" + image + "\": " + Agent.message(error);
                    event(pod, container, "Warning", "InspectFailed", why);
                    outcome.completeExceptionally(new StartFailure("ImageInspectError", why));
                });
        return outcome;
    }

    private void decide(Pod pod, Container container, @Nullable Image present, CompletableFuture<String> outcome) {
        String image = container.getImage();
        switch (PodSpecs.pullPolicy(container)) {
            case "Never" -> {
                if (present == null) {
                    String why = "Container image \"" + image + "\" is not present with pull policy of Never";
                    event(pod, container, "Warning", "ErrImageNeverPull", why);
                    outcome.completeExceptionally(new StartFailure("ErrImageNeverPull", why));
                    return;
                }
                found(pod, container, present, outcome);
            }
            case "IfNotPresent" -> {
                if (present == null) {
                    pull(pod, container, outcome);
                } else {
                    found(pod, container, present, outcome);
                }
            }
            default -> pull(pod, container, outcome);
        }
    }

    private void found(Pod pod, Container container, Image present, CompletableFuture<String> outcome) {
        event(
                pod,
                container,
                "Normal",
                "Pulled",
                "Container image \"" + container.getImage()
                        + "\" already present on machine and can be accessed by the pod");
        outcome.complete(present.id());
    }

    private void pull(Pod pod, Container container, CompletableFuture<String> outcome) {
        String image = container.getImage();
        String key = key(pod, container);
        Instant begin = agent.now();
        if (!backoffs.left(key, begin).isZero()) {
            String why = "Back-off pulling image \"" + image + "\"";
            event(pod, container, "Normal", "BackOff", why);
            StartFailure last = failures.get(key);
            outcome.completeExceptionally(new StartFailure(
                    "ImagePullBackOff", last == null ? why : why + ": " + last.reason() + ": " + last.text()));
            return;
        }
        event(pod, container, "Normal", "Pulling", "Pulling image \"" + image + "\"");
        agent.then(
                agent.runtime().pullImage(PodSpecs.image(container), credentials(pod, image)),
                id -> pulled(pod, container, id, begin, outcome),
                error -> {
                    String why = Agent.message(error);
                    event(pod, container, "Warning", "Failed", "Failed to pull image \"" + image + "\": " + why);
                    backoffs.next(key, agent.now());
                    StartFailure failure = why.startsWith(UNAVAILABLE)
                            ? new StartFailure(
                                    UNAVAILABLE,
                                    "image pull failed for " + image + " because the registry is unavailable"
                                            + why.substring(UNAVAILABLE.length()))
                            : new StartFailure("ErrImagePull", why);
                    failures.put(key, failure);
                    outcome.completeExceptionally(failure);
                });
    }

    private void pulled(Pod pod, Container container, String id, Instant begin, CompletableFuture<String> outcome) {
        Duration took = Duration.ofMillis(Duration.between(begin, agent.now()).toMillis());
        agent.then(
                agent.runtime().imageStatus(PodSpecs.image(container)),
                image -> {
                    String time = GoText.duration(took);
                    event(
                            pod,
                            container,
                            "Normal",
                            "Pulled",
                            "Successfully pulled image \"" + container.getImage() + "\" in " + time + " (" + time
                                    + " including waiting). Image size: " + (image == null ? 0 : image.sizeBytes())
                                    + " bytes.");
                    outcome.complete(id);
                },
                error -> outcome.complete(id));
    }

    /** The first pull secret of the pod that knows the image's registry; missing ones are reported. */
    private @Nullable RegistryAuth credentials(Pod pod, String image) {
        List<String> missing = new ArrayList<>();
        RegistryAuth auth = null;
        for (LocalObjectReference reference : pod.getSpec().getImagePullSecrets()) {
            try {
                Secret secret = agent.client().get(SECRETS, pod.getMetadata().getNamespace(), reference.getName());
                auth = auth == null ? DockerConfig.credentials(secret, image) : auth;
            } catch (StatusException e) {
                missing.add(reference.getName());
            }
        }
        if (!missing.isEmpty()) {
            agent.podEvent(
                    pod,
                    "Warning",
                    "FailedToRetrieveImagePullSecret",
                    "Unable to retrieve some image pull secrets (" + String.join(", ", missing)
                            + "); attempting to pull the image may not succeed.");
        }
        return auth;
    }

    private void event(Pod pod, Container container, String type, String reason, String message) {
        agent.containerEvent(pod, container.getName(), type, reason, message);
    }

    private static String key(Pod pod, Container container) {
        return PodSpecs.uid(pod) + "/" + container.getImage();
    }
}
