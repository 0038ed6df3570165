/**
 * Who calls and what they may do: {@link dev.amphora.apiserver.access.Authenticator} turns credentials into a
 * {@link dev.amphora.apiserver.access.User}, {@link dev.amphora.apiserver.access.Authorizer} decides on a request. Sees {@code api}
 * and {@code kernel} only; reads the objects it needs through {@link dev.amphora.apiserver.access.ObjectReader}.
 */
@NullMarked
package dev.amphora.apiserver.access;

import org.jspecify.annotations.NullMarked;
