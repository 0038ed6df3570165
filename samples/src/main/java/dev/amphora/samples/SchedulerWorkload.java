package dev.amphora.samples;

import dev.amphora.client.Client;
import dev.amphora.samples.PodTemplates.Template;
import dev.amphora.scheduler.Profile;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What is scheduled while it is measured how fast that goes: nodes, objects that are there, pods that are placed before, pods that wait
 * all the time, what goes on meanwhile, and the pods that are measured.
 */
final class SchedulerWorkload {
    /** Where a workload comes from. */
    enum Origin {
        /** The reference was measured with it on a machine like ours. */
        MEASURED,
        /** A row of the reference's own benchmark. */
        REFERENCE,
        /** What neither has. */
        OWN
    }

    /** Puts objects into the cluster before the pods. */
    interface Setup {
        void prepare(SchedulerWorkload sized, Consumer<HasMetadata> to);
    }

    /** What goes on all the time. */
    interface Step {
        void act(SchedulerWorkload sized, Client client, int number);
    }

    /**
     * Something that happens again and again while pods are measured.
     *
     * @param every the time between two
     * @param step what happens
     */
    record Disturbance(Duration every, Step step) {}

    private final Builder what;

    private SchedulerWorkload(Builder what) {
        this.what = what;
    }

    static Builder named(String name) {
        return new Builder(name);
    }

    String name() {
        return what.name;
    }

    Origin origin() {
        return what.origin;
    }

    int nodes() {
        return what.nodes;
    }

    int init() {
        return what.init;
    }

    int measured() {
        return what.measured;
    }

    /** How many pods wait all the time. */
    int waiting() {
        return what.waiting;
    }

    /** The reference's figure, empty where it has none. */
    String known() {
        return what.known;
    }

    /** Pods per second of the reference, 0 where it has no figure. */
    int rate() {
        return what.rate;
    }

    /** Whether decisions alone say something about it. */
    boolean decides() {
        return what.decides;
    }

    /** Which built-in controllers it needs, as {@code --controllers} names them; empty for none. */
    String controllers() {
        return what.controllers;
    }

    Profile profile() {
        return what.profile.apply(Profile.named(Profile.DEFAULT_SCHEDULER_NAME));
    }

    Node node(int number) {
        return what.node.apply(number);
    }

    void prepare(Consumer<HasMetadata> to) {
        what.setups.forEach(setup -> setup.prepare(this, to));
    }

    /** The definitions of resources that the scheduler's plugins look for. */
    List<HasMetadata> definitions() {
        return what.definitions;
    }

    List<Disturbance> disturbances() {
        return what.disturbances;
    }

    /** A pod by number; those from {@link #init} on are measured. */
    Pod pod(int number) {
        Template before = what.before;
        return PodTemplates.pod("p" + number, number < what.init && before != null ? before : what.pod, number);
    }

    /** A pod that waits all the time. */
    Pod waitingPod(int number) {
        return PodTemplates.pod("w" + number, what.waits, number);
    }

    /**
     * The same with other counts; those that are negative stay. A cluster of one node stays one, and for each pod that is measured as many
     * wait as before.
     */
    SchedulerWorkload sized(int nodes, int init, int measured) {
        Builder other = what.copy();
        other.nodes = nodes < 0 || other.nodes == 1 ? other.nodes : nodes;
        other.init = init < 0 ? other.init : init;
        if (measured >= 0) {
            other.waiting = (int) ((long) other.waiting * measured / Math.max(1, other.measured));
            other.measured = measured;
        }
        return new SchedulerWorkload(other);
    }

    /** Says what a workload is. */
    static final class Builder {
        private final String name;
        private Origin origin = Origin.OWN;
        private String known = "";
        private int rate;
        private int nodes = 5_000;
        private IntFunction<Node> node = NodeTemplates::plain;
        private int init;
        private @Nullable Template before;
        private int measured;
        private Template pod = PodTemplates.PLAIN;
        private int waiting;
        private Template waits = PodTemplates.LIGHT;
        private boolean decides = true;
        private String controllers = "";
        private ProfileChange profile = profile -> profile;
        private final List<HasMetadata> definitions = new ArrayList<>();
        private final List<Setup> setups = new ArrayList<>();
        private final List<Disturbance> disturbances = new ArrayList<>();

        /** Changes the default profile. */
        interface ProfileChange {
            Profile apply(Profile profile);
        }

        private Builder(String name) {
            this.name = name;
        }

        private Builder copy() {
            Builder copy = new Builder(name);
            copy.origin = origin;
            copy.known = known;
            copy.rate = rate;
            copy.nodes = nodes;
            copy.node = node;
            copy.init = init;
            copy.before = before;
            copy.measured = measured;
            copy.pod = pod;
            copy.waiting = waiting;
            copy.waits = waits;
            copy.decides = decides;
            copy.controllers = controllers;
            copy.profile = profile;
            copy.definitions.addAll(definitions);
            copy.setups.addAll(setups);
            copy.disturbances.addAll(disturbances);
            return copy;
        }

        /** The reference's pods per second on a machine like ours. */
        Builder measuredAt(int podsPerSecond) {
            origin = Origin.MEASURED;
            rate = podsPerSecond;
            known = podsPerSecond + " pods/s on a machine like ours";
            return this;
        }

        /** What the reference's own benchmark must reach in CI, on a larger machine; 0 where it has no threshold. */
        Builder threshold(int podsPerSecond) {
            if (origin == Origin.OWN) {
                origin = Origin.REFERENCE;
                rate = podsPerSecond;
            }
            String threshold = podsPerSecond == 0 ? "no threshold" : podsPerSecond + " pods/s in its CI";
            known = known.isEmpty() ? threshold : known + ", " + threshold;
            return this;
        }

        /** What else is known of the reference. */
        Builder known(String text) {
            origin = Origin.REFERENCE;
            known = text;
            return this;
        }

        Builder nodes(int count, IntFunction<Node> template) {
            nodes = count;
            node = template;
            return this;
        }

        Builder init(int count, Template template) {
            init = count;
            before = template;
            return this;
        }

        Builder measured(int count, Template template) {
            measured = count;
            pod = template;
            return this;
        }

        Builder waiting(int count, Template template) {
            waiting = count;
            waits = template;
            return this;
        }

        /** What must be there before the scheduler starts. */
        Builder defining(HasMetadata definition) {
            definitions.add(definition);
            decides = false;
            return this;
        }

        Builder with(Setup setup) {
            setups.add(setup);
            return this;
        }

        Builder meanwhile(int everyMilliseconds, Step step) {
            disturbances.add(new Disturbance(Duration.ofMillis(everyMilliseconds), step));
            decides = false;
            return this;
        }

        /** It means something in a running cluster only. */
        Builder inACluster() {
            decides = false;
            return this;
        }

        Builder controllers(String selection) {
            controllers = selection;
            decides = false;
            return this;
        }

        Builder profile(ProfileChange change) {
            profile = change;
            return this;
        }

        SchedulerWorkload build() {
            return new SchedulerWorkload(copy());
        }
    }
}
