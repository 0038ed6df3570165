/**
 * What scheduler plugins are written against.
 *
 * <p>A plugin implements one or more extension points, in the order in which a pod meets them: {@link
 * dev.amphora.scheduler.framework.PreEnqueuePlugin}, {@link dev.amphora.scheduler.framework.QueueSortPlugin}, {@link
 * dev.amphora.scheduler.framework.PreFilterPlugin}, {@link dev.amphora.scheduler.framework.FilterPlugin}, {@link
 * dev.amphora.scheduler.framework.PostFilterPlugin}, {@link dev.amphora.scheduler.framework.PreScorePlugin}, {@link
 * dev.amphora.scheduler.framework.ScorePlugin}, {@link dev.amphora.scheduler.framework.ReservePlugin}, {@link
 * dev.amphora.scheduler.framework.PermitPlugin}, {@link dev.amphora.scheduler.framework.PreBindPlugin}, {@link
 * dev.amphora.scheduler.framework.BindPlugin}, {@link dev.amphora.scheduler.framework.PostBindPlugin}. It sees the pod as a
 * {@link dev.amphora.scheduler.framework.PodInfo}, nodes as {@link dev.amphora.scheduler.framework.NodeInfo}, keeps what it
 * computes for one pod in a {@link dev.amphora.scheduler.framework.CycleState}, and reaches the rest through its {@link
 * dev.amphora.scheduler.framework.Handle}. {@link dev.amphora.scheduler.framework.EnqueueExtensions} tells which changes in the
 * cluster make a pod that the plugin has turned down worth another attempt.
 *
 * <p>The contracts are those of kube-scheduler's scheduling framework (KEP-624, KEP-4247). Sees {@code client}, {@code api} and
 * {@code kernel}.
 */
@NullMarked
package dev.amphora.scheduler.framework;

import org.jspecify.annotations.NullMarked;
