/**
 * ReplicaSets and ReplicationControllers: as many pods as wanted. One planner and one executor serve both kinds; the kinds differ only
 * in how they are read and written. Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.replicaset;

import org.jspecify.annotations.NullMarked;
