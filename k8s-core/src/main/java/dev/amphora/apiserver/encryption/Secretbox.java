package dev.amphora.apiserver.encryption;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import org.bouncycastle.crypto.engines.XSalsa20Engine;
import org.bouncycastle.crypto.macs.Poly1305;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;

/**
 * XSalsa20 and Poly1305: a nonce of 24 bytes, a tag, then the encrypted value. The platform has neither, so Bouncy Castle must be on the
 * class path; no other class refers to it.
 */
final class Secretbox implements ValueCipher {
    private static final int NONCE = 24;
    private static final int TAG = 16;
    private static final int TAG_KEY = 32;

    private final KeyParameter key;

    Secretbox(byte[] key) {
        this.key = new KeyParameter(key);
    }

    @Override
    public byte[] encrypt(byte[] value, String place, Chance chance) {
        byte[] stored = new byte[NONCE + TAG + value.length];
        byte[] nonce = new byte[NONCE];
        chance.nextBytes(nonce);
        System.arraycopy(nonce, 0, stored, 0, NONCE);
        XSalsa20Engine stream = stream(true, nonce);
        byte[] tagKey = tagKey(stream);
        stream.processBytes(value, 0, value.length, stored, NONCE + TAG);
        System.arraycopy(tag(tagKey, stored, NONCE + TAG), 0, stored, NONCE, TAG);
        return stored;
    }

    @Override
    public byte[] decrypt(byte[] stored, int from, String place) throws GeneralSecurityException {
        int begin = from + NONCE + TAG;
        if (stored.length < begin) {
            throw new GeneralSecurityException("the stored data was shorter than the required size");
        }
        XSalsa20Engine stream = stream(false, Arrays.copyOfRange(stored, from, from + NONCE));
        byte[] tagKey = tagKey(stream);
        byte[] given = Arrays.copyOfRange(stored, from + NONCE, begin);
        if (!MessageDigest.isEqual(tag(tagKey, stored, begin), given)) {
            throw new GeneralSecurityException("the stored data is not what was encrypted");
        }
        byte[] value = new byte[stored.length - begin];
        stream.processBytes(stored, begin, value.length, value, 0);
        return value;
    }

    private XSalsa20Engine stream(boolean encrypts, byte[] nonce) {
        XSalsa20Engine stream = new XSalsa20Engine();
        stream.init(encrypts, new ParametersWithIV(key, nonce));
        return stream;
    }

    private static byte[] tagKey(XSalsa20Engine stream) {
        byte[] key = new byte[TAG_KEY];
        stream.processBytes(key, 0, TAG_KEY, key, 0);
        return key;
    }

    private static byte[] tag(byte[] tagKey, byte[] stored, int from) {
        Poly1305 mac = new Poly1305();
        mac.init(new KeyParameter(tagKey));
        mac.update(stored, from, stored.length - from);
        byte[] tag = new byte[TAG];
        mac.doFinal(tag, 0);
        return tag;
    }
}
