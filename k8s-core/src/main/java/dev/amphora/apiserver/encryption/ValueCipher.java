package dev.amphora.apiserver.encryption;

import java.security.GeneralSecurityException;

/** One key of one provider. Safe for concurrent use. */
interface ValueCipher {
    /** Draws what must differ each time. */
    @FunctionalInterface
    interface Chance {
        void nextBytes(byte[] bytes);
    }

    /**
     * Encrypts.
     *
     * @param place the key in the store, which the result may be bound to
     */
    byte[] encrypt(byte[] value, String place, Chance chance) throws GeneralSecurityException;

    /**
     * Decrypts.
     *
     * @param from where the encrypted bytes begin
     */
    byte[] decrypt(byte[] stored, int from, String place) throws GeneralSecurityException;
}
