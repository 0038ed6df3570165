package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.CycleState;
import dev.amphora.scheduler.framework.FilterPlugin;
import dev.amphora.scheduler.framework.LabelColumn;
import dev.amphora.scheduler.framework.NodeInfo;
import dev.amphora.scheduler.framework.NodeSelection;
import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodInfo;
import dev.amphora.scheduler.framework.Status;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * Finds nodes for pods whose class is known: those that are known to be refused cost nothing.
 *
 * <p>Takes nodes by blocks, never larger than what is still to be found and one, so that it comes to the same end as a search node by node and
 * no plugin is asked about a node that such a search would not have come to. Within a block it goes plugin by plugin. Belongs to the
 * scheduler's actor.
 */
final class NodeSearch {
    private static final int NAMED = -1;
    /** So many nodes are fetched together; what a plugin reads of them fits well into the nearest cache. */
    private static final int NEAR = 32;

    private final Domains domains = new Domains();
    private int[] found = new int[0];
    private int count;
    private NodeInfo[] nodes = new NodeInfo[0];
    private List<FilterPlugin> filters = List.of();
    private @Nullable NodeSnapshot snapshot;
    private int start;
    private int evaluated;

    /** Nodes that are looked at together, by their places. */
    private int[] block = new int[0];
    /** What is said of them; null if nothing speaks against them. */
    private @Nullable Status[] verdicts = new Status[0];
    /** Which plugin it is that said so, where that is still to be written into the answer, else {@link #NAMED}. */
    private int[] refusers = new int[0];
    /** Which of them are still in question. */
    private int[] open = new int[0];
    /** Whether a local plugin refuses any that was in question after these were looked at. */
    private boolean refusedLocally;

    /** Nodes that this search was told no about, by their places in the order of their turns, and the answers, not all of them in the plugin's name. */
    private int[] refused = new int[0];

    private @Nullable Status[] refusals = new Status[0];
    private int[] refusedBy = new int[0];
    private int refusedCount;

    private int next;
    private boolean wrapped;
    /** Of no use, but what is added here is really read. */
    private int fetched;

    /** The feasible nodes, in the order in which they were found. */
    NodeSelection feasible() {
        return new Found(nodes, found, count, domains);
    }

    /** How many nodes were looked at. */
    int evaluated() {
        return evaluated;
    }

    /**
     * Looks at nodes until one more than is needed is found feasible; that one doesn't count.
     *
     * @param from the place of the first
     * @param labels the version of the nodes' labels
     * @return what is broken; null if nothing is
     */
    @Nullable Status run(
            Framework framework,
            CycleState state,
            PodInfo pod,
            NodeSnapshot snapshot,
            PodClass known,
            int needed,
            int from,
            long labels) {
        this.snapshot = snapshot;
        nodes = NodeArray.of(snapshot.nodes());
        filters = framework.filterPlugins();
        int all = nodes.length;
        start = from;
        evaluated = all;
        count = 0;
        refusedCount = 0;
        ensureCapacity(all, needed);
        domains.begin(snapshot.nodes(), labels);
        int[] others = others(framework, state, known);
        @Nullable DomainAnswers[] answers = new DomainAnswers[others.length];
        for (int o = 0; o < others.length; o++) {
            answers[o] = known.answers(framework, state, pod, others[o], domains);
        }
        String nominated = framework.nominations().nodeOf(pod.uid());
        int own = nominated.isEmpty() ? -1 : snapshot.indexOf(nominated);
        known.forget(own);
        next = start;
        wrapped = false;
        while (true) {
            int size = fill(known, needed - count + 1, all);
            if (size == 0) {
                return null;
            }
            int asked = look(framework, state, pod, known, own, size);
            for (int o = 0; o < others.length && asked > 0; o++) {
                asked = ask(state, pod, known, others[o], answers[o], asked);
            }
            for (int i = 0; i < asked && refusedLocally; i++) {
                verdicts[open[i]] = known.localRefusal(block[open[i]]);
                refusers[open[i]] = NAMED;
            }
            for (int i = 0; i < size; i++) {
                int place = block[i];
                Status verdict = verdicts[i];
                if (verdict == null) {
                    if (count == needed) {
                        evaluated = before(place, all);
                        return null;
                    }
                    found[count++] = place;
                } else if (verdict.isRejected()) {
                    refused[refusedCount] = place;
                    refusals[refusedCount] = verdict;
                    refusedBy[refusedCount++] = refusers[i];
                } else {
                    evaluated = before(place, all);
                    return verdict;
                }
            }
        }
    }

    /** How many nodes have their turn before one. */
    private int before(int place, int all) {
        return place >= start ? place - start : all - start + place;
    }

    private void ensureCapacity(int all, int needed) {
        if (refusals.length < all) {
            refused = new int[all];
            refusals = new Status[all];
            refusedBy = new int[all];
        }
        if (found.length < needed) {
            found = new int[needed];
            block = new int[needed + 1];
            verdicts = new Status[needed + 1];
            refusers = new int[needed + 1];
            open = new int[needed + 1];
        }
    }

    /** Takes the next nodes that are not known to be refused by plugins whose word is final. */
    private int fill(PodClass known, int max, int all) {
        int size = 0;
        while (size < max) {
            int end = wrapped ? start : all;
            int place = next < end ? known.nextOpen(next) : -1;
            if (place < 0 || place >= end) {
                if (wrapped) {
                    break;
                }
                wrapped = true;
                next = 0;
                continue;
            }
            int until = Math.min(Math.min(end, known.endOfOpen(place)), place + max - size);
            while (place < until) {
                block[size++] = place++;
            }
            next = until;
        }
        return size;
    }

