package dev.amphora.apiserver.strategy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.naming.NamingException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
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
        List<String> organizations = new ArrayList<>();
        Matcher block = FIRST.matcher(text(base64));
        if (!block.find()) {
            return organizations;
        }
        try {
            for (Rdn part : new LdapName(subject(content(block)).getName()).getRdns()) {
                var values = part.toAttributes().get("o");
                for (int i = 0; values != null && i < values.size(); i++) {
                    organizations.add(String.valueOf(values.get(i)));
                }
            }
            return organizations;
        } catch (NamingException | RuntimeException e) {
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
    private static X500Principal subject(byte[] der) {
        int[] request = element(der, 0);
        int[] information = element(der, request[0]);
        int[] version = element(der, information[0]);
        int[] name = element(der, version[1]);
        if (der[0] != SEQUENCE || der[version[1]] != SEQUENCE) {
            throw new IllegalArgumentException("no request");
        }
        return new X500Principal(Arrays.copyOfRange(der, version[1], name[1]));
    }

    /** Where the content of an element begins, and where it ends. */
    private static int[] element(byte[] der, int at) {
        int length = der[at + 1] & 0xff;
        int begin = at + 2;
        if (length >= 0x80) {
            int bytes = length & 0x7f;
            length = 0;
            for (int i = 0; i < bytes; i++) {
                length = (length << 8) | (der[begin++] & 0xff);
            }
        }
        if (length < 0 || begin + length > der.length) {
            throw new IllegalArgumentException("an element ends too late");
        }
        return new int[] {begin, begin + length};
    }
}
