/**
 * The store in memory, and the default.
 *
 * <p>{@link dev.amphora.store.memory.MemoryStore} is the whole face. Behind it, a persistent sorted tree holds the current state and makes every
 * snapshot free, a history of events serves watches and reads of the past, and a sorted set holds what is to expire. Sees
 * {@code store} and {@code kernel} only.
 */
@NullMarked
package dev.amphora.store.memory;

import org.jspecify.annotations.NullMarked;
