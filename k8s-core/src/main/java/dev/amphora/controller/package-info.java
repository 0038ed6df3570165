/**
 * The controllers: each drives one kind of object to its desired state. Holds {@link dev.amphora.controller.Controller}, the manager
 * that runs them and the skeleton they share; each built-in controller lives in a subpackage of its own. Sees {@code client},
 * {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller;

import org.jspecify.annotations.NullMarked;
