/**
 * Nodes that fall silent, and the pods on them. {@code NodeHealth} says when a node has been silent for too long, {@code NodeTaints}
 * which taints its conditions mean, {@code Zones} how fast a zone may be tainted, {@code Tolerance} how long a pod bears a taint. Sees
 * {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.node;

import org.jspecify.annotations.NullMarked;
