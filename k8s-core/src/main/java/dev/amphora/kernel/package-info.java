/**
 * Time, tasks and randomness: the only package that may touch a clock, start a thread or draw a random number.
 *
 * <p>{@link dev.amphora.kernel.ThreadedKernel} runs on the machine's clock and threads, {@link dev.amphora.kernel.SimulatedKernel} on a
 * virtual clock, one thread and a seed. Every other package receives a {@link dev.amphora.kernel.Kernel}, creates one
 * {@link dev.amphora.kernel.Actor} for each line of work, and stays the same in both worlds. Sees no other package.
 */
@NullMarked
package dev.amphora.kernel;

import org.jspecify.annotations.NullMarked;
