/**
 * How callers share the server: which flow a request belongs to, how many of a priority level go at once, and whose turn it is when more
 * want to. Knows nothing of transports; they ask {@link dev.amphora.apiserver.flow.FlowControl} before they let a request in. Uses the kernel
 * for time and timers only.
 */
@NullMarked
package dev.amphora.apiserver.flow;

import org.jspecify.annotations.NullMarked;
