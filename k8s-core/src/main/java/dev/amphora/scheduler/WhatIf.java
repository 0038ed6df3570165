package dev.amphora.scheduler;

import dev.amphora.api.ResourceType;
import dev.amphora.api.StatusException;
import dev.amphora.client.Client;
import dev.amphora.client.ListOptions;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.PreEnqueuePlugin;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.plugins.DefaultPreemption;
import dev.amphora.scheduler.plugins.PreemptionPlan;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A cluster to try things in: schedule these pods, evict those, take a node out, and see what comes of it. It is a copy; nothing here
 * touches the cluster that it was made from, and nothing that happens there shows here.
 *
 * <p>Made by a running scheduler ({@link DefaultScheduler#whatIf}), or {@linkplain #of of objects} read elsewhere. A {@link #fork} is
 * tried in turn and then {@linkplain #commit committed} or forgotten. The same calls give the same answers. Not safe for concurrent use.
 */
public final class WhatIf {
    private static final String MIRROR = "kubernetes.io/config.mirror";

    private final Map<String, Profile> profiles;
    private final @Nullable WhatIf base;
    private final long baseVersion;
    private SandboxWorld world;
    private SeededChance chance;
    private Map<String, Framework> frameworks = Map.of();
    private PodScheduling scheduling;
    private Map<String, Reserved> reserved = new LinkedHashMap<>();
    private long version;
    private int unnamed;

    /** What plugins hold for a pod that was placed here. */
    private record Reserved(PodInfo pod, String nodeName, CycleState state) {}

    /**
     * What would become of a pod.
     *
     * @param pod its namespace and name, as {@code namespace/name}
     * @param nodeName where it would run; null if nowhere
     * @param victims the pods that would be preempted for it, as {@code namespace/name}
     * @param message why there is no node, in the words of the reference; null if there is one
     */
    public record Decision(String pod, @Nullable String nodeName, List<String> victims, @Nullable String message) {}

    /**
     * A copy.
     *
     * @param chance the world's
     * @param nextStart the place of the node at which the next search begins
     */
    WhatIf(Map<String, Profile> profiles, SandboxWorld world, SeededChance chance, int nextStart) {
        this(profiles, world, chance, nextStart, null);
    }

    private WhatIf(
            Map<String, Profile> profiles,
            SandboxWorld world,
            SeededChance chance,
            int nextStart,
            @Nullable WhatIf base) {
        this.chance = chance;
        this.profiles = profiles;
        this.world = world;
        this.base = base;
        this.baseVersion = base == null ? 0 : base.version;
        this.scheduling = new PodScheduling(world.random(), world.cache());
        scheduling.startAt(nextStart);
        Map<String, Framework> made = new LinkedHashMap<>();
        profiles.forEach((name, profile) -> made.put(name, new Framework(profile, world)));
        frameworks = made;
    }

    /**
     * A cluster of given objects.
     *
     * @param profiles how pods are scheduled, at least one
     * @param seed from which every choice among equals follows
     * @param objects nodes, pods and whatever plugins look at; pods with a node run there
     * @throws IllegalArgumentException if a profile can't be used, or there is none
     */
    public static WhatIf of(Collection<Profile> profiles, long seed, Collection<? extends HasMetadata> objects) {
        return of(profiles, List.of(), seed, objects);
    }

    /**
     * The same with extenders.
     *
     * @param extenders who has a say beside the plugins; they are not asked to bind
     * @throws IllegalArgumentException if a profile can't be used, or there is none, or several extenders bind pods
     */
    public static WhatIf of(
            Collection<Profile> profiles,
            Collection<? extends SchedulerExtender> extenders,
            long seed,
            Collection<? extends HasMetadata> objects) {
        if (profiles.isEmpty()) {
            throw new IllegalArgumentException("there is no profile");
        }
        Map<String, Profile> byName = new LinkedHashMap<>();
        profiles.forEach(profile -> byName.put(profile.schedulerName(), profile));
        SeededChance chance = new SeededChance(seed);
        SandboxWorld world = new SandboxWorld(InstantSource.fixed(Instant.EPOCH), chance, Extenders.inOrder(extenders));
        objects.forEach(world::put);
        return new WhatIf(byName, world, chance, 0);
    }

    /**
     * A cluster as its API server shows it now: nodes, pods, and every kind of object that the profiles' plugins look at.
     *
     * @param client reads only
     * @param profiles how pods are scheduled, at least one
     * @param seed from which every choice among equals follows
     * @throws dev.amphora.api.StatusException if something can't be read
     */
    public static WhatIf read(Client client, Collection<Profile> profiles, long seed) {
        return read(client, profiles, List.of(), seed);
    }

    /**
     * The same with extenders.
     *
     * @param extenders who has a say beside the plugins; they are not asked to bind
     * @throws dev.amphora.api.StatusException if something can't be read
     */
    public static WhatIf read(
            Client client, Collection<Profile> profiles, Collection<? extends SchedulerExtender> extenders, long seed) {
        WhatIf read = of(profiles, extenders, seed, List.of());
        for (Class<?> kind : read.world.kinds()) {
            if (kind == Node.class || kind == Pod.class) {
                continue;
            }
            ResourceType<? extends HasMetadata> type = ResourceType.of(kind.asSubclass(HasMetadata.class));
            try {
                client.list(type, null, ListOptions.all()).items().forEach(read.world::know);
            } catch (StatusException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
                // a server that doesn't serve a kind has no objects of it
            }
        }
        client.list(ResourceType.of(Node.class), null, ListOptions.all())
                .items()
                .forEach(read.world::put);
        client.list(ResourceType.of(Pod.class), null, ListOptions.all().withFields(SchedulerLoop.LIVE_PODS))
                .items()
                .forEach(read.world::put);
        return read;
    }

    // -- trying in turn ----------------------------------------------------------------------------------------------

    /** A copy to try more in. Forget it to drop what was tried, or {@link #commit} it. Costs as much as there are nodes and pods. */
    public WhatIf fork() {
        SeededChance own = chance.copy();
        WhatIf fork = new WhatIf(profiles, world.copy(own), own, scheduling.nextStartNodeIndex(), this);
        fork.unnamed = unnamed;
        reserved.values().forEach(each -> fork.reserve(each.pod(), each.nodeName()));
        return fork;
    }

    /**
     * Takes what was tried here over to where this was forked from.
     *
     * @throws IllegalStateException if this was not forked, or something else was tried there since
     */
    public void commit() {
        if (base == null) {
            throw new IllegalStateException("this was not forked");
        }
        if (base.version != baseVersion) {
            throw new IllegalStateException("something else was tried since this was forked");
        }
        base.world = world;
        base.chance = chance;
        base.frameworks = frameworks;
        base.scheduling = scheduling;
        base.reserved = reserved;
        base.unnamed = unnamed;
        base.version++;
    }

    // -- changes -----------------------------------------------------------------------------------------------------

    /** Puts an object in place of the one with the same name. A pod with a node runs there; one without is not scheduled by this. */
    public WhatIf put(HasMetadata object) {
        version++;
        world.put(object);
        return this;
    }

    /** Takes an object away; pods on a node that is taken away stay bound to it. */
    public WhatIf remove(HasMetadata object) {
        version++;
        world.remove(object);
        return this;
    }

    /**
     * Lets no more pods on a node.
     *
     * @throws IllegalArgumentException if there is no such node
     */
    public WhatIf cordon(String nodeName) {
        Node node = node(nodeName).node();
        put(new NodeBuilder(node)
                .editOrNewSpec()
                .withUnschedulable(true)
                .endSpec()
                .build());
        return this;
    }

    /**
     * Takes a pod off its node.
     *
     * @return the pod as it was, null if no pod of this name is on a node
     */
    public @Nullable Pod evict(String namespace, String name) {
        PodInfo pod = world.cache().find(namespace, name);
        if (pod == null) {
            return null;
        }
        evict(pod);
        return pod.pod();
    }

    private void evict(PodInfo pod) {
        version++;
        world.remove(pod.pod());
        Reserved held = reserved.remove(pod.uid());
        if (held != null) {
            framework(pod).runUnreserve(held.state(), pod, held.nodeName());
        }
    }

    /**
     * Cordons a node and evicts its pods, except those of daemon sets and static ones.
     *
     * @return the evicted pods, to be {@linkplain #schedule(Collection) scheduled} in place of those that their owners would make
     * @throws IllegalArgumentException if there is no such node
     */
    public List<Pod> drain(String nodeName) {
        List<PodInfo> all = List.copyOf(node(nodeName).pods());
        cordon(nodeName);
        List<Pod> evicted = new ArrayList<>();
        for (PodInfo pod : all) {
            if (!staysOnItsNode(pod.pod())) {
                evict(pod);
                evicted.add(pod.pod());
            }
        }
        return evicted;
    }

    private static boolean staysOnItsNode(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return (annotations != null && annotations.containsKey(MIRROR))
                || pod.getMetadata().getOwnerReferences().stream()
                        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
                        .map(OwnerReference::getKind)
                        .anyMatch("DaemonSet"::equals);
    }

    /** The names of the nodes in the order of the search. */
    public List<String> nodes() {
        return world.cache().snapshot().nodes().stream().map(NodeInfo::name).toList();
    }

    /**
     * The pods on a node, as {@code namespace/name}.
     *
     * @throws IllegalArgumentException if there is no such node
     */
    public List<String> podsOn(String nodeName) {
        return node(nodeName).pods().stream().map(PodInfo::key).sorted().toList();
    }

    private NodeInfo node(String name) {
        NodeInfo node = world.cache().snapshot().node(name);
        if (node == null) {
            throw new IllegalArgumentException("there is no node " + name);
        }
        return node;
    }

    // -- questions ---------------------------------------------------------------------------------------------------

    /**
     * What every plugin says of a pod and every node. A pod that is on a node is looked at as if it had to be placed now.
     *
     * @throws IllegalArgumentException if no profile has the pod's scheduler name, or one of its selectors makes no sense
     */
    public Explanation explain(Pod pod) {
        PodInfo info = waiting(pod);
        if (world.cache().nodeOf(info.uid()) != null) {
            WhatIf without = fork();
            without.evict(info);
            return without.explain(pod);
        }
        world.cache().snapshot();
        return Explainer.explain(framework(info), info);
    }

    /**
     * Schedules a pod and lets it run where it fits, in place of those that it preempts.
     *
     * @param pod if it is on a node, it is moved; without a uid or a name it is given one
     * @throws IllegalArgumentException if no profile has the pod's scheduler name, or one of its selectors makes no sense
     */
    public Decision schedule(Pod pod) {
        return schedule(waiting(pod));
    }

    /** Schedules pods in the order in which the queue would give them out. */
    public List<Decision> schedule(Collection<Pod> pods) {
        List<QueuedPod> queue = new ArrayList<>();
        for (Pod pod : pods) {
            queue.add(new QueuedPod(waiting(pod), Instant.EPOCH));
        }
        QueueSortPlugin sort = frameworks.values().iterator().next().queueSortPlugin();
        queue.sort(sort::compare);
        return queue.stream().map(queued -> schedule(queued.pod)).toList();
    }

    private Decision schedule(PodInfo pod) {
        version++;
        Framework framework = framework(pod);
        if (world.cache().nodeOf(pod.uid()) != null) {
            evict(pod);
        }
        for (PreEnqueuePlugin plugin : framework.preEnqueuePlugins()) {
            Status status = plugin.preEnqueue(pod);
            if (!status.isSuccess()) {
                return new Decision(pod.key(), null, List.of(), status.message());
            }
        }
        CycleState state = new CycleState();
        PodScheduling.Result result = search(framework, state, pod);
        Diagnosis diagnosis = result.diagnosis();
        if (diagnosis == null) {
            return placed(pod, result, List.of());
        }
        PostFilterPlugin.Result after = framework.rehearsePostFilter(state, pod, diagnosis.nodes);
        String nominated = after.status().isSuccess() ? after.nominatedNode() : null;
        if (nominated == null || nominated.isEmpty()) {
            diagnosis.postFilterMessage = after.status().message();
            return new Decision(
                    pod.key(),
                    null,
                    List.of(),
                    diagnosis.message(world.cache().view().nodes().size()));
        }
        List<PodInfo> victims = victims(state, nominated);
        victims.forEach(this::evict);
        PodInfo second = PodInfo.of(new PodBuilder(pod.pod())
                .editOrNewStatus()
                .withNominatedNodeName(nominated)
                .endStatus()
                .build());
        return placed(
                second,
                search(framework, new CycleState(), second),
                victims.stream().map(PodInfo::key).toList());
    }

    private PodScheduling.Result search(Framework framework, CycleState state, PodInfo pod) {
        world.cache().snapshot();
        return scheduling.schedule(framework, state, pod);
    }

    private Decision placed(PodInfo pod, PodScheduling.Result result, List<String> victims) {
        String message = null;
        if (result.nodeName() != null) {
            world.cache().assume(pod, result.nodeName());
            world.nominations().remove(pod.uid());
            Status status = reserve(pod, result.nodeName());
            if (status.isSuccess()) {
                return new Decision(pod.key(), result.nodeName(), victims, null);
            }
            world.cache().removePod(pod);
            message = status.message();
        } else if (result.diagnosis() != null) {
            message = result.diagnosis().message(world.cache().view().nodes().size());
        } else if (result.error() != null) {
            message = result.error().message();
        }
        return new Decision(pod.key(), null, victims, message);
    }

    /** Lets plugins hold volumes and devices for a pod; others hold nothing that its place on the node doesn't show. */
    private Status reserve(PodInfo pod, String nodeName) {
        if (pod.spec().getResourceClaims().isEmpty()
                && pod.spec().getVolumes().stream().noneMatch(WhatIf::isClaimed)) {
            return Status.success();
        }
        Framework framework = framework(pod);
        CycleState state = new CycleState();
        world.cache().forget(pod);
        world.cache().snapshot();
        Status status = framework.runPreFilter(state, pod).status();
        NodeInfo node = world.cache().view().node(nodeName);
        if (status.isSuccess() && node != null) {
            status = framework.filterWithNominatedPods(state, pod, node);
        }
        world.cache().assume(pod, nodeName);
        if (status.isSuccess()) {
            status = framework.runReserve(state, pod, nodeName);
            if (status.isSuccess()) {
                reserved.put(pod.uid(), new Reserved(pod, nodeName, state));
            } else {
                framework.runUnreserve(state, pod, nodeName);
            }
        }
        return status;
    }

    private static boolean isClaimed(Volume volume) {
        return volume.getPersistentVolumeClaim() != null || volume.getEphemeral() != null;
    }

    private static List<PodInfo> victims(CycleState state, String nodeName) {
        PreemptionPlan.Option chosen = DefaultPreemption.chosen(state);
        return chosen != null && chosen.nodeName().equals(nodeName) ? chosen.victims() : List.of();
    }

    private Framework framework(PodInfo pod) {
        Framework framework = frameworks.get(pod.schedulerName());
        if (framework == null) {
            throw new IllegalArgumentException(
                    "no profile is named " + pod.schedulerName() + ", which pod " + pod.key() + " asks for");
        }
        return framework;
    }

    /** A pod as it is before it has a node. */
    private PodInfo waiting(Pod pod) {
        String uid = pod.getMetadata().getUid();
        boolean placed = pod.getSpec() != null && pod.getSpec().getNodeName() != null;
        if (!placed && uid != null && pod.getMetadata().getName() != null) {
            return PodInfo.of(pod);
        }
        PodBuilder builder = new PodBuilder(pod);
        if (pod.getMetadata().getName() == null) {
            String prefix = Objects.requireNonNullElse(pod.getMetadata().getGenerateName(), "pod-");
            builder.editMetadata().withName(prefix + ++unnamed).endMetadata();
        }
        if (pod.getMetadata().getNamespace() == null) {
            builder.editMetadata().withNamespace("default").endMetadata();
        }
        if (uid == null) {
            builder.editMetadata().withUid("what-if-" + ++unnamed).endMetadata();
        }
        if (placed) {
            builder.editSpec().withNodeName(null).endSpec();
            builder.withStatus(null);
        }
        return PodInfo.of(builder.build());
    }
}
