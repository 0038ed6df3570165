/**
 * A Kubernetes control plane in a jar: {@link dev.amphora.Cluster} and the builder that wires it.
 *
 * <p>A tour, from the ground up: {@code kernel} gives time, tasks and chance; {@code store} keeps the state; {@code api} is the
 * vocabulary; {@code apiserver} holds the semantics and {@code client} is how everything else sees it; {@code scheduler},
 * {@code controller}, {@code kubelet} and {@code proxy} stand side by side and meet only through API objects; {@code rest} opens the
 * API to clients outside the process. This package alone sees them all.
 */
@NullMarked
package dev.amphora;

import org.jspecify.annotations.NullMarked;
