package dev.amphora.scheduler;

import dev.amphora.client.Client;
import dev.amphora.kernel.Meters;
import dev.amphora.scheduler.framework.BindPlugin;
import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.Handle;
import dev.amphora.scheduler.framework.Lister;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeLocal;
import dev.amphora.scheduler.framework.NodeSelection;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.NodeStatuses;
import dev.amphora.scheduler.framework.PermitPlugin;
import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.PostBindPlugin;
import dev.amphora.scheduler.framework.PostFilterPlugin;
import dev.amphora.scheduler.framework.PreBindPlugin;
import dev.amphora.scheduler.framework.PreEnqueuePlugin;
import dev.amphora.scheduler.framework.PreFilterPlugin;
import dev.amphora.scheduler.framework.QueueSortPlugin;
import dev.amphora.scheduler.framework.ReleasingPlugin;
import dev.amphora.scheduler.framework.ReservePlugin;
import dev.amphora.scheduler.framework.SchedulerExtender;
import dev.amphora.scheduler.framework.ScorePlugin;
import dev.amphora.scheduler.framework.Status;
import dev.amphora.scheduler.framework.WaitingPod;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The plugins of one profile, and how they are run. Belongs to the scheduler's actor, except for the binding cycle's part. */
final class Framework implements Handle {
    private static final Logger log = LoggerFactory.getLogger(Framework.class);
    private static final CycleState.Key<Skips> SKIPS = new CycleState.Key<>(Skips.class);
    private static final boolean[] NO_SKIPS = new boolean[0];

    private final String schedulerName;
    private final Host host;
    private final Meters meters;
    private final ExtensionPointTimes times;
    private final Extenders extenders;
    private final int percentageOfNodesToScore;
    private final ProfilePlugins plugins;
    private final List<PreEnqueuePlugin> preEnqueue;
    private final List<ReleasingPlugin> releasing;
    private final List<QueueSortPlugin> queueSort;
    private final List<PreFilterPlugin> preFilter;
    private final List<FilterPlugin> filter;
    private final List<PostFilterPlugin> postFilter;
    private final Scoring scoring;
    private final List<ReservePlugin> reserve;
    private final List<PermitPlugin> permit;
    private final List<PreBindPlugin> preBind;
    private final List<BindPlugin> bind;
    private final List<PostBindPlugin> postBind;
    private final List<Tracking> tracking;

    /** What all profiles of one scheduler share. */
    interface Host {
        NodeSnapshot snapshot();

        <T extends HasMetadata> Lister<T> lister(Class<T> type);

        SharedState shared();

        Client client();

        InstantSource clock();

        /** Where the plugins measure themselves; nobody looks unless there is a kernel. */
        default Meters meters() {
            return new Meters();
        }

        RandomGenerator random();

        void runAsync(Runnable task);

        void runConcurrently(Runnable task);

        void runInCycle(Runnable task);

        void runInCycleAfter(Duration delay, Runnable task);

        @Nullable PodInfo podOnNode(String uid);

        Nominations nominations();

        List<WaitingPod> waitingPods();

        void activate(Collection<PodInfo> pods);

        /** Who has a say beside the plugins, in the order in which they are asked. */
        default List<SchedulerExtender> extenders() {
            return List.of();
        }

        /** Runs tasks that may wait for something outside, and waits for all of them. */
        default void sideBySide(List<Runnable> tasks) {
            tasks.forEach(Runnable::run);
        }

        void event(Pod pod, String type, String reason, String action, String note);
    }

    /** A plugin that follows pods which come and go in a dry run, and its index among the Filter plugins, -1 if it has none. */
    private record Tracking(PreFilterPlugin plugin, int filter) {}

    /** Which Filter plugins have nothing to do for a pod. Never changes. */
    private record Skips(boolean[] filter) implements CycleState.State {
        @Override
        public Skips copy() {
            return this;
        }
    }

