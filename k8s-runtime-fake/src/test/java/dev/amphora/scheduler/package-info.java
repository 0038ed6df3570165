/** The scheduler against a whole API server, in simulation. */
@NullMarked
package dev.amphora.scheduler;

import org.jspecify.annotations.NullMarked;
