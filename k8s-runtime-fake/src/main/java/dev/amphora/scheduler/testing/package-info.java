/**
 * For those who write scheduler plugins: clusters put down in a few lines, and assertions about what every plugin said of every node.
 *
 * <p>{@link dev.amphora.scheduler.testing.TestNode} and {@link dev.amphora.scheduler.testing.TestPod} build objects, {@link
 * dev.amphora.scheduler.testing.SchedulerTester} runs one scheduling cycle among them and gives a {@link
 * dev.amphora.scheduler.testing.Cycle}, about which AssertJ's {@code assertThat} knows what to ask. There is no API server, no thread and no
 * time, so that a test takes milliseconds; any test framework will do. The contracts of plugins are checked by {@code
 * dev.amphora.tck.SchedulerPluginContract}. This package sees {@code scheduler} and {@code api}; nothing but tests sees it.
 */
@NullMarked
package dev.amphora.scheduler.testing;

import org.jspecify.annotations.NullMarked;
