/**
 * The API server: one pipeline for all callers, in process and over HTTP, that ends in one compare-and-swap.
 *
 * <p>In reading order: {@link dev.amphora.apiserver.ApiServer} is the face. An {@link dev.amphora.apiserver.ApiRequest} goes in, an
 * {@link dev.amphora.apiserver.ApiResult} comes out; watches deliver to a {@link dev.amphora.apiserver.WatchSink}. Objects travel as
 * {@link dev.amphora.apiserver.VersionedObject}: the tree, its revision, and its encoded and typed forms, each made once. The store's
 * watch feeds a watch cache per resource. Subpackages: {@code access} (who, and what they may do), {@code admission} (plugins that
 * change or refuse writes), {@code schema} (what all kinds have in common), {@code strategy} (what each kind does differently),
 * {@code patch}. Sees {@code store}, {@code api} and {@code kernel}; knows no HTTP and no client.
 */
@NullMarked
package dev.amphora.apiserver;

import org.jspecify.annotations.NullMarked;
