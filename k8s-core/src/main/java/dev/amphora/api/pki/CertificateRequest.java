package dev.amphora.api.pki;

import com.google.common.collect.ImmutableList;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request for a certificate (PKCS #10), whose signature shows that who asks holds the key. Immutable. */
public final class CertificateRequest {
    private static final String EXTENSIONS = "1.2.840.113549.1.9.14";
    private static final String ALTERNATIVE_NAMES = "2.5.29.17";
    private static final int ATTRIBUTES = 0xa0;
    private static final int BOOLEAN = 0x01;
    private static final int EMAIL = 1;
    private static final int DNS = 2;
    private static final int ADDRESS_OF_RESOURCE = 6;
    private static final int ADDRESS = 7;

    private final byte[] encoded;
    private final byte[] subject;
    private final PublicKey key;
    private final List<byte[]> alternatives = new ArrayList<>();
    private final List<String> emails = new ArrayList<>();
    private final List<String> dnsNames = new ArrayList<>();
    private final List<String> uris = new ArrayList<>();
    private final List<String> addresses = new ArrayList<>();

    private CertificateRequest(byte[] encoded) throws GeneralSecurityException {
        this.encoded = encoded;
        DerReader request = new DerReader(encoded).enter();
        byte[] signed = request.whole();
        DerReader information = new DerReader(signed).enter();
        information.content();
        subject = information.whole();
        key = key(information.whole());
        if (information.more() && information.tag() == ATTRIBUTES) {
            attributes(information.enter());
        }
        String algorithm = request.enter().oid();
        byte[] bits = request.content();
        Signature signature = Signature.getInstance(algorithm);
        signature.initVerify(key);
        signature.update(signed);
        if (!signature.verify(bits, 1, bits.length - 1)) {
            throw new IllegalArgumentException("the signature is not that of the key");
        }
    }

    /**
     * Reads one.
     *
     * @param pem with a block {@code CERTIFICATE REQUEST}
     * @throws IllegalArgumentException if it can't be read, or is not signed by the key that it names
     */
    public static CertificateRequest parse(String pem) {
        Pem.Block block = Pem.find(pem, "CERTIFICATE REQUEST");
        if (block == null) {
            throw new IllegalArgumentException("PEM block type must be CERTIFICATE REQUEST");
        }
        try {
            return new CertificateRequest(block.content());
        } catch (GeneralSecurityException | IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("the request cannot be read: " + e.getMessage(), e);
        }
    }

    private void attributes(DerReader attributes) {
        while (attributes.more()) {
            DerReader attribute = attributes.enter();
            if (attribute.oid().equals(EXTENSIONS)) {
                DerReader extensions = attribute.enter().enter();
                while (extensions.more()) {
                    extension(extensions.enter());
                }
            }
        }
    }

    private void extension(DerReader extension) {
        if (!extension.oid().equals(ALTERNATIVE_NAMES)) {
            return;
        }
        if (extension.tag() == BOOLEAN) {
            extension.content();
        }
        DerReader names = extension.enter().enter();
        while (names.more()) {
            int kind = names.tag() & 0x1f;
            byte[] whole = names.whole();
            byte[] content = new DerReader(whole).content();
            switch (kind) {
                case EMAIL -> emails.add(text(content));
                case DNS -> dnsNames.add(text(content));
                case ADDRESS_OF_RESOURCE -> uris.add(text(content));
                case ADDRESS -> addresses.add(address(content));
                default -> {
                    continue;
                }
            }
            alternatives.add(whole);
        }
    }

    private static String address(byte[] content) {
        try {
            return InetAddress.getByAddress(content).getHostAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address has 4 or 16 bytes", e);
        }
    }

    private static String text(byte[] content) {
        return new String(content, StandardCharsets.US_ASCII);
    }

    private static PublicKey key(byte[] encoded) throws GeneralSecurityException {
        String algorithm =
                switch (new DerReader(encoded).enter().enter().oid()) {
                    case "1.2.840.10045.2.1" -> "EC";
                    case "1.3.101.112" -> "Ed25519";
                    default -> "RSA";
                };
        return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(encoded));
    }

    /** The subject's common name; empty if it has none. */
    public String commonName() {
        @Nullable String name = Subject.commonName(subject);
        return name == null ? "" : name;
    }

    /** The subject's organizations in their order. */
    public List<String> organizations() {
        return Subject.organizations(subject);
    }

    /** The DNS names that the certificate is to hold. */
    public List<String> dnsNames() {
        return ImmutableList.copyOf(dnsNames);
    }

    /** The IP addresses that the certificate is to hold. */
    public List<String> addresses() {
        return ImmutableList.copyOf(addresses);
    }

    /** The addresses of electronic mail that the certificate is to hold. */
    public List<String> emails() {
        return ImmutableList.copyOf(emails);
    }

    /** The URIs that the certificate is to hold. */
    public List<String> uris() {
        return ImmutableList.copyOf(uris);
    }

    /** The request as it came. */
    public byte[] encoded() {
        return encoded;
    }

    /** The subject, encoded. */
    public byte[] subject() {
        return subject;
    }

    /** The key that the certificate is to be for. */
    public PublicKey key() {
        return key;
    }

    /** The names beside the subject, each encoded with its tag. */
    public List<byte[]> alternatives() {
        return List.copyOf(alternatives);
    }
}
