package dev.amphora.scheduler.framework;

import java.time.Duration;

/** The last word before a pod is bound: lets it through, turns it down, or makes it wait. */
public interface PermitPlugin extends Plugin {
    /** Decides about a pod that has its node. */
    Result permit(CycleState state, PodInfo pod, String nodeName);

    /**
     * The answer of {@link #permit}.
     *
     * @param status {@link Status.Code#WAIT} to make the pod wait
     * @param timeout after which a waiting pod is turned down, at most 15 minutes
     */
    record Result(Status status, Duration timeout) {
        /** Lets the pod through. */
        public static Result allow() {
            return new Result(Status.success(), Duration.ZERO);
        }

        /** Makes the pod wait until it is {@linkplain WaitingPod#allow allowed} or turned down. */
        public static Result hold(Duration timeout) {
            return new Result(Status.of(Status.Code.WAIT), timeout);
        }

        /** Turns the pod down. */
        public static Result reject(Status status) {
            return new Result(status, Duration.ZERO);
        }
    }
}
