/**
 * The vocabulary: resource types over the fabric8 model, JSON and typed objects, selectors, quantities, and the one exception
 * that carries a Kubernetes {@code Status}. Sees nothing of Amphora but {@code kernel}.
 */
@NullMarked
package dev.amphora.api;

import org.jspecify.annotations.NullMarked;
