/**
 * PersistentVolumes and the claims to them: binding, release, and protection of what is in use. Sees {@code controller},
 * {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.volume;

import org.jspecify.annotations.NullMarked;
