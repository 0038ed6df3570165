/**
 * The HTTP face of the API server: routes, media types, watch streams, WebSockets, authentication at the door, TLS, and the files that
 * clients need to come in.
 *
 * <p>{@link dev.amphora.rest.RestServer} listens on a socket; {@link dev.amphora.rest.InProcess} serves the fabric8 client without one,
 * {@link dev.amphora.rest.LocalConnection} callers with credentials of their own. All hand their exchanges ({@link dev.amphora.rest.HttpCall}) to the same {@link dev.amphora.rest.RestApi}, so they answer alike. A leaf
 * over {@code apiserver}: nobody but the root package imports it.
 */
@NullMarked
package dev.amphora.rest;

import org.jspecify.annotations.NullMarked;
