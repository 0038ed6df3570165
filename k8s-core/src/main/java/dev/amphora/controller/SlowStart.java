package dev.amphora.controller;

import dev.amphora.api.StatusException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes many things in batches of 1, 2, 4 and so on, so that a refusal costs little. */
public final class SlowStart {
    private SlowStart() {}

    /** What became of one. */
    public static final class Outcome {
        private static final Outcome MADE = new Outcome(false, null);
        private static final Outcome STOP = new Outcome(true, null);

        private final boolean stop;
        private final @Nullable StatusException failure;

        private Outcome(boolean stop, @Nullable StatusException failure) {
            this.stop = stop;
            this.failure = failure;
        }

        /** It is there. */
        public static Outcome made() {
            return MADE;
        }

        /** It and all others are not wanted any more; nothing has failed. */
        public static Outcome stop() {
            return STOP;
        }

        /** It was refused: the rest of the batch is tried, but no further batch. */
        public static Outcome failed(StatusException why) {
            return new Outcome(false, why);
        }
    }

    /**
     * Makes each, until a batch has a failure.
     *
     * @return the last failure; null if there was none
     */
    public static <T> @Nullable StatusException run(List<T> all, Function<? super T, Outcome> maker) {
        int next = 0;
        for (int batch = 1; next < all.size(); batch *= 2) {
            StatusException failure = null;
            for (int end = Math.min(all.size(), next + batch); next < end; next++) {
                Outcome outcome = maker.apply(all.get(next));
                if (outcome.stop) {
                    return null;
                }
                failure = outcome.failure == null ? failure : outcome.failure;
            }
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }
}
