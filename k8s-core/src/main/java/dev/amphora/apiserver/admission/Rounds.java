package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is called again. If a policy or a webhook has changed the object, all plugins that change objects get a second look at it, and of the
 * policies and webhooks those that wish it and were called before somebody changed what they had left. There is no third. Not for
 * concurrent use.
 */
public final class Rounds {
    private @Nullable Map<String, Callees> callees;
    private boolean wanted;
    private boolean second;

    /** Whether plugins are called for the second time. */
    public boolean isSecond() {
        return second;
    }

    /** Begins the second round, if somebody wants it. */
    public boolean next() {
        if (second || !wanted) {
            return false;
        }
        second = true;
        return true;
    }

    /** What one plugin calls. */
    public Callees of(AdmissionPlugin plugin) {
        Map<String, Callees> all = callees;
        if (all == null) {
            all = new HashMap<>();
            callees = all;
        }
        return all.computeIfAbsent(plugin.name(), name -> new Callees());
    }

    /** The policies or webhooks that a plugin calls, by keys that it chooses. */
    public final class Callees {
        private final Set<String> called = new HashSet<>();
        private final Set<String> again = new HashSet<>();
        private @Nullable JsonNode left;

        private Callees() {}

        /** Begins a round: whoever was called before is to be called again if the object is not as it was left. */
        public void begin(@Nullable ObjectNode object) {
            JsonNode before = left;
            if (second && before != null && (object == null || !Json.same(before, object))) {
                callAgain();
            }
        }

        /** Whether it is somebody's turn. */
        public boolean isDue(String key) {
            return !second || again.contains(key);
        }

        /** Somebody has changed the object. */
        public void changed() {
            wanted = true;
            callAgain();
        }

        /** Somebody has been called who wishes to be called again. */
        public void called(String key) {
            called.add(key);
        }

        /** Ends a round. */
        public void end(@Nullable ObjectNode object) {
            left = second || called.isEmpty() || object == null ? null : object.deepCopy();
        }

        private void callAgain() {
            again.addAll(called);
            called.clear();
        }
    }
}
