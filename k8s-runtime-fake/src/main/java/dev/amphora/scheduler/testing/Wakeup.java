package dev.amphora.scheduler.testing;

import dev.amphora.scheduler.SchedulerSandbox;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.stream.Collectors;
import org.assertj.core.api.AssertProvider;
import org.jspecify.annotations.Nullable;

/** What a change in the cluster means for a waiting pod: the events it makes and what plugins' queueing hints say. AssertJ's {@code assertThat} takes it. */
public final class Wakeup implements AssertProvider<WakeupAssert> {
    private final SchedulerSandbox sandbox;
    private final Pod pod;
    private final @Nullable HasMetadata before;
    private final @Nullable HasMetadata after;

    Wakeup(SchedulerSandbox sandbox, Pod pod, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        this.sandbox = sandbox;
        this.pod = pod;
        this.before = before;
        this.after = after;
    }

    /** Whether the pod is tried again if a plugin has turned it down. */
    public boolean wakes(String plugin) {
        return sandbox.wakes(pod, List.of(plugin), before, after);
    }

    @Override
    public WakeupAssert assertThat() {
        return new WakeupAssert(this);
    }

    /** The events, and what plugins that have registered for them say. */
    @Override
    public String toString() {
        List<SchedulerSandbox.Hinted> hinted = sandbox.hints(pod, before, after);
        if (hinted.isEmpty()) {
            return "no event: nothing that plugins can register for has changed";
        }
        return hinted.stream()
                .map(each -> each.event() + ": " + (each.hints().isEmpty() ? "no plugin asks for it" : each.hints()))
                .collect(Collectors.joining("\n"));
    }
}
