package dev.amphora.scheduler.framework;

import java.util.List;

/**
 * Tells which changes in the cluster make a pod worth another attempt that this plugin has turned down at PreEnqueue, PreFilter,
 * Filter, Reserve or Permit. A plugin that doesn't implement this has its pods tried again after every change.
 */
public interface EnqueueExtensions extends Plugin {
    /** The changes that may help. Asked once; an empty list means that only time helps. */
    List<EventToRegister> eventsToRegister();
}
