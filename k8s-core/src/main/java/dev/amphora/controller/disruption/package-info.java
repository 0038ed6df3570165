/**
 * PodDisruptionBudgets: how many pods may go now. Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.disruption;

import org.jspecify.annotations.NullMarked;
