/**
 * The service proxy: makes each Service reachable at its IP. {@link dev.amphora.proxy.ServiceProxy} is the interface, {@code ProxyPlan}
 * says which connections are to lead where, {@link dev.amphora.proxy.UserspaceProxy} carries them. Sees {@code client}, {@code api} and
 * {@code kernel}.
 */
@NullMarked
package dev.amphora.proxy;

import org.jspecify.annotations.NullMarked;
