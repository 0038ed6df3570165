/**
 * Certificates and keys as bytes: the distinguished encoding rules of ASN.1, PEM, the names in a certificate, and requests for one. The
 * platform reads certificates and signs, but neither writes certificates nor reads requests, and a library for it would cost more start-up
 * time than the rest of the server. Sees nothing else of the project.
 */
@NullMarked
package dev.amphora.api.pki;

import org.jspecify.annotations.NullMarked;
