/**
 * Contract tests for those who implement Amphora's interfaces.
 *
 * <p>Extend the class of your interface with a JUnit test, say how an instance is made, and run it:
 * {@link dev.amphora.tck.StoreContract} is for {@link dev.amphora.store.Store}, {@link dev.amphora.tck.ContainerRuntimeContract} for
 * {@link dev.amphora.kubelet.ContainerRuntime}, {@link dev.amphora.tck.SchedulerPluginContract} for plugins of {@code
 * dev.amphora.scheduler.framework}, {@link dev.amphora.tck.ControllerContract} for {@link dev.amphora.controller.Controller}. The tests
 * know an implementation by its interface alone and those that need time run on either kernel.
 *
 * <p>What controllers are tried by can be had one by one: {@link dev.amphora.tck.DisturbedControllers} runs them in a process whose
 * calls are late or fail, whose watches are cut and which crashes, as a {@link dev.amphora.tck.Disturbance} says;
 * {@link dev.amphora.tck.Rivals} lets several instances elect a leader on
 * {@linkplain dev.amphora.tck.SimulatedMachine machines} that can't be trusted.
 *
 * <p>This package sees {@code store}, {@code kubelet}, {@code scheduler}, {@code controller}, {@code client} and {@code kernel};
 * nothing but tests sees it.
 */
@NullMarked
package dev.amphora.tck;

import org.jspecify.annotations.NullMarked;
