package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.Plugin;
import dev.amphora.scheduler.framework.PluginFactory;
import dev.amphora.scheduler.framework.SchedulerExtender;
import io.fabric8.kubernetes.api.model.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The reference implementation of {@link Scheduler}: kube-scheduler's framework, default plugins, queue and cache.
 *
 * <p>It schedules pods whose {@code spec.schedulerName} is that of one of its profiles and leaves all others alone.
 */
public final class DefaultScheduler implements Scheduler {
    private final Map<String, Profile> profiles;
    private final List<SchedulerExtender> extenders;
    private final OptionalLong seed;
    private final Duration initialBackoff;
    private final Duration maxBackoff;
    private @Nullable SchedulerLoop loop;
    private boolean closed;

    private DefaultScheduler(Builder builder) {
        Map<String, Profile> byName = new LinkedHashMap<>();
        List<Profile> all = new ArrayList<>(builder.others);
        if (all.isEmpty() || builder.profileTouched) {
            all.add(0, builder.profile);
        }
        for (Profile profile : all) {
            if (byName.put(profile.schedulerName(), profile) != null) {
                throw new IllegalArgumentException("two profiles are named " + profile.schedulerName());
            }
        }
        this.profiles = byName;
        this.extenders = Extenders.inOrder(builder.extenders);
        this.seed = builder.seed;
        this.initialBackoff = builder.initialBackoff;
        this.maxBackoff = builder.maxBackoff;
    }

    /** A scheduler as the reference is by default. */
    public static DefaultScheduler create() {
        return builder().build();
    }

    /** A scheduler to be shaped; as it stands it is as the reference is by default. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public synchronized void start(Context context) {
        if (loop != null || closed) {
            throw new IllegalStateException("a scheduler starts once");
        }
        loop = new SchedulerLoop(context, profiles, extenders, seed, initialBackoff, maxBackoff);
        loop.start();
    }

    @Override
    public synchronized void whenKnown(Node node, Runnable task) {
        if (loop != null) {
            loop.whenKnown(node, task);
        }
    }

    /**
     * A copy of the cluster as this scheduler knows it now, those pods included that it is about to bind, to ask questions of: why a pod
     * waits, or where others would go. Making it costs the scheduler's actor as much time as there are nodes and pods; what is asked of
     * it costs the scheduler nothing.
     *
     * @param seed from which every choice among equals follows there
     * @return ends on the scheduler's actor; wait for it with {@link dev.amphora.kernel.Kernel#await}
     * @throws IllegalStateException if the scheduler is not running
     */
    public synchronized CompletionStage<WhatIf> whatIf(long seed) {
        if (loop == null || closed) {
            throw new IllegalStateException("the scheduler is not running");
        }
        return loop.whatIf(seed);
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (loop != null) {
            loop.close();
        }
    }

    /** Shapes a scheduler. The plugin methods shape its first profile. */
    public static final class Builder {
        private Profile profile = Profile.named(Profile.DEFAULT_SCHEDULER_NAME);
        private boolean profileTouched;
        private final List<Profile> others = new ArrayList<>();
        private final List<SchedulerExtender> extenders = new ArrayList<>();
        private OptionalLong seed = OptionalLong.empty();
        private Duration initialBackoff = Duration.ofSeconds(1);
        private Duration maxBackoff = Duration.ofSeconds(10);

        private Builder() {}

        /** The name by which pods choose this scheduler; {@code default-scheduler} unless set. Comes before the plugin methods. */
        public Builder schedulerName(String name) {
            return change(ignored -> Profile.named(name));
        }

        /** With another profile under a name of its own. */
        public Builder profile(Profile other) {
            others.add(other);
            return this;
        }

        /** As a configuration has it: with its profiles and extenders, instead of any other, and its times. */
        public Builder configuration(SchedulerConfiguration configuration) {
            others.clear();
            others.addAll(configuration.profiles());
            extenders.clear();
            extenders.addAll(configuration.extenders());
            profileTouched = false;
            return podBackoff(configuration.podInitialBackoff(), configuration.podMaxBackoff());
        }

        /** With something beside the plugins that has a say in where pods go, whatever their profile. Those that may be ignored are asked last. */
        public Builder extender(SchedulerExtender extender) {
            extenders.add(extender);
            return this;
        }

        /** With a plugin at the end of the profile, or in the place of the one with the same name. */
        public Builder plugin(Plugin plugin, int weight) {
            return change(before -> before.with(plugin, weight));
        }

        /** With a plugin that uses its handle or arguments. */
        public Builder plugin(String name, int weight, PluginFactory factory) {
            return change(before -> before.with(name, weight, factory));
        }

        /** With another weight for a plugin's score. */
        public Builder weight(String plugin, int weight) {
            return change(before -> before.weight(plugin, weight));
        }

        /** Without a plugin. */
        public Builder disable(String plugin) {
            return change(before -> before.without(plugin));
        }

        /** Without a plugin at one extension point. */
        public Builder disable(String plugin, Class<? extends Plugin> point) {
            return change(before -> before.without(plugin, point));
        }

        /** With a share of nodes to score, see {@link Profile#percentageOfNodesToScore}. */
        public Builder percentageOfNodesToScore(int percentage) {
            return change(before -> before.percentageOfNodesToScore(percentage));
        }

        /** With a seed from which every choice among equals follows; without one the kernel's chance decides. */
        public Builder seed(long value) {
            seed = OptionalLong.of(value);
            return this;
        }

        /**
         * With other waits after failed attempts.
         *
         * @param initial after the first; positive. 1 s unless set
         * @param max to which it grows by doubling. 10 s unless set
         */
        public Builder podBackoff(Duration initial, Duration max) {
            if (initial.isNegative() || initial.isZero() || max.compareTo(initial) < 0) {
                throw new IllegalArgumentException("back-off from " + initial + " to " + max);
            }
            initialBackoff = initial;
            maxBackoff = max;
            return this;
        }

        private Builder change(UnaryOperator<Profile> change) {
            profile = change.apply(profile);
            profileTouched = true;
            return this;
        }

        /**
         * The scheduler.
         *
         * @throws IllegalArgumentException if two profiles have the same name, or several extenders bind pods
         */
        public DefaultScheduler build() {
            return new DefaultScheduler(this);
        }
    }
}
