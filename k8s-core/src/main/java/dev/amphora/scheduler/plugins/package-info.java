/**
 * The plugins of the default profile, one class each, named as in the reference. {@link
 * dev.amphora.scheduler.plugins.DefaultPlugins} lists them in order with their weights. Sees {@code framework}, {@code client},
 * {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.scheduler.plugins;

import org.jspecify.annotations.NullMarked;