    Framework(Profile profile, Host host) {
        this.schedulerName = profile.schedulerName();
        this.host = host;
        this.meters = host.meters();
        this.times = new ExtensionPointTimes(meters, host.clock(), schedulerName);
        this.extenders = new Extenders(host.extenders(), host::sideBySide);
        this.percentageOfNodesToScore = profile.percentageOfNodesToScore();
        plugins = new ProfilePlugins(profile, this, extenders.ignoredResources());
        preEnqueue = plugins.at(PreEnqueuePlugin.class);
        releasing = preEnqueue.stream()
                .filter(ReleasingPlugin.class::isInstance)
                .map(ReleasingPlugin.class::cast)
                .toList();
        queueSort = plugins.at(QueueSortPlugin.class);
        preFilter = plugins.at(PreFilterPlugin.class);
        filter = plugins.at(FilterPlugin.class);
        postFilter = plugins.at(PostFilterPlugin.class);
        scoring = new Scoring(plugins);
        reserve = plugins.at(ReservePlugin.class);
        permit = plugins.at(PermitPlugin.class);
        preBind = plugins.at(PreBindPlugin.class);
        bind = plugins.at(BindPlugin.class);
        postBind = plugins.at(PostBindPlugin.class);
        tracking = preFilter.stream()
                .filter(PreFilterPlugin::tracksPods)
                .map(plugin -> new Tracking(
                        plugin, plugin instanceof FilterPlugin ? filter.indexOf((FilterPlugin) plugin) : -1))
                .toList();
    }

    ExtensionPointTimes times() {
        return times;
    }

    List<Plugin> plugins() {
        return plugins.all();
    }

    /** The plugins at each extension point, by the point's name in a configuration. */
    Map<String, List<? extends Plugin>> points() {
        return plugins.points();
    }

    int weight(String plugin) {
        return plugins.weight(plugin);
    }

    List<PreEnqueuePlugin> preEnqueuePlugins() {
        return preEnqueue;
    }

    List<PostFilterPlugin> postFilterPlugins() {
        return postFilter;
    }

    List<FilterPlugin> filterPlugins() {
        return filter;
    }

    List<PreFilterPlugin> preFilterPlugins() {
        return preFilter;
    }

    List<ScorePlugin> scorePlugins() {
        return scoring.plugins();
    }

    QueueSortPlugin queueSortPlugin() {
        return queueSort.get(0);
    }

    int percentageOfNodesToScore() {
        return percentageOfNodesToScore;
    }

    /** Whether more than one node has to be found, so that the best can be chosen. */
    boolean comparesNodes() {
        return !scoring.plugins().isEmpty() || extenders.compareNodes();
    }

    /** The extenders of the scheduler. */
    Extenders askedExtenders() {
        return extenders;
    }

    /** Those PreEnqueue plugins that say when they let go of a pod. */
    List<ReleasingPlugin> releasingPlugins() {
        return releasing;
    }

    /** The first PreEnqueue plugin's refusal, null if none refuses. */
    @Nullable Status runPreEnqueue(PodInfo pod) {
        for (int i = 0; i < preEnqueue.size(); i++) {
            PreEnqueuePlugin plugin = preEnqueue.get(i);
            Status status = plugin.preEnqueue(pod);
            if (!status.isSuccess()) {
                return status.withPlugin(plugin.name());
            }
        }
        return null;
    }

    /**
     * The outcome of PreFilter.
     *
     * @param status of the whole
     * @param nodeNames the only nodes that come into question, null for all
     * @param narrowing the plugins that named nodes
     */
    record PreFilterOutcome(Status status, @Nullable Set<String> nodeNames, Set<String> narrowing) {}

    PreFilterOutcome runPreFilter(CycleState state, PodInfo pod) {
        List<NodeInfo> nodes = snapshot().nodes();
        boolean[] skipped = new boolean[filter.size()];
        Set<String> names = null;
        Set<String> narrowing = new TreeSet<>();
        Status verdict = Status.success();
        for (int i = 0; i < preFilter.size(); i++) {
            PreFilterPlugin plugin = preFilter.get(i);
            PreFilterPlugin.Result result = runPreFilter(plugin, state, pod, nodes);
            Status status = result.status();
            if (status.isSkip()) {
                int index = plugin instanceof FilterPlugin ? filter.indexOf((FilterPlugin) plugin) : -1;
                if (index >= 0) {
                    skipped[index] = true;
                }
                continue;
            }
            if (status.code() == Status.Code.UNSCHEDULABLE_AND_UNRESOLVABLE) {
                return new PreFilterOutcome(status.withPlugin(plugin.name()), null, Set.of());
            }
            if (status.isRejected()) {
                verdict = status.withPlugin(plugin.name());
                continue;
            }
            if (!status.isSuccess()) {
                return new PreFilterOutcome(status, null, narrowing);
            }
            if (result.nodeNames() != null) {
                narrowing.add(plugin.name());
                if (names == null) {
                    names = new TreeSet<>(result.nodeNames());
                } else {
                    names.retainAll(result.nodeNames());
                }
                if (names.isEmpty()) {
                    String reason = narrowing.size() == 1
                            ? "node(s) didn't satisfy plugin " + plugin.name()
                            : "node(s) didn't satisfy plugin(s) [" + String.join(" ", narrowing) + "] simultaneously";
                    return new PreFilterOutcome(Status.unresolvable(reason), names, narrowing);
                }
            }
        }
        state.put(SKIPS, new Skips(skipped));
        return new PreFilterOutcome(verdict, names, narrowing);
    }

