package dev.amphora.scheduler.framework;

/**
 * A part of a scheduler. A plugin implements one or more of the sub-interfaces, one for each extension point.
 *
 * <p>A plugin that throws gives the answer {@link Status.Code#ERROR}.
 */
public interface Plugin {
    /** The name under which it is configured and named in answers; the simple name of the class unless overridden. */
    default String name() {
        return getClass().getSimpleName();
    }
}
