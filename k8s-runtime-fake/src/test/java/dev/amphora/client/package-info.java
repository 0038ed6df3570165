/** The client's tools on a whole API server, in simulation. */
@NullMarked
package dev.amphora.client;

import org.jspecify.annotations.NullMarked;
