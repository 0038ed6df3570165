package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.CycleState;

/**
 * One attempt to schedule a pod.
 *
 * @param profile whose plugins decide
 * @param queued the pod
 * @param state what plugins remember
 */
record Attempt(Framework profile, QueuedPod queued, CycleState state) {}
