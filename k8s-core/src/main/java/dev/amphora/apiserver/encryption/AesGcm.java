package dev.amphora.apiserver.encryption;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES in Galois/Counter mode: a nonce of 12 bytes, then the encrypted value with its tag, bound to its place. */
final class AesGcm implements ValueCipher {
    private static final String NAME = "AES/GCM/NoPadding";
    private static final int NONCE = 12;
    private static final int TAG_BITS = 128;

    private final SecretKeySpec key;

    AesGcm(byte[] key) {
        this.key = new SecretKeySpec(key, "AES");
    }

    @Override
    public byte[] encrypt(byte[] value, String place, Chance chance) throws GeneralSecurityException {
        byte[] nonce = new byte[NONCE];
        chance.nextBytes(nonce);
        Cipher cipher = cipher(Cipher.ENCRYPT_MODE, nonce, 0, place);
        byte[] encrypted = cipher.doFinal(value);
        return ByteBuffer.allocate(NONCE + encrypted.length)
                .put(nonce)
                .put(encrypted)
                .array();
    }

    @Override
    public byte[] decrypt(byte[] stored, int from, String place) throws GeneralSecurityException {
        if (stored.length - from < NONCE + TAG_BITS / 8) {
            throw new GeneralSecurityException("the stored data was shorter than the required size");
        }
        return cipher(Cipher.DECRYPT_MODE, stored, from, place)
                .doFinal(stored, from + NONCE, stored.length - from - NONCE);
    }

    private Cipher cipher(int mode, byte[] bytes, int nonceAt, String place) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(NAME);
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, bytes, nonceAt, NONCE));
        cipher.updateAAD(place.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }
}
