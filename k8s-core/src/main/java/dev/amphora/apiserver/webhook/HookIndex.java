package dev.amphora.apiserver.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.admission.AdmissionRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The webhooks of all configurations of one kind: by the names of these, and as they stand in each. */
final class HookIndex {
    private static final String GROUP = "admissionregistration.k8s.io";
    private static final List<String> EVENT_GROUPS = List.of("", "events.k8s.io");

    private final ObjectReader objects;
    private final String configurations;
    private final Map<String, Supplier<ImmutableList<Hook>>> known = new TreeMap<>();
    private final Object starting = new Object();
    private volatile boolean following;
    private volatile @Nullable Known current;

    /** What the configurations say at one time. */
    private record Known(ImmutableList<Hook> all, Map<String, ImmutableList<Hook>> byResource) {}

    /**
     * An index.
     *
     * @param configurations the plural of the configurations
     */
    HookIndex(ObjectReader objects, String configurations) {
        this.objects = objects;
        this.configurations = configurations;
    }

    /** Whether there are no webhooks. */
    boolean isEmpty() {
        return current().all.isEmpty();
    }

    /** The webhooks that may be meant by a request. */
    ImmutableList<Hook> of(AdmissionRequest request) {
        Known now = current();
        if (now.all.isEmpty()) {
            return now.all;
        }
        String asked = request.origin().asked().group();
        return now.byResource.computeIfAbsent(asked + " " + request.group() + " " + request.resource(), key -> {
            List<String> groups = new ArrayList<>(List.of(asked, request.group()));
            if (request.resource().equals("events") && EVENT_GROUPS.contains(asked)) {
                groups.addAll(EVENT_GROUPS);
            }
            return now.all.stream()
                    .filter(hook -> hook.mayConcern(groups, request.resource()))
                    .collect(ImmutableList.toImmutableList());
        });
    }

    private Known current() {
        follow();
        Known now = current;
        if (now == null) {
            synchronized (this) {
                now = current;
                if (now == null) {
                    ImmutableList.Builder<Hook> all = ImmutableList.builder();
                    known.values().forEach(each -> all.addAll(each.get()));
                    now = new Known(all.build(), new ConcurrentHashMap<>());
                    current = now;
                }
            }
        }
        return now;
    }

    private static ImmutableList<Hook> read(ObjectNode configuration) {
        String name = configuration.path("metadata").path("name").asText();
        Map<String, Integer> seen = new HashMap<>();
        ImmutableList.Builder<Hook> hooks = ImmutableList.builder();
        for (JsonNode each : configuration.path("webhooks")) {
            String hook = each.path("name").asText();
            int again = seen.merge(hook, 1, Integer::sum) - 1;
            hooks.add(new Hook(name, name + "/" + hook + "/" + again, each));
        }
        return hooks.build();
    }

    private void follow() {
        if (following) {
            return;
        }
        synchronized (starting) {
            if (!following) {
                objects.follow(GROUP, configurations, new Follower());
                following = true;
            }
        }
    }

    /** Keeps the configurations in step; they are read when they are needed. */
    private final class Follower implements ObjectReader.Follower {
        @Override
        public void reset() {
            synchronized (HookIndex.this) {
                known.clear();
                current = null;
            }
        }

        @Override
        public void put(String namespace, String name, Supplier<ObjectNode> object) {
            synchronized (HookIndex.this) {
                known.put(name, Suppliers.memoize(() -> read(object.get())));
                current = null;
            }
        }

        @Override
        public void remove(String namespace, String name) {
            synchronized (HookIndex.this) {
                known.remove(name);
                current = null;
            }
        }
    }
}