    /** What one PreFilter plugin says; if it fails, in the words in which that is told. */
    static PreFilterPlugin.Result runPreFilter(
            PreFilterPlugin plugin, CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        try {
            PreFilterPlugin.Result result = plugin.preFilter(state, pod, nodes);
            Status status = result.status();
            if (status.isSuccess() || status.isSkip() || status.isRejected()) {
                return result;
            }
            Status error = Status.error("running PreFilter plugin \"" + plugin.name() + "\": " + status.message());
            return PreFilterPlugin.Result.of(error.withPlugin(plugin.name()));
        } catch (RuntimeException e) {
            return PreFilterPlugin.Result.of(failure("running PreFilter plugin \"%s\": ", plugin, e));
        }
    }

    /** What it means that a plugin has thrown something; the prefix takes its name. */
    static Status failure(String prefix, Plugin plugin, RuntimeException e) {
        log.warn("Plugin {} failed", plugin.name(), e);
        return Status.error(prefix.formatted(plugin.name()) + e.getMessage()).withPlugin(plugin.name());
    }

    /** Whether a plugin's Filter is left out for the pod. */
    boolean skipsFilter(CycleState state, int index) {
        Skips skips = state.get(SKIPS);
        return skips != null && skips.filter.length > index && skips.filter[index];
    }

    /** The first Filter plugin's refusal, or success. */
    Status runFilter(CycleState state, PodInfo pod, NodeInfo node) {
        Skips skips = state.get(SKIPS);
        boolean[] skipped = skips == null ? NO_SKIPS : skips.filter;
        for (int i = 0; i < filter.size(); i++) {
            if (i < skipped.length && skipped[i]) {
                continue;
            }
            Status status = runFilter(state, pod, node, i);
            if (!status.isSuccess()) {
                return status;
            }
        }
        return Status.success();
    }

    /** What one Filter plugin says, by its index. */
    Status runFilter(CycleState state, PodInfo pod, NodeInfo node, int index) {
        FilterPlugin plugin = filter.get(index);
        try {
            Status status = plugin.filter(state, pod, node);
            return status.isSuccess() ? status : refusal(plugin, status);
        } catch (RuntimeException e) {
            return failed(plugin, e);
        }
    }

    /** What it means that a Filter plugin has thrown something. */
    static Status failed(FilterPlugin plugin, RuntimeException e) {
        return failure("running \"%s\" filter plugin: ", plugin, e);
    }

    /** What a Filter plugin has said that is no success, in its name. */
    static Status refusal(FilterPlugin plugin, Status status) {
        return status.isRejected()
                ? status.withPlugin(plugin.name())
                : Status.error("running \"" + plugin.name() + "\" filter plugin: " + status.message())
                        .withPlugin(plugin.name());
    }

    Nominations nominations() {
        return host.nominations();
    }

