/**
 * The cluster's certificates: an authority of its own, what it issues, and how both are kept as PEM.
 *
 * <p>Certificates are written as DER by hand because the platform can sign but not issue, and a library for it would cost more start-up
 * time than the rest of the server. Keys are drawn by the platform's key generators, which is the one use of randomness outside the
 * kernel: keys must not follow from a seed. Sees the kernel's clock and nothing else of the project.
 */
@NullMarked
package dev.amphora.rest.tls;

import org.jspecify.annotations.NullMarked;
