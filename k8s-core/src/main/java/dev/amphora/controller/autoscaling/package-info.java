/**
 * HorizontalPodAutoscalers: sizes kept between bounds. Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.autoscaling;

import org.jspecify.annotations.NullMarked;
