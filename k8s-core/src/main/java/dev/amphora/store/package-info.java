/**
 * The cluster store: etcd's contract cut to what an API server needs. Holds the interface {@link dev.amphora.store.Store} and its values;
 * the engines live in modules of their own. Sees {@code kernel} only.
 */
@NullMarked
package dev.amphora.store;

import org.jspecify.annotations.NullMarked;
