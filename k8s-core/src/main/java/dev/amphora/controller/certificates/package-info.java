/**
 * Requests for certificates: who approves those of kubelets, who signs what is approved, and who clears up. Sees {@code controller},
 * {@code client}, {@code api} and {@code kernel}; the certificates themselves are made by a
 * {@link dev.amphora.controller.certificates.CertificateSigner} that the cluster hands over.
 */
@NullMarked
package dev.amphora.controller.certificates;

import org.jspecify.annotations.NullMarked;
