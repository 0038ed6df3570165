/**
 * Encryption of what is stored: {@link dev.amphora.apiserver.encryption.EncryptionConfiguration} is read as kube-apiserver reads it,
 * {@link dev.amphora.apiserver.encryption.EncryptedStore} stands between the pipeline and any store. The stored bytes have the reference's
 * form, so that either can read what the other wrote. Sees {@code api}, {@code kernel} and {@code store}.
 */
@NullMarked
package dev.amphora.apiserver.encryption;

import org.jspecify.annotations.NullMarked;
