/**
 * Where Services lead: EndpointSlices and Endpoints made of the pods that a Service selects, and slices that mirror Endpoints made by
 * hand. {@code ServicePods} says what a pod contributes, {@code SlicePlanner} spreads it over slices. Sees {@code controller},
 * {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.endpoints;

import org.jspecify.annotations.NullMarked;
