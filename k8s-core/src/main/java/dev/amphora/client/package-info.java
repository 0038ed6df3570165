/**
 * The client side: {@link dev.amphora.client.Client}, informers and listers, work queues, event recording and leader election.
 * Everything that reacts to a cluster is written against this package and meets the rest only through API objects. Sees
 * {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.client;

import org.jspecify.annotations.NullMarked;
