/**
 * DaemonSets: a pod on each node that fits. The planner is a function of what is seen; the controller carries its steps out. Sees
 * {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.daemonset;

import org.jspecify.annotations.NullMarked;
