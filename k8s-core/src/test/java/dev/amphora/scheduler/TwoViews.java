package dev.amphora.scheduler;

import dev.amphora.client.Client;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.WaitingPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A world as one of two engines sees it: with indexes or without. Both draw the same lots and write nothing but what a client is given for. */
record TwoViews(SandboxWorld world, boolean indexed, Client writes, SharedState shared) implements Framework.Host {

    @Override
    public NodeSnapshot snapshot() {
        return world.snapshot();
    }

    @Override
    public <T extends HasMetadata> Lister<T> lister(Class<T> type) {
        Lister<T> lister = world.lister(type);
        return indexed
                ? lister
                : new Lister<>() {
                    @Override
                    public @Nullable T get(@Nullable String namespace, String name) {
                        return lister.get(namespace, name);
                    }

                    @Override
                    public List<T> list(@Nullable String namespace) {
                        return lister.list(namespace);
                    }
                };
    }

    @Override
    public Client client() {
        return writes;
    }

    @Override
    public InstantSource clock() {
        return world.clock();
    }

    @Override
    public RandomGenerator random() {
        return new SeededChance(2);
    }

    @Override
    public void runAsync(Runnable task) {
        // nothing is undone
    }

    @Override
    public void runConcurrently(Runnable task) {
        // nothing is undone
    }

    @Override
    public void runInCycle(Runnable task) {
        task.run();
    }

    @Override
    public void runInCycleAfter(Duration delay, Runnable task) {
        // no time passes here
    }

    @Override
    public @Nullable PodInfo podOnNode(String uid) {
        return world.podOnNode(uid);
    }

    @Override
    public Nominations nominations() {
        return world.nominations();
    }

    @Override
    public List<WaitingPod> waitingPods() {
        return List.of();
    }

    @Override
    public List<SchedulerExtender> extenders() {
        return world.extenders();
    }

    @Override
    public void activate(Collection<PodInfo> pods) {
        // nothing waits
    }

    @Override
    public void event(Pod pod, String type, String reason, String action, String note) {
        // nothing is written
    }
}
