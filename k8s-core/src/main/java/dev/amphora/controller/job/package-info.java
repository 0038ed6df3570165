/**
 * Jobs: pods that run to their end, counted exactly once each. The planner and the counting are functions of what is seen and the
 * time; the controller carries them out. Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.job;

import org.jspecify.annotations.NullMarked;
