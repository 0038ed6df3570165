/**
 * Garbage collection by owner references. {@code OwnerGraph} mirrors who owns whom across all kinds and says what each change makes
 * worth looking at; {@code References} classifies an object's owners; {@code GarbageCollectorController} looks and deletes. Sees
 * {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.garbagecollector;

import org.jspecify.annotations.NullMarked;
