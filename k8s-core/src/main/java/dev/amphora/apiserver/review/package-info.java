/**
 * Others who are asked who calls and what they may do: kube-apiserver's webhooks for tokens and for authorization. Sees {@code api},
 * {@code apiserver.access}, {@code apiserver.outside} and {@code kernel}.
 */
@NullMarked
package dev.amphora.apiserver.review;

import org.jspecify.annotations.NullMarked;
