/**
 * ResourceQuotas: what is used of them. Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.quota;

import org.jspecify.annotations.NullMarked;
