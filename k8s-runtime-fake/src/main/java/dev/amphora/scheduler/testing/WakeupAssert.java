package dev.amphora.scheduler.testing;

import org.assertj.core.api.AbstractAssert;

/** Assertions about what a change means for a waiting pod. */
public final class WakeupAssert extends AbstractAssert<WakeupAssert, Wakeup> {
    WakeupAssert(Wakeup actual) {
        super(actual, WakeupAssert.class);
    }

    /** The pod is tried again if this plugin has turned it down. */
    public WakeupAssert wakes(String plugin) {
        if (!actual.wakes(plugin)) {
            failWithMessage("Expected the change to wake pods that %s has turned down.%nFound: %s", plugin, actual);
        }
        return this;
    }

    /** The pod isn't tried again if only this plugin has turned it down. */
    public WakeupAssert doesNotWake(String plugin) {
        if (actual.wakes(plugin)) {
            failWithMessage("Expected the change not to wake pods that %s has turned down.%nFound: %s", plugin, actual);
        }
        return this;
    }
}
