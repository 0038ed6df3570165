package dev.amphora.apiserver.strategy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates as text in blocks, base64 in JSON. */
final class Certificates {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([^-\\n]*)-----\\s([^-]*)-----END \\1-----", Pattern.DOTALL);

    private Certificates() {}

    /** The text in a field of bytes. */
    static String text(String base64) {
        return new String(Base64.getMimeDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    /** Whether a text has any block. */
    static boolean hasBlocks(String text) {
        return BLOCK.matcher(text).find();
    }

    /** Why a field holds no chain of certificates; empty if it does. */
    static String problem(String base64) {
        Matcher blocks = BLOCK.matcher(text(base64));
        boolean any = false;
        while (blocks.find()) {
            any = true;
            String type = blocks.group(1);
            String body = blocks.group(2);
            if (!type.equals("CERTIFICATE")) {
                return "only CERTIFICATE PEM blocks are allowed, found \"%s\"".formatted(type);
            }
            if (body.indexOf(':') >= 0) {
                return "no PEM block headers are permitted";
            }
            byte[] bytes = Base64.getMimeDecoder().decode(body);
            if (bytes.length == 0) {
                return "found CERTIFICATE PEM block containing 0 certificates";
            }
            try {
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes));
            } catch (CertificateException e) {
                return "x509: malformed certificate";
            }
        }
        return any ? "" : "must contain at least one CERTIFICATE PEM block";
    }
}
