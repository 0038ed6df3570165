/**
 * The service proxy: makes each Service reachable at its IP. Holds {@link dev.amphora.proxy.ServiceProxy} and its implementations. Sees
 * {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.proxy;

import org.jspecify.annotations.NullMarked;
