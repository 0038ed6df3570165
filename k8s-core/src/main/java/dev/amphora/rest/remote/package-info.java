/**
 * What kubectl and its kin speak to containers after the upgrade: remote commands and forwarded ports, over WebSocket channels or SPDY/3.1
 * streams. Knows neither requests nor pods: it is given the open connection, and a way to what is at the other end.
 */
@NullMarked
package dev.amphora.rest.remote;

import org.jspecify.annotations.NullMarked;
