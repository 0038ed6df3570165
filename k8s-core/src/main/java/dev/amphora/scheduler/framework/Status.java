package dev.amphora.scheduler.framework;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A plugin's answer.
 *
 * @param code what it means
 * @param reasons texts for the user, may be empty; they enter the pod's {@code PodScheduled} condition
 * @param plugin the plugin that gave a negative answer; null before the framework has filled it in
 */
public record Status(Code code, List<String> reasons, @Nullable String plugin) {
    private static final Status SUCCESS = new Status(Code.SUCCESS, List.of(), null);
    private static final Status SKIP = new Status(Code.SKIP, List.of(), null);

    /** What an answer means. */
    public enum Code {
        /** Go on. */
        SUCCESS("Success"),
        /** Something is broken; the pod is tried again after a back-off of its own, without waiting for a change in the cluster. */
        ERROR("Error"),
        /** No, but taking pods off the node might help. */
        UNSCHEDULABLE("Unschedulable"),
        /** No, and taking pods off the node won't help. */
        UNSCHEDULABLE_AND_UNRESOLVABLE("UnschedulableAndUnresolvable"),
        /** Hold the pod; only from {@link PermitPlugin}. */
        WAIT("Wait"),
        /** Nothing to do: leaves out the coupled Filter or Score, or passes the pod on to the next {@link BindPlugin}. */
        SKIP("Skip"),
        /** No, until something outside happens; the pod then goes on without back-off. */
        PENDING("Pending");

        private final String text;

        Code(String text) {
            this.text = text;
        }

        /** The name as the reference writes it. */
        @Override
        public String toString() {
            return text;
        }
    }

    /** A status whose reasons can't be changed. */
    public Status {
        reasons = List.copyOf(reasons);
    }

    /** Go on. */
    public static Status success() {
        return SUCCESS;
    }

    /** Nothing to do. */
    public static Status skip() {
        return SKIP;
    }

    /** Something is broken. */
    public static Status error(String message) {
        return of(Code.ERROR, message);
    }

    /** No, but taking pods off the node might help. */
    public static Status unschedulable(String reason) {
        return new Status(Code.UNSCHEDULABLE, List.of(reason), null);
    }

    /** The same for several reasons, or none. */
    public static Status unschedulable(String... reasons) {
        return of(Code.UNSCHEDULABLE, reasons);
    }

    /** No, and taking pods off the node won't help. */
    public static Status unresolvable(String reason) {
        return new Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, List.of(reason), null);
    }

    /** The same for several reasons, or none. */
    public static Status unresolvable(String... reasons) {
        return of(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, reasons);
    }

    /** Any status, not yet from a named plugin. */
    public static Status of(Code code, String... reasons) {
        return new Status(code, List.of(reasons), null);
    }

    /** The same from a plugin. */
    public Status withPlugin(String name) {
        return name.equals(plugin) ? this : new Status(code, reasons, name);
    }

    /** Whether the answer is to go on. */
    public boolean isSuccess() {
        return code == Code.SUCCESS;
    }

    /** Whether the answer is a no that concerns the pod, not a fault. */
    public boolean isRejected() {
        return code == Code.UNSCHEDULABLE || code == Code.UNSCHEDULABLE_AND_UNRESOLVABLE || code == Code.PENDING;
    }

    /** Whether there is nothing to do. */
    public boolean isSkip() {
        return code == Code.SKIP;
    }

    /** The reasons as one text. */
    public String message() {
        return String.join(", ", reasons);
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o == this
                || (o instanceof Status other
                        && code == other.code
                        && reasons.equals(other.reasons)
                        && Objects.equals(plugin, other.plugin));
    }

    @Override
    public int hashCode() {
        return reasons.hashCode();
    }
}
