/**
 * The end of namespaces: their content is removed, pods first, then the namespace is let go. Sees {@code controller}, {@code client},
 * {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.namespace;

import org.jspecify.annotations.NullMarked;
