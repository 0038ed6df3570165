package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.access.ObjectReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The policies that are in force, with their bindings, both by name. Policies without a binding are not in force. */
final class PolicyIndex {
    private final ObjectReader objects;
    private final String policies;
    private final String bindings;
    private final Map<String, Supplier<Policy>> knownPolicies = new TreeMap<>();
    private final Map<String, Supplier<Binding>> knownBindings = new TreeMap<>();
    private final Object starting = new Object();
    private volatile boolean following;
    private volatile @Nullable ImmutableList<InForce> inForce;

    /** A policy and the bindings that put it in force. */
    record InForce(Policy policy, ImmutableList<Binding> bindings) {}

    /**
     * An index.
     *
     * @param policies the plural of the policies
     * @param bindings the plural of their bindings
     */
    PolicyIndex(ObjectReader objects, String policies, String bindings) {
        this.objects = objects;
        this.policies = policies;
        this.bindings = bindings;
    }

    ImmutableList<InForce> all() {
        follow();
        ImmutableList<InForce> known = inForce;
        if (known == null) {
            synchronized (this) {
                known = inForce;
                if (known == null) {
                    known = pairs();
                    inForce = known;
                }
            }
        }
        return known;
    }

    private ImmutableList<InForce> pairs() {
        Map<String, List<Binding>> byPolicy = new TreeMap<>();
        for (Supplier<Binding> each : knownBindings.values()) {
            Binding binding = each.get();
            byPolicy.computeIfAbsent(binding.policyName(), name -> new ArrayList<>())
                    .add(binding);
        }
        ImmutableList.Builder<InForce> all = ImmutableList.builder();
        byPolicy.forEach((name, bound) -> {
            Supplier<Policy> policy = knownPolicies.get(name);
            if (policy != null) {
                all.add(new InForce(policy.get(), ImmutableList.copyOf(bound)));
            }
        });
        return all.build();
    }

    private void follow() {
        if (following) {
            return;
        }
        synchronized (starting) {
            if (!following) {
                objects.follow(Policies.GROUP, policies, new Follower<>(knownPolicies) {
                    @Override
                    Policy read(ObjectNode object) {
                        return new Policy(object);
                    }
                });
                objects.follow(Policies.GROUP, bindings, new Follower<>(knownBindings) {
                    @Override
                    Binding read(ObjectNode object) {
                        return new Binding(object);
                    }
                });
                following = true;
            }
        }
    }

    /** Keeps one map in step; objects are read when they are needed. */
    private abstract class Follower<T> implements ObjectReader.Follower {
        private final Map<String, Supplier<T>> known;

        Follower(Map<String, Supplier<T>> known) {
            this.known = known;
        }

        abstract T read(ObjectNode object);

        @Override
        public void reset() {
            synchronized (PolicyIndex.this) {
                known.clear();
                inForce = null;
            }
        }

        @Override
        public void put(String namespace, String name, Supplier<ObjectNode> object) {
            synchronized (PolicyIndex.this) {
                known.put(name, Suppliers.memoize(() -> read(object.get())));
                inForce = null;
            }
        }

        @Override
        public void remove(String namespace, String name) {
            synchronized (PolicyIndex.this) {
                known.remove(name);
                inForce = null;
            }
        }
    }
}
