package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.HasMetadata;
import org.jspecify.annotations.Nullable;

/** Judges whether a change makes a pod worth another attempt. Quick; may throw, which counts as {@link Answer#QUEUE}. */
@FunctionalInterface
public interface QueueingHint {
    /** What to do with the pod. */
    enum Answer {
        /** Try it again. */
        QUEUE("Queue"),
        /** The change doesn't help. */
        SKIP("QueueSkip");

        private final String text;

        Answer(String text) {
            this.text = text;
        }

        /** The name as the reference writes it. */
        @Override
        public String toString() {
            return text;
        }

        /** {@link #QUEUE} if the change helps. */
        public static Answer queueIf(boolean helps) {
            return helps ? QUEUE : SKIP;
        }
    }

    /**
     * Judges a change.
     *
     * @param pod the waiting pod
     * @param before the object before the change, null if it was added
     * @param after the object after the change, null if it was deleted
     */
    Answer judge(PodInfo pod, @Nullable HasMetadata before, @Nullable HasMetadata after);
}
