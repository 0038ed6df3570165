package dev.amphora.apiserver.encryption;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES in cipher block chaining mode: an initial block, then the encrypted value, padded to whole blocks. */
final class AesCbc implements ValueCipher {
    private static final String NAME = "AES/CBC/PKCS5Padding";
    private static final int BLOCK = 16;

    private final SecretKeySpec key;

    AesCbc(byte[] key) {
        this.key = new SecretKeySpec(key, "AES");
    }

    @Override
    public byte[] encrypt(byte[] value, String place, Chance chance) throws GeneralSecurityException {
        byte[] first = new byte[BLOCK];
        chance.nextBytes(first);
        Cipher cipher = Cipher.getInstance(NAME);
        cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(first));
        byte[] encrypted = cipher.doFinal(value);
        return ByteBuffer.allocate(BLOCK + encrypted.length)
                .put(first)
                .put(encrypted)
                .array();
    }

    @Override
    public byte[] decrypt(byte[] stored, int from, String place) throws GeneralSecurityException {
        if (stored.length - from < 2 * BLOCK) {
            throw new GeneralSecurityException("the stored data was shorter than the required size");
        }
        Cipher cipher = Cipher.getInstance(NAME);
        cipher.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(stored, from, BLOCK));
        return cipher.doFinal(stored, from + BLOCK, stored.length - from - BLOCK);
    }
}
