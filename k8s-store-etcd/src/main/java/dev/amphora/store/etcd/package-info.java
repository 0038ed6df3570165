/**
 * The store on etcd, for those who outgrow one machine.
 *
 * <p>{@link dev.amphora.store.etcd.EtcdStore} speaks to a cluster through jetcd; {@link dev.amphora.store.etcd.EtcdProcess} runs a single local
 * server for tests and demonstrations. Sees {@code store} and {@code kernel} only.
 */
@NullMarked
package dev.amphora.store.etcd;

import org.jspecify.annotations.NullMarked;
