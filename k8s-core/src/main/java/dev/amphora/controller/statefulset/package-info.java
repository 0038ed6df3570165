/**
 * StatefulSets: pods with names, storage and an order. The planner is a function of what is seen; the controller carries its steps
 * out. Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.statefulset;

import org.jspecify.annotations.NullMarked;
