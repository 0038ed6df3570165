/**
 * Runnable programs: the {@code amphora.jar} with its subcommands, and the examples that the README shows. Sees everything
 * public; nothing sees it.
 */
@NullMarked
package dev.amphora.samples;

import org.jspecify.annotations.NullMarked;
