/**
 * Admission webhooks: other servers that change or refuse writes. {@link dev.amphora.apiserver.webhook.Webhooks} makes the two admission
 * plugins that call them. Configurations are read once, when they are first needed; while there is none nothing is looked up. Sees
 * {@code api}, {@code kernel}, {@code apiserver.admission}, {@code apiserver.cel}, {@code apiserver.outside}, {@code apiserver.patch},
 * {@code apiserver.policy} for which requests something is meant, and {@code apiserver.schema}.
 */
@NullMarked
package dev.amphora.apiserver.webhook;

import org.jspecify.annotations.NullMarked;
