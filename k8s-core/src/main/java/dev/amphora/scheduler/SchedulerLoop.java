package dev.amphora.scheduler;

import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Client;
import dev.amphora.client.Informer;
import dev.amphora.client.InformerHandler;
import dev.amphora.client.Informers;
import dev.amphora.client.ListOptions;
import dev.amphora.kernel.Actor;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.Meters;
import dev.amphora.scheduler.framework.ClusterEvent;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.EventResource;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.framework.WaitingPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running scheduler: follows nodes and pods, takes one waiting pod after the other through a scheduling cycle on its actor, and hands
 * it over to a {@link BindingCycle} that runs beside.
 */
final class SchedulerLoop implements Framework.Host, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SchedulerLoop.class);
    static final String LIVE_PODS = "status.phase!=Succeeded,status.phase!=Failed";

    private final Kernel kernel;
    private final Client client;
    private final Actor actor;
    private final Informers informers;
    private final RandomGenerator chance;
    private final SchedulerCache cache = new SchedulerCache();
    private final Nominations nominations = new Nominations();
    private final WaitingPods waitingPods;
    private final BindingCycle binding;
    private final Lanes lanes;
    private final PodStatusWriter statusWriter;
    private final PodEvents events;
    private final List<Informer<?>> listed = new ArrayList<>();
    private final Map<Class<?>, Informer<?>> asked = new LinkedHashMap<>();
    private final Map<String, Profile> definitions;
    private final Map<String, Framework> profiles = new LinkedHashMap<>();
    private final SchedulingQueue queue;
    private final SchedulerMetrics metrics;
    private final PodScheduling scheduling;
    private final List<SchedulerExtender> extenders;
    private final SharedState shared = new SharedState();
    private final Informer<Pod> pods;
    private final Informer<Node> nodes;
    private boolean running;
    private boolean cyclePending;
    private Actor.@Nullable Timer flushTimer;
    private @Nullable Instant flushAt;

    SchedulerLoop(
            Scheduler.Context context,
            Map<String, Profile> profiles,
            List<SchedulerExtender> extenders,
            OptionalLong seed,
            Duration initialBackoff,
            Duration maxBackoff) {
        this.kernel = context.kernel();
        this.definitions = profiles;
        this.client = context.client();
        this.actor = kernel.actor("scheduler");
        this.informers = new Informers(client, kernel);
        this.chance = seed.isPresent() ? new SeededChance(seed.getAsLong()) : kernel.random();
        this.waitingPods = new WaitingPods(actor);
        this.binding = new BindingCycle(kernel, this);
        this.lanes = new Lanes(kernel, "scheduler/async");
        this.statusWriter = new PodStatusWriter(kernel, client);
        this.events = new PodEvents(kernel, client);
        this.pods =
                informers.of(ResourceType.of(Pod.class), null, ListOptions.all().withFields(LIVE_PODS));
        this.nodes = informers.of(Node.class);
        this.extenders = extenders.stream()
                .map(extender -> extender.begin(kernel, client))
                .toList();
        profiles.forEach((name, profile) -> {
            this.profiles.put(name, new Framework(profile, this));
        });
        this.metrics = new SchedulerMetrics(kernel.meters(), kernel);
        this.queue = new SchedulingQueue(kernel, this.profiles, nominations, initialBackoff, maxBackoff, metrics);
        this.scheduling = new PodScheduling(chance, cache);
    }

    void start() {
        nodes.addHandler(actor, new NodeHandler());
        pods.addHandler(actor, new PodHandler());
        listed.add(nodes);
        listed.add(pods);
        for (EventResource resource : queue.resourcesOfInterest()) {
            Class<? extends HasMetadata> kind = ClusterChanges.kindOf(resource);
            if (kind != null) {
                follow(kind);
            }
        }
        awaitSync(0);
    }

    private <T extends HasMetadata> void follow(Class<T> kind) {
        Informer<T> informer = informers.of(kind);
        informer.addHandler(actor, new ObjectHandler<>());
        listed.add(informer);
    }

    /** Begins once all informers are filled. */
    private void awaitSync(int index) {
        if (index < listed.size()) {
            listed.get(index).whenSynced(actor, () -> awaitSync(index + 1));
        } else {
            log.debug("Scheduling for {}", profiles.keySet());
            running = true;
            proceed();
        }
    }

    /** Runs a task once the cache holds a state of a node. */
    void whenKnown(Node node, Runnable task) {
        nodes.whenSeen(node.getMetadata().getResourceVersion(), actor, task);
    }

    /** Copies the cluster as it is known now; the copy is another thread's to use. */
    CompletionStage<WhatIf> whatIf(long seed) {
        CompletableFuture<WhatIf> copied = new CompletableFuture<>();
        actor.execute(() -> {
            try {
                SeededChance own = new SeededChance(seed);
                SandboxWorld world = new SandboxWorld(
                        cache.copy(), nominations.copy(), InstantSource.fixed(kernel.instant()), own, extenders);
                asked.values().forEach(informer -> informer.list().forEach(world::know));
                copied.complete(new WhatIf(definitions, world, own, scheduling.nextStartNodeIndex()));
            } catch (RuntimeException e) {
                copied.completeExceptionally(e);
            }
        });
        return copied;
    }

    @Override
    public void close() {
        informers.close();
        actor.close();
        binding.close();
        lanes.close();
        statusWriter.close();
        events.close();
        metrics.close();
    }

    /** After anything that may have changed the queue: sees to the next cycle and to the next timer. */
    private void proceed() {
        metrics.cached(cache.nodeCount(), cache.podCount(), cache.assumedCount());
        if (!running) {
            return;
        }
        if (!cyclePending && queue.hasNext()) {
            cyclePending = true;
            actor.execute(this::cycle);
        }
        Instant next = queue.nextFlush();
        if (next != null && (flushAt == null || next.isBefore(flushAt))) {
            if (flushTimer != null) {
                flushTimer.cancel();
            }
            flushAt = next;
            flushTimer = actor.schedule(Duration.between(kernel.instant(), next), this::flush);
        }
    }

    private void flush() {
        flushAt = null;
        flushTimer = null;
        queue.flush();
        proceed();
    }

    // -- the scheduling cycle ----------------------------------------------------------------------------------------

    private void cycle() {
        cyclePending = false;
        QueuedPod next = queue.pop();
        if (next != null) {
            try {
                schedule(next);
            } catch (RuntimeException e) {
                log.error("Scheduling pod {} failed", next.pod, e);
                Framework profile = profiles.get(next.pod.schedulerName());
                if (profile != null) {
                    fail(
                            new Attempt(profile, next, new CycleState()),
                            Status.error(String.valueOf(e.getMessage())),
                            "");
                }
            }
        }
        proceed();
    }

    private void schedule(QueuedPod queued) {
        PodInfo pod = queued.pod;
        Framework profile = profiles.get(pod.schedulerName());
        if (profile == null || cache.isAssumed(pod.uid())) {
            queue.done(pod.uid());
            return;
        }
        if (pod.isTerminating()) {
            event(pod.pod(), "Warning", "FailedScheduling", "Scheduling", "skip schedule deleting pod: " + pod.key());
            queue.done(pod.uid());
            return;
        }
        cache.snapshot();
        Attempt attempt = new Attempt(profile, queued, new CycleState());
        PodScheduling.Result result = scheduling.schedule(profile, attempt.state(), pod);
        if (result.diagnosis() == null) {
            metrics.decided(queued);
        }
        if (result.nodeName() != null) {
            place(attempt, result.nodeName());
        } else if (result.diagnosis() != null) {
            unschedulable(attempt, result.diagnosis());
        } else {
            fail(attempt, result.error() == null ? Status.error("") : result.error(), "");
        }
    }

    private void unschedulable(Attempt attempt, Diagnosis diagnosis) {
        PodInfo pod = attempt.queued().pod;
        Instant began = attempt.profile().times().begin();
        PostFilterPlugin.Result result = attempt.profile().runPostFilter(attempt.state(), pod, diagnosis.nodes);
        attempt.profile()
                .times()
                .end(
                        ExtensionPointTimes.Point.PostFilter,
                        began,
                        result.status().code());
        metrics.decided(attempt.queued());
        diagnosis.postFilterMessage = result.status().message();
        attempt.queued().unschedulablePlugins.addAll(diagnosis.unschedulablePlugins);
        attempt.queued().pendingPlugins.addAll(diagnosis.pendingPlugins);
        String message = diagnosis.message(cache.snapshot().nodes().size());
        fail(attempt, Status.unschedulable(message), result.nominatedNode());
    }

    private void place(Attempt attempt, String nodeName) {
        PodInfo pod = attempt.queued().pod;
        String nominated = nominations.nodeOf(pod.uid());
        cache.assume(pod, nodeName);
        nominations.remove(pod.uid());
        if (!nominated.isEmpty() && !nominated.equals(nodeName)) {
            // nobody else tells of it: the API server only hears where the pod goes
            released(
                    pod,
                    nominated,
                    other -> other.priority() <= pod.priority() && !other.uid().equals(pod.uid()));
        }
        Instant began = attempt.profile().times().begin();
        Status reserved = attempt.profile().runReserve(attempt.state(), pod, nodeName);
        attempt.profile().times().end(ExtensionPointTimes.Point.Reserve, began, reserved.code());
        if (!reserved.isSuccess()) {
            turnedDown(attempt, nodeName, reserved);
            return;
        }
        binding.permit(attempt, nodeName, waitingPods);
    }

    /** A Reserve or Permit plugin has turned the pod down within its cycle, before any other pod could see that it was placed. */
    void turnedDown(Attempt attempt, String nodeName, Status status) {
        release(attempt, nodeName);
        fail(attempt, blamed(attempt, nodeName, status), "");
    }

    /** Undoes {@link #place}. */
    private void release(Attempt attempt, String nodeName) {
        attempt.profile().runUnreserve(attempt.state(), attempt.queued().pod, nodeName);
        cache.forget(attempt.queued().pod);
    }

    /** Makes a rejection after the choice of a node what it is to the user: one node that the pod can't have. */
    private static Status blamed(Attempt attempt, String nodeName, Status status) {
        if (!status.isRejected()) {
            return status;
        }
        Diagnosis diagnosis = new Diagnosis();
        diagnosis.nodes.put(nodeName, status);
        diagnosis.blame(status);
        attempt.queued().unschedulablePlugins.addAll(diagnosis.unschedulablePlugins);
        attempt.queued().pendingPlugins.addAll(diagnosis.pendingPlugins);
        return new Status(status.code(), List.of(diagnosis.message(1)), status.plugin());
    }

    // -- the outcome of an attempt, on the actor ---------------------------------------------------------------------

    /** All Permit plugins have let the pod through: from here on it can fail, but not be unschedulable. */
    void permitted(Attempt attempt) {
        queue.done(attempt.queued().pod.uid());
    }

    /** A pod is being bound in more than a moment: shows where it goes. */
    void announce(Attempt attempt, String nodeName) {
        statusWriter.nominate(attempt.queued().pod, nodeName);
    }

    /**
     * Nothing that is still to be said of a pod's status holds any more, for it is being bound.
     *
     * @param lane where to go on if something is being written now
     * @param then run when nothing of the kind will be written any more; at once, unless something is being written
     */
    void settleStatus(PodInfo pod, Actor lane, Runnable then) {
        if (statusWriter.withdraw(pod)) {
            statusWriter.execute(() -> lane.execute(then));
        } else {
            then.run();
        }
    }

    void bound(Attempt attempt, String nodeName) {
        metrics.scheduled(attempt.queued(), attempt.profile().schedulerName());
        PodInfo pod = attempt.queued().pod;
        event(pod.pod(), "Normal", "Scheduled", "Binding", "Successfully assigned " + pod.key() + " to " + nodeName);
        attempt.profile().runPostBind(attempt.state(), pod, nodeName);
    }

    /** A Permit plugin has turned down a pod that it held. */
    void notPermitted(Attempt attempt, String nodeName, Status status) {
        PodInfo pod = attempt.queued().pod;
        release(attempt, nodeName);
        fail(attempt, blamed(attempt, nodeName, status), "");
        // not before: its own release is no reason for the pod to be tried again
        released(pod, nodeName, other -> !other.uid().equals(pod.uid()));
        proceed();
    }

    /** PreBind or Bind has failed: whatever it says, the pod is tried again after a back-off. */
    void notBound(Attempt attempt, String nodeName, Status status) {
        release(attempt, nodeName);
        released(attempt.queued().pod, nodeName, other -> true);
        fail(attempt, status, "");
        proceed();
    }

    /** Room has become free that other pods may have been turned down for. */
    private void released(PodInfo pod, String nodeName, Predicate<PodInfo> whom) {
        Pod released = Json.copy(pod.pod());
        released.getSpec().setNodeName(nodeName);
        queue.happened(ClusterChanges.ASSIGNED_POD_DELETE, released, null, whom);
    }

    /**
     * Puts a pod back and says why.
     *
     * @param nominated null leaves the pod's nominated node alone, empty clears it
     */
    private void fail(Attempt attempt, Status status, @Nullable String nominated) {
        QueuedPod queued = attempt.queued();
        metrics.failed(queued, attempt.profile().schedulerName(), status.isRejected());
        Pod latest = pods.find(queued.pod.namespace(), queued.pod.name()).orElse(null);
        if (latest == null
                || !queued.pod.uid().equals(latest.getMetadata().getUid())
                || ClusterChanges.isAssigned(latest)) {
            queue.done(queued.pod.uid());
            return;
        }
        if (latest != queued.pod.pod()) {
            queued.pod = PodInfo.of(latest);
        }
        queue.addUnschedulable(queued);
        String node = nominated == null ? queued.pod.nominatedNodeName() : nominated;
        nominations.put(queued.pod, node);
        String message = status.message();
        event(queued.pod.pod(), "Warning", "FailedScheduling", "Scheduling", truncated(message));
        statusWriter.unscheduled(
                queued.pod, status.isRejected() ? "Unschedulable" : "SchedulerError", message, nominated);
    }

    private static String truncated(String note) {
        int max = 1024;
        String suffix = " ...";
        return note.length() <= max ? note : note.substring(0, max - suffix.length()) + suffix;
    }

    // -- what happens in the cluster ---------------------------------------------------------------------------------

    private final class NodeHandler implements InformerHandler<Node> {
        @Override
        public void onAdd(Node node) {
            cache.addNode(node);
            happened(ClusterChanges.NODE_ADD, null, node);
        }

        @Override
        public void onUpdate(Node old, Node node) {
            cache.updateNode(node);
            for (ClusterEvent event : ClusterChanges.ofNode(old, node)) {
                queue.happened(event, old, node);
            }
            proceed();
        }

        @Override
        public void onDelete(Node node) {
            cache.removeNode(node);
            happened(ClusterChanges.NODE_DELETE, node, null);
        }
    }

    private void happened(ClusterEvent event, @Nullable HasMetadata before, @Nullable HasMetadata after) {
        queue.happened(event, before, after);
        proceed();
    }

    /** Hears of objects that only matter as events. */
    private final class ObjectHandler<T extends HasMetadata> implements InformerHandler<T> {
        @Override
        public void onAdd(T object) {
            changed(null, object);
        }

        @Override
        public void onUpdate(T old, T object) {
            changed(old, object);
        }

        @Override
        public void onDelete(T object) {
            changed(object, null);
        }

        private void changed(@Nullable HasMetadata before, @Nullable HasMetadata after) {
            for (ClusterEvent event : ClusterChanges.of(before, after)) {
                queue.happened(event, before, after);
            }
            proceed();
        }
    }

    private final class PodHandler implements InformerHandler<Pod> {
        @Override
        public void onAdd(Pod pod) {
            PodInfo info = PodInfo.of(pod);
            if (ClusterChanges.isAssigned(pod)) {
                cache.addPod(info);
                happened(ClusterChanges.ASSIGNED_POD_ADD, null, pod);
            } else if (isOurs(info)) {
                queue.add(info);
                proceed();
            }
        }

        @Override
        public void onUpdate(Pod old, Pod pod) {
            PodInfo before = known(old);
            PodInfo info = before.later(pod);
            if (ClusterChanges.isAssigned(pod)) {
                if (ClusterChanges.isAssigned(old)) {
                    cache.updatePod(info);
                    for (ClusterEvent event : ClusterChanges.ofPod(before, info, true)) {
                        queue.happened(event, old, pod);
                    }
                } else {
                    queue.delete(info);
                    cache.addPod(info);
                    queue.happened(ClusterChanges.ASSIGNED_POD_ADD, null, pod);
                }
                proceed();
            } else if (isOurs(info)) {
                if (!cache.isAssumed(info.uid())) {
                    queue.update(before, info);
                    denominated(before, info.nominatedNodeName());
                } else if (info.isTerminating() && !before.isTerminating()) {
                    assumedPodGoes(info);
                }
                proceed();
            }
        }

        @SuppressWarnings("ReferenceEquality")
        private PodInfo known(Pod pod) {
            PodInfo known = cache.pod(String.valueOf(pod.getMetadata().getUid()));
            return known != null && known.pod() == pod ? known : PodInfo.of(pod);
        }

        @Override
        public void onDelete(Pod pod) {
            PodInfo info = known(pod);
            if (ClusterChanges.isAssigned(pod)) {
                cache.removePod(info);
                happened(ClusterChanges.ASSIGNED_POD_DELETE, pod, null);
            } else if (isOurs(info)) {
                queue.delete(info);
                if (cache.isAssumed(info.uid())) {
                    assumedPodGoes(info);
                } else {
                    denominated(info, "");
                }
                proceed();
            }
        }
    }

    /** A pod no longer has the nominated node that it had, where it stood in the way of pods that are not more important. */
    private void denominated(PodInfo before, String nominated) {
        if (!before.nominatedNodeName().isEmpty() && !before.nominatedNodeName().equals(nominated)) {
            queue.happened(
                    ClusterChanges.ASSIGNED_POD_DELETE,
                    before.pod(),
                    null,
                    other -> other.priority() <= before.priority());
        }
    }

    /**
     * A pod is deleted that has a node, of which the API server has not told yet. It gives up its room at once, be it that it is held or
     * being bound, which is bound to fail, or that its binding and its end have come as one.
     */
    private void assumedPodGoes(PodInfo pod) {
        String nodeName = cache.nodeOf(pod.uid());
        if (!waitingPods.reject(pod.uid(), "removed")) {
            cache.forget(pod);
        }
        if (nodeName != null) {
            released(pod, nodeName, other -> true);
        }
    }

    private boolean isOurs(PodInfo pod) {
        return profiles.containsKey(pod.schedulerName());
    }

    // -- what plugins reach ------------------------------------------------------------------------------------------

    @Override
    public NodeSnapshot snapshot() {
        return cache.view();
    }

    @Override
    public SharedState shared() {
        return shared;
    }

    @Override
    public <T extends HasMetadata> Lister<T> lister(Class<T> type) {
        if (running) {
            throw new IllegalStateException("listers are to be asked for while the plugin is created");
        }
        Informer<T> informer = informer(type);
        listed.add(informer);
        asked.put(type, informer);
        return new Lister<>() {
            @Override
            public @Nullable T get(@Nullable String namespace, String name) {
                return informer.find(namespace, name).orElse(null);
            }

            @Override
            public List<T> list(@Nullable String namespace) {
                return namespace == null ? informer.list() : informer.list(namespace);
            }

            @Override
            public Index<T> index(String name, Function<? super T, ? extends Collection<String>> keys) {
                informer.addIndex(name, keys);
                return new Index<>() {
                    @Override
                    public List<T> get(String key) {
                        return informer.byIndex(name, key);
                    }

                    @Override
                    public long position() {
                        return informer.indexPosition(name);
                    }

                    @Override
                    public @Nullable List<String> changed(long position) {
                        return informer.indexChanges(name, position);
                    }
                };
            }

            @Override
            public Object version() {
                return String.valueOf(informer.lastSyncResourceVersion());
            }
        };
    }

    /** Of pods the scheduler has those that have not ended, and no others. */
    @SuppressWarnings("unchecked")
    private <T extends HasMetadata> Informer<T> informer(Class<T> type) {
        return type == Pod.class ? (Informer<T>) pods : informers.of(type);
    }

    @Override
    public Client client() {
        return client;
    }

    @Override
    public InstantSource clock() {
        return kernel;
    }

    @Override
    public Meters meters() {
        return kernel.meters();
    }

    @Override
    public RandomGenerator random() {
        return chance;
    }

    @Override
    public void runAsync(Runnable task) {
        statusWriter.execute(task);
    }

    @Override
    public void runConcurrently(Runnable task) {
        lanes.execute(task);
    }

    @Override
    public void runInCycle(Runnable task) {
        actor.execute(() -> {
            task.run();
            proceed();
        });
    }

    @Override
    public void runInCycleAfter(Duration delay, Runnable task) {
        actor.schedule(delay, () -> {
            task.run();
            proceed();
        });
    }

    @Override
    public List<SchedulerExtender> extenders() {
        return extenders;
    }

    @Override
    public void sideBySide(List<Runnable> tasks) {
        if (tasks.size() == 1) {
            tasks.get(0).run();
        } else {
            kernel.await(CompletableFuture.allOf(tasks.stream()
                    .map(task -> CompletableFuture.runAsync(task, kernel.blocking()))
                    .toArray(CompletableFuture<?>[]::new)));
        }
    }

    @Override
    public @Nullable PodInfo podOnNode(String uid) {
        return cache.pod(uid);
    }

    @Override
    public Nominations nominations() {
        return nominations;
    }

    @Override
    public List<WaitingPod> waitingPods() {
        return waitingPods.list();
    }

    @Override
    public void activate(Collection<PodInfo> wanted) {
        queue.activate(wanted);
        proceed();
    }

    @Override
    public void event(Pod pod, String type, String reason, String action, String note) {
        events.record(pod, type, reason, action, note);
    }

    /** The names of the profiles. */
    Set<String> profileNames() {
        return profiles.keySet();
    }

    Actor actor() {
        return actor;
    }
}
