package dev.amphora.apiserver.strategy;

import dev.amphora.api.pki.DerReader;
import dev.amphora.api.pki.Subject;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;

/** What a request for a certificate says, as far as the API server looks at it. */
public final class SigningRequest {
    private static final Pattern FIRST =
            Pattern.compile("-----BEGIN ([^-\\n]*)-----\\s([^-]*)-----END \\1-----", Pattern.DOTALL);
    private static final int SEQUENCE = 0x30;

    private SigningRequest() {}

    /** Why a field holds no request; empty if it does. */
    static String problem(String base64) {
        Matcher block = FIRST.matcher(text(base64));
        if (!block.find() || !block.group(1).equals("CERTIFICATE REQUEST")) {
            return "PEM block type must be CERTIFICATE REQUEST";
        }
        try {
            subject(content(block));
            return "";
        } catch (RuntimeException e) {
            return "asn1: structure error";
        }
    }

    /**
     * The organisations of the subject.
     *
     * @param base64 the field of the request
     * @return empty if it holds no request
     */
    public static List<String> organizations(String base64) {
        Matcher block = FIRST.matcher(text(base64));
        if (!block.find()) {
            return List.of();
        }
        try {
            return Subject.organizations(subject(content(block)));
        } catch (RuntimeException e) {
            return List.of();
        }
    }

    private static String text(String base64) {
        try {
            return Certificates.text(base64);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private static byte[] content(Matcher block) {
        return Base64.getMimeDecoder().decode(block.group(2));
    }

    /** Request, information, then after the version the name. */
    private static byte[] subject(byte[] der) {
        DerReader request = new DerReader(der);
        int outer = request.tag();
        DerReader information = request.enter().enter();
        information.content();
        int tag = information.tag();
        byte[] name = information.whole();
        if (outer != SEQUENCE || tag != SEQUENCE) {
            throw new IllegalArgumentException("no request");
        }
        return new X500Principal(name).getEncoded();
    }
}
