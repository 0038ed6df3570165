package dev.amphora.runtime.fake;

import dev.amphora.kubelet.ContainerRuntime.Image;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The images of a fake runtime: those that are there, and what pulling others is like. Rules may come from any thread, the rest belongs to the runtime's actor. */
final class FakeImages {
    private final List<Function<String, @Nullable ImageBehavior>> rules = new CopyOnWriteArrayList<>();
    private final Map<String, Image> present = new LinkedHashMap<>();
    private final Map<String, Integer> pulls = new HashMap<>();

    void rule(String pattern, ImageBehavior behavior) {
        rules.add(name -> matches(pattern, name) ? behavior : null);
    }

    /** The image if it is there, which some are from the start. */
    @Nullable Image status(String image) {
        Image here = present.get(image);
        ImageBehavior behavior = behavior(image);
        return here == null && behavior.present() ? add(image, behavior) : here;
    }

    /** What the youngest rule says of an image. */
    ImageBehavior behavior(String image) {
        for (int i = rules.size() - 1; i >= 0; i--) {
            ImageBehavior behavior = rules.get(i).apply(image);
            if (behavior != null) {
                return behavior;
            }
        }
        return ImageBehavior.pulls();
    }

    /**
     * Pulls an image.
     *
     * @return its id
     * @throws IllegalStateException if its behaviour is to fail this time
     */
    String pull(String image) {
        ImageBehavior behavior = behavior(image);
        int attempt = pulls.merge(image, 1, Integer::sum) - 1;
        if (behavior.everyPullError() != null) {
            throw new IllegalStateException(behavior.everyPullError());
        }
        if (attempt < behavior.pullErrors().size()) {
            throw new IllegalStateException(behavior.pullErrors().get(attempt));
        }
        return add(image, behavior).id();
    }

    List<Image> all() {
        return List.copyOf(present.values());
    }

    /** Forgets an image, named by its id or one of its tags. */
    void remove(String image) {
        present.values()
                .removeIf(candidate ->
                        candidate.id().equals(image) || candidate.tags().contains(image));
    }

    private Image add(String image, ImageBehavior behavior) {
        return present.computeIfAbsent(
                image,
                name -> new Image(
                        name + "@sha256:" + "0".repeat(64),
                        List.of(name),
                        List.of(name + "@sha256:" + "0".repeat(64)),
                        behavior.sizeBytes()));
    }

    /** Whether an image is meant by a name, or by the beginning of one followed by an asterisk. */
    static boolean matches(String pattern, String image) {
        return pattern.endsWith("*")
                ? image.startsWith(pattern.substring(0, pattern.length() - 1))
                : image.equals(pattern) || image.equals(pattern + ":latest");
    }
}
