package dev.amphora.apiserver.admission;

import org.jspecify.annotations.Nullable;

/** A rule of the security of pods. */
@FunctionalInterface
interface PodRule {
    /**
     * How a pod breaks a rule.
     *
     * @param reason in short
     * @param detail what in the pod
     */
    record Violation(String reason, String detail) {
        @Override
        public String toString() {
            return detail.isEmpty() ? reason : reason + " (" + detail + ")";
        }
    }

    /** How a pod breaks it; null if it doesn't. */
    @Nullable Violation check(PodParts pod, PodLevel level);
}
