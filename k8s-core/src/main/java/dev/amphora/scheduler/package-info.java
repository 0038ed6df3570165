/**
 * The scheduler: finds a node for each pod. Holds {@link dev.amphora.scheduler.Scheduler} and the reference implementation;
 * {@code framework} holds what plugins are written against, {@code plugins} the default ones. Sees {@code client},
 * {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.scheduler;

import org.jspecify.annotations.NullMarked;
