/**
 * The collection of pods that nobody will end: too many ended ones, those whose node is gone, those that are deleted and were never bound.
 * Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.podgc;

import org.jspecify.annotations.NullMarked;
