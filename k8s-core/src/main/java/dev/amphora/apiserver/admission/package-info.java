/**
 * Admission: plugins that change or refuse writes before they are stored. {@link dev.amphora.apiserver.admission.AdmissionPlugin} is
 * what plugins are written against; the built-in ones bear the reference's names. Policies and webhooks are plugins with packages of their
 * own. Sees {@code api}, {@code apiserver.access}, {@code apiserver.schema} and {@code kernel}; reads objects through
 * {@link dev.amphora.apiserver.access.ObjectReader}.
 */
@NullMarked
package dev.amphora.apiserver.admission;

import org.jspecify.annotations.NullMarked;
