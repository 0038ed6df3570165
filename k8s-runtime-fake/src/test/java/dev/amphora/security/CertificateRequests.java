package dev.amphora.security;

import dev.amphora.api.pki.Der;
import dev.amphora.api.pki.Pem;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;

/** Requests for certificates. */
final class CertificateRequests {
    private CertificateRequests() {}

    /** A request for a certificate of a user of one group: PEM in base64, as the API takes it. */
    static String pem(String user, String group) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair keys = generator.generateKeyPair();
            byte[] subject = Der.sequence(part("2.5.4.10", group), part("2.5.4.3", user));
            byte[] info = Der.sequence(
                    Der.integer(0), subject, keys.getPublic().getEncoded(), Der.implicit(0x20, new byte[0]));
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(keys.getPrivate());
            signature.update(info);
            byte[] request =
                    Der.sequence(info, Der.sequence(Der.oid("1.2.840.10045.4.3.2")), Der.bits(signature.sign()));
            return Base64.getEncoder()
                    .encodeToString(Pem.write("CERTIFICATE REQUEST", request).getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] part(String oid, String value) {
        return Der.set(Der.sequence(Der.oid(oid), Der.utf8(value)));
    }
}
