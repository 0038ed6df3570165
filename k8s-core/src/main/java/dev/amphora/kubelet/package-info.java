/**
 * The node agent: turns the pods bound to a node into sandboxes and containers of a {@link dev.amphora.kubelet.ContainerRuntime} and
 * writes back what became of them. Sees {@code client}, {@code api} and {@code kernel}; meets scheduler, controllers and proxy
 * only through API objects.
 */
@NullMarked
package dev.amphora.kubelet;

import org.jspecify.annotations.NullMarked;
