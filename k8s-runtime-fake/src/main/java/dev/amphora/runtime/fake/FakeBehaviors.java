package dev.amphora.runtime.fake;

import dev.amphora.kubelet.ContainerRuntime.ContainerConfig;
import dev.amphora.kubelet.ContainerRuntime.SandboxConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Decides what a container does: its pod's annotation, or else the youngest rule that has something to say. Rules may come from any thread. */
final class FakeBehaviors {
    private final List<Function<ContainerView, @Nullable ContainerBehavior>> rules = new CopyOnWriteArrayList<>();

    void rule(Function<ContainerView, @Nullable ContainerBehavior> rule) {
        rules.add(rule);
    }

    ContainerBehavior of(String nodeName, SandboxConfig pod, ContainerConfig container) {
        String annotation = pod.annotations().get(FakeRuntime.BEHAVIOR_ANNOTATION);
        if (annotation != null) {
            ContainerBehavior scripted = BehaviorScript.read(annotation, container.name());
            if (scripted != null) {
                return scripted;
            }
        }
        ContainerView view = view(nodeName, pod, container);
        for (int i = rules.size() - 1; i >= 0; i--) {
            ContainerBehavior behavior = rules.get(i).apply(view);
            if (behavior != null) {
                return behavior;
            }
        }
        return ContainerBehavior.runs();
    }

    private static ContainerView view(String nodeName, SandboxConfig pod, ContainerConfig container) {
        Map<String, String> env = new LinkedHashMap<>();
        container.env().forEach(variable -> env.put(variable.name(), variable.value()));
        return new ContainerView(
                nodeName,
                pod.namespace(),
                pod.name(),
                pod.uid(),
                pod.labels(),
                pod.annotations(),
                container.name(),
                container.image(),
                container.command(),
                container.args(),
                env,
                container.attempt());
    }
}