    /**
     * Has plugins that look at a node only asked what is not known yet.
     *
     * @param own the node that the pod itself is nominated to, -1 if there is none
     * @return how many of the block are left for the other plugins
     */
    private int look(Framework framework, CycleState state, PodInfo pod, PodClass known, int own, int size) {
        int left = 0;
        refusedLocally = false;
        for (int i = 0; i < size; i++) {
            int place = block[i];
            verdicts[i] = null;
            if (place == own || !known.isPassing(place)) {
                NodeInfo node = nodes[place];
                if (known.look(framework, state, pod, node, place, place == own)) {
                    Status whole = framework.filterWithNominatedPods(state, pod, node);
                    verdicts[i] = whole.isSuccess() ? null : whole;
                    refusers[i] = NAMED;
                    continue;
                }
                refusedLocally |= known.refusedBy(place) != PodClass.NONE;
            }
            open[left++] = i;
        }
        return left;
    }

    /**
     * Asks a plugin about those of the block that are left, as far as none before it refuses them; how many are left then. There are hundreds
     * of nodes for each pod, and few reasons are ever read, so that whose they are is not written here.
     *
     * @param answers what it has said by label values, null if it has to be asked about each node
     */
    private int ask(
            CycleState state, PodInfo pod, PodClass known, int index, @Nullable DomainAnswers answers, int asked) {
        FilterPlugin plugin = filters.get(index);
        NodeInfo[] all = nodes;
        int left = 0;
        int near = answers == null ? 0 : asked;
        for (int a = 0; a < asked; a++) {
            if (a == near) {
                near = Math.min(asked, near + NEAR);
                fetch(a, near);
            }
            int i = open[a];
            int place = block[i];
            if (refusedLocally && known.refusedBy(place) < index) {
                verdicts[i] = known.refusal(place);
                refusers[i] = NAMED;
                continue;
            }
            Status answer = answers == null ? null : answers.get(place);
            if (answer == null) {
                try {
                    answer = plugin.filter(state, pod, all[place]);
                    if (!answer.isSuccess() && (answers != null || !answer.isRejected())) {
                        answer = Framework.refusal(plugin, answer);
                    }
                } catch (RuntimeException e) {
                    answer = Framework.failed(plugin, e);
                }
                if (answers != null && (answer.isSuccess() || answer.isRejected())) {
                    answers.put(place, answer);
                }
            }
            if (answer.isSuccess()) {
                open[left++] = i;
            } else {
                verdicts[i] = answer;
                refusers[i] = index;
            }
        }
        return left;
    }

    /**
     * Reads of some of the block that are left what a plugin will read first. Nodes lie far apart in memory, and a plugin that is asked about one
     * waits for it; here nothing is done with what is read, so that the processor waits for many of them at once.
     */
    private void fetch(int from, int to) {
        int sum = 0;
        for (int a = from; a < to; a++) {
            sum += nodes[block[open[a]]].name().length();
        }
        fetched += sum;
    }

    /** The Filter plugins that have to be asked about every node. */
    private static int[] others(Framework framework, CycleState state, PodClass known) {
        int[] others = new int[framework.filterPlugins().size()];
        int count = 0;
        for (int i = 0; i < others.length; i++) {
            if (!framework.skipsFilter(state, i) && !known.isLocalFilter(i)) {
                others[count++] = i;
            }
        }
        return Arrays.copyOf(others, count);
    }

    /** Says of each node that was looked at why it is refused, in that order. */
    void diagnose(PodClass known, Diagnosis diagnosis) {
        known.askRest();
        if (evaluated == nodes.length && snapshot != null) {
            known.forEachAnswer((status, times) -> diagnosis.blame(status));
            diagnosis.nodes.keep(known, snapshot, start);
            for (int i = 0; i < refusedCount; i++) {
                if (known.isOpen(refused[i])) {
                    diagnosis.refuse(nodes[refused[i]], refused[i], refusal(i));
                }
            }
            return;
        }
        int all = nodes.length;
        int next = 0;
        for (int i = 0, place = start; i < evaluated; i++, place = place + 1 == all ? 0 : place + 1) {
            if (next < refusedCount && refused[next] == place) {
                diagnosis.refuse(nodes[place], place, refusal(next++));
            } else if (!known.isOpen(place)) {
                diagnosis.refuse(nodes[place], place, known.refusal(place));
            }
        }
    }

    /** One of the answers of this search, in the plugin's name. */
    private Status refusal(int number) {
        Status said = Objects.requireNonNull(refusals[number]);
        int plugin = refusedBy[number];
        return plugin == NAMED ? said : said.withPlugin(filters.get(plugin).name());
    }

    /** Leaves those of the feasible nodes that are given, in their order. */
    void retain(List<NodeInfo> chosen) {
        Map<NodeInfo, Integer> places = new IdentityHashMap<>(count * 2);
        for (int i = 0; i < count; i++) {
            places.put(nodes[found[i]], found[i]);
        }
        count = chosen.size();
        for (int i = 0; i < count; i++) {
            found[i] = Objects.requireNonNull(places.get(chosen.get(i)));
        }
    }

    /** Nodes by their places. Holds until the next cycle. */
    private static final class Found extends AbstractList<NodeInfo> implements NodeSelection, RandomAccess {
        private final NodeInfo[] nodes;
        private final int[] places;
        private final int size;
        private final Domains domains;

        Found(NodeInfo[] nodes, int[] places, int size, Domains domains) {
            this.nodes = nodes;
            this.places = places;
            this.size = size;
            this.domains = domains;
        }

        @Override
        public NodeInfo get(int index) {
            return nodes[places[Objects.checkIndex(index, size)]];
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public int place(int index) {
            return places[index];
        }

        @Override
        public LabelColumn column(String label) {
            return domains.column(label);
        }
    }
}