    /** Whether one of the pods nominated to a node, of the same or a higher priority, counts for another pod. */
    static boolean isCrowdedBy(List<PodInfo> nominated, PodInfo pod) {
        for (PodInfo each : nominated) {
            if (each.priority() >= pod.priority() && !each.uid().equals(pod.uid())) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Status filterWithNominatedPods(CycleState state, PodInfo pod, NodeInfo node) {
        if (host.nominations().isEmpty()) {
            return runFilter(state, pod, node);
        }
        CycleState withNominated = null;
        NodeInfo crowded = node;
        for (PodInfo nominated : host.nominations().on(node.name())) {
            if (nominated.priority() >= pod.priority() && !nominated.uid().equals(pod.uid())) {
                withNominated = withNominated == null ? state.copy() : withNominated;
                crowded = crowded.plus(nominated);
                Status added = preFilterAddPod(withNominated, pod, nominated, crowded);
                if (!added.isSuccess()) {
                    return added;
                }
            }
        }
        if (withNominated != null) {
            Status status = runFilter(withNominated, pod, crowded);
            if (!status.isSuccess()) {
                return status;
            }
        }
        return runFilter(state, pod, node);
    }

    @Override
    public boolean filtersByNode(CycleState state, PodInfo pod) {
        for (int i = 0; i < filter.size(); i++) {
            if (!skipsFilter(state, i)
                    && !(filter.get(i) instanceof NodeLocal plugin && plugin.isNodeLocal(state, pod))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public Status preFilterAddPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
        return track(state, pod, added, node, true);
    }

    @Override
    public Status preFilterRemovePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
        return track(state, pod, removed, node, false);
    }

    private Status track(CycleState state, PodInfo pod, PodInfo other, NodeInfo node, boolean add) {
        for (int i = 0; i < tracking.size(); i++) {
            PreFilterPlugin plugin = tracking.get(i).plugin;
            if (tracking.get(i).filter >= 0 && skipsFilter(state, tracking.get(i).filter)) {
                continue;
            }
            Status status = add ? plugin.addPod(state, pod, other, node) : plugin.removePod(state, pod, other, node);
            if (!status.isSuccess()) {
                return Status.error("running " + (add ? "AddPod" : "RemovePod") + " on PreFilter plugin \""
                                + plugin.name() + "\": " + status.message())
                        .withPlugin(plugin.name());
            }
        }
        return Status.success();
    }

    PostFilterPlugin.Result runPostFilter(CycleState state, PodInfo pod, NodeStatuses statuses) {
        return runPostFilter(state, pod, statuses, false);
    }

    /** What {@link #runPostFilter} would answer, without effects. */
    PostFilterPlugin.Result rehearsePostFilter(CycleState state, PodInfo pod, NodeStatuses statuses) {
        return runPostFilter(state, pod, statuses, true);
    }

    private PostFilterPlugin.Result runPostFilter(
            CycleState state, PodInfo pod, NodeStatuses statuses, boolean rehearsal) {
        List<String> reasons = new ArrayList<>();
        String nominated = null;
        String rejector = null;
        for (PostFilterPlugin plugin : postFilter) {
            PostFilterPlugin.Result result;
            try {
                result = rehearsal ? plugin.rehearse(state, pod, statuses) : plugin.postFilter(state, pod, statuses);
            } catch (RuntimeException e) {
                log.debug("PostFilter plugin {} failed", plugin.name(), e);
                return PostFilterPlugin.Result.of(
                        Status.error(String.valueOf(e.getMessage())).withPlugin(plugin.name()));
            }
            Status status = result.status();
            if (status.isSuccess() || status.code() == Status.Code.UNSCHEDULABLE_AND_UNRESOLVABLE) {
                return new PostFilterPlugin.Result(status.withPlugin(plugin.name()), result.nominatedNode());
            }
            if (!status.isRejected()) {
                return PostFilterPlugin.Result.of(status.withPlugin(plugin.name()));
            }
            if (result.nominatedNode() != null) {
                nominated = result.nominatedNode();
            }
            reasons.addAll(status.reasons());
            rejector = rejector == null ? plugin.name() : rejector;
        }
        return new PostFilterPlugin.Result(new Status(Status.Code.UNSCHEDULABLE, reasons, rejector), nominated);
    }

    /** Whether a plugin's Score is left out for the pod. */
    boolean skipsScore(CycleState state, int index) {
        return scoring.skips(state, index);
    }

    Status runPreScore(CycleState state, PodInfo pod, List<NodeInfo> nodes) {
        return scoring.prepare(state, pod, nodes);
    }

    /** Scores nodes; says the parts to a listener, if there is one. */
    Status runScore(
            CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] totals, Scoring.@Nullable Listener listener) {
        return scoring.run(state, pod, nodes, totals, listener);
    }

    /** Scores nodes of which something is known. */
    Status runScore(CycleState state, PodInfo pod, NodeSelection nodes, long[] totals, PodClass known) {
        return scoring.run(state, pod, nodes, totals, known);
    }

    Status runReserve(CycleState state, PodInfo pod, String nodeName) {
        for (ReservePlugin plugin : reserve) {
            Status status;
            try {
                status = plugin.reserve(state, pod, nodeName);
            } catch (RuntimeException e) {
                return failure("running Reserve plugin \"%s\": ", plugin, e);
            }
            if (!status.isSuccess()) {
                return status.isRejected()
                        ? status.withPlugin(plugin.name())
                        : Status.error("running Reserve plugin \"" + plugin.name() + "\": " + status.message())
                                .withPlugin(plugin.name());
            }
        }
        return Status.success();
    }

    void runUnreserve(CycleState state, PodInfo pod, String nodeName) {
        for (int i = reserve.size() - 1; i >= 0; i--) {
            try {
                reserve.get(i).unreserve(state, pod, nodeName);
            } catch (RuntimeException e) {
                log.error("Unreserve of plugin {} failed", reserve.get(i).name(), e);
            }
        }
    }

    List<PermitPlugin> permitPlugins() {
        return permit;
    }

    List<PreBindPlugin> preBindPlugins() {
        return preBind;
    }

    Status runBind(CycleState state, PodInfo pod, String nodeName) {
        Status byExtender = extenders.bind(pod, nodeName);
        if (byExtender != null) {
            return byExtender;
        }
        for (BindPlugin plugin : bind) {
            Status status;
            try {
                status = plugin.bind(state, pod, nodeName);
            } catch (RuntimeException e) {
                return failure("running Bind plugin \"%s\": ", plugin, e);
            }
            if (status.isSkip()) {
                continue;
            }
            if (status.isSuccess() || status.isRejected()) {
                return status.withPlugin(plugin.name());
            }
            return Status.error("running Bind plugin \"" + plugin.name() + "\": " + status.message())
                    .withPlugin(plugin.name());
        }
        return Status.skip();
    }

    void runPostBind(CycleState state, PodInfo pod, String nodeName) {
        for (PostBindPlugin plugin : postBind) {
            try {
                plugin.postBind(state, pod, nodeName);
            } catch (RuntimeException e) {
                log.error("PostBind of plugin {} failed", plugin.name(), e);
            }
        }
    }

    @Override
    public String schedulerName() {
        return schedulerName;
    }

    @Override
    public NodeSnapshot snapshot() {
        return host.snapshot();
    }

    @Override
    public <T extends HasMetadata> Lister<T> lister(Class<T> type) {
        return host.lister(type);
    }

    @Override
    public <T> T shared(Class<T> type, Supplier<T> first) {
        return host.shared().of(type, first);
    }

    @Override
    public Client client() {
        return host.client();
    }

    @Override
    public InstantSource clock() {
        return host.clock();
    }

    @Override
    public Meters meters() {
        return meters;
    }

    @Override
    public RandomGenerator random() {
        return host.random();
    }

    @Override
    public void runAsync(Runnable task) {
        host.runAsync(task);
    }

    @Override
    public void runConcurrently(Runnable task) {
        host.runConcurrently(task);
    }

    @Override
    public void runInCycle(Runnable task) {
        host.runInCycle(task);
    }

    @Override
    public void runInCycleAfter(Duration delay, Runnable task) {
        host.runInCycleAfter(delay, task);
    }

    @Override
    public List<PodInfo> nominatedPods(String nodeName) {
        return host.nominations().on(nodeName);
    }

    @Override
    public String nominatedNode(PodInfo pod) {
        return host.nominations().nodeOf(pod.uid());
    }

    @Override
    public @Nullable PodInfo podOnNode(String uid) {
        return host.podOnNode(uid);
    }

    @Override
    public void clearNomination(PodInfo pod) {
        host.nominations().remove(pod.uid());
    }

    @Override
    public @Nullable WaitingPod waitingPod(String uid) {
        for (WaitingPod waiting : host.waitingPods()) {
            if (waiting.pod().uid().equals(uid)) {
                return waiting;
            }
        }
        return null;
    }

    @Override
    public List<WaitingPod> waitingPods() {
        return host.waitingPods();
    }

    @Override
    public List<SchedulerExtender> extenders() {
        return extenders.list();
    }

    @Override
    public void activate(Collection<PodInfo> pods) {
        host.activate(pods);
    }

    @Override
    public void event(Pod pod, String type, String reason, String action, String note) {
        host.event(pod, type, reason, action, note);
    }
}
