/**
 * Extenders that are other processes: {@link dev.amphora.scheduler.extender.HttpExtender} asks one over HTTP as kube-scheduler does, and
 * {@link dev.amphora.scheduler.extender.ExtenderConfiguration} reads the {@code extenders} of a KubeSchedulerConfiguration. Sees {@code
 * framework}, {@code client}, {@code api} and {@code kernel}; nothing else of the scheduler has to do with a network.
 */
@NullMarked
package dev.amphora.scheduler.extender;

import org.jspecify.annotations.NullMarked;
