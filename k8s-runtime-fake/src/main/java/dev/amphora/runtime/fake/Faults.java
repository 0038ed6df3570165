package dev.amphora.runtime.fake;

import dev.amphora.runtime.fake.FakeRuntime.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is about to happen to calls of a fake runtime, in the order in which it was asked for. Safe for use by any thread. */
final class Faults {
    private final Map<Call, List<Fault>> pending = new HashMap<>();

    /**
     * What happens to one call.
     *
     * @param error with which message it fails, null if it doesn't
     * @param delay how late it is
     */
    record Fault(@Nullable String error, Duration delay) {}

    synchronized void add(Call call, Fault fault) {
        pending.computeIfAbsent(call, key -> new ArrayList<>()).add(fault);
    }

    /** The next one for a kind of call, taken away; null for none. */
    synchronized @Nullable Fault next(Call call) {
        List<Fault> faults = pending.get(call);
        return faults == null || faults.isEmpty() ? null : faults.remove(0);
    }
}
