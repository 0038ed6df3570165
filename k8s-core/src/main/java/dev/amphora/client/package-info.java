/**
 * The client side: everything that reacts to a cluster is written against this package and meets the rest only through API
 * objects. Sees {@code api} and {@code kernel}; only {@link dev.amphora.client.InProcessClient} sees {@code apiserver}.
 *
 * <p>A tour: {@link dev.amphora.client.Client} reads and writes under one identity, in process or, with
 * {@link dev.amphora.client.RemoteClient}, over HTTPS.
 * {@link dev.amphora.client.Informers} hands out shared {@linkplain dev.amphora.client.Informer informers}, local copies that follow
 * a kind and know the last revision they have seen; an {@link dev.amphora.client.InformerHandler} hears of changes on an actor of
 * its own. Handlers put {@linkplain dev.amphora.client.ObjectKey keys} into a {@link dev.amphora.client.WorkQueue}, which calls workers
 * and retries by a {@link dev.amphora.client.RateLimiter}. {@link dev.amphora.client.EventRecorder} tells people what happened,
 * {@link dev.amphora.client.LeaderElector} picks one of several, {@link dev.amphora.client.OwnerReferences} says who owns what.
 */
@NullMarked
package dev.amphora.client;

import org.jspecify.annotations.NullMarked;
