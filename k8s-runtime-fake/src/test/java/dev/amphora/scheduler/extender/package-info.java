/** Extenders over HTTP on the loopback address. */
@NullMarked
package dev.amphora.scheduler.extender;

import org.jspecify.annotations.NullMarked;
