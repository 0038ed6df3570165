package dev.amphora.rest.tls;

import com.google.common.primitives.Bytes;
import dev.amphora.api.pki.CertificateRequest;
import dev.amphora.api.pki.Der;
import dev.amphora.api.pki.Pem;
import dev.amphora.api.pki.Subject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's own certificate authority. Issues elliptic-curve (P-256) certificates for servers and for clients; a client's common name
 * is the user it stands for, its organizations are the user's groups.
 *
 * <p>Certificates begin a minute early, for clocks that differ, and last ten years (the authority) or one year (the rest).
 */
public final class CertificateAuthority {
    private static final String COMMON_NAME = "2.5.4.3";
    private static final String ORGANIZATION = "2.5.4.10";
    private static final String SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    private static final String KEY_USAGE = "2.5.29.15";
    private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
    private static final String BASIC_CONSTRAINTS = "2.5.29.19";
    private static final String AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    private static final int DIGITAL_SIGNATURE_AND_KEY_ENCIPHERMENT = 0xa0;
    private static final int DIGITAL_SIGNATURE_KEY_ENCIPHERMENT_AND_CERT_SIGN = 0xa4;

    private static final Duration SLACK = Duration.ofMinutes(1);
    private static final Duration YEAR = Duration.ofDays(365);

    private static final Duration BACKDATED = Duration.ofMinutes(5);
    private static final Duration SHORT = Duration.ofHours(8);

    private final InstantSource clock;
    private final KeyCertificate own;
    private final @Nullable SecureRandom chance;

    private CertificateAuthority(InstantSource clock, KeyCertificate own, @Nullable SecureRandom chance) {
        this.clock = clock;
        this.own = own;
        this.chance = chance;
    }

    /** A new authority with a key of its own. */
    public static CertificateAuthority generate(InstantSource clock) {
        return generate(clock, null);
    }

    /**
     * A new authority whose keys and signatures follow from a seed: for simulations, and nothing else.
     *
     * @param seed many bytes
     */
    public static CertificateAuthority simulated(InstantSource clock, byte[] seed) {
        try {
            SecureRandom chance = SecureRandom.getInstance("SHA1PRNG");
            chance.setSeed(seed);
            return generate(clock, chance);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot make a certificate authority", e);
        }
    }

    private static CertificateAuthority generate(InstantSource clock, @Nullable SecureRandom chance) {
        try {
            KeyPair keys = newKeys(chance);
            byte[] name = name("kubernetes", List.of());
            byte[] extensions = Der.sequence(
                    extension(BASIC_CONSTRAINTS, true, Der.sequence(Der.bool(true))),
                    extension(KEY_USAGE, true, keyUsage(DIGITAL_SIGNATURE_KEY_ENCIPHERMENT_AND_CERT_SIGN)),
                    extension(SUBJECT_KEY_IDENTIFIER, false, Der.octets(keyIdentifier(keys.getPublic()))),
                    extension(
                            SUBJECT_ALTERNATIVE_NAME,
                            false,
                            Der.sequence(Der.implicit(DNS_NAME, ascii("kubernetes")))));
            Instant now = clock.instant();
            X509Certificate certificate = sign(
                    name,
                    keys.getPrivate(),
                    name,
                    keys.getPublic(),
                    now.minus(SLACK),
                    now.plus(YEAR.multipliedBy(10)),
                    extensions,
                    keys.getPublic().getEncoded(),
                    chance);
            return new CertificateAuthority(clock, new KeyCertificate(certificate, keys.getPrivate()), chance);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot make a certificate authority", e);
        }
    }

    /** The authority of a given certificate and key. */
    public static CertificateAuthority of(InstantSource clock, KeyCertificate authority) {
        return new CertificateAuthority(clock, authority, null);
    }

    /**
     * The authority kept in a directory as {@code ca.crt} and {@code ca.key}; generated and written there the first time.
     *
     * @throws UncheckedIOException if the directory can't be read or written
     * @throws IllegalArgumentException if a file holds something else
     */
    public static CertificateAuthority in(InstantSource clock, Path directory) {
        Path certificate = directory.resolve("ca.crt");
        Path key = directory.resolve("ca.key");
        try {
            if (Files.exists(certificate) && Files.exists(key)) {
                return of(clock, KeyCertificate.fromPem(Files.readString(certificate), Files.readString(key)));
            }
            CertificateAuthority authority = generate(clock);
            Files.createDirectories(directory);
            writePrivately(key, authority.own.keyPem());
            Files.writeString(certificate, authority.own.certificatePem());
            return authority;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a file that only its owner may read, where the file system knows owners. */
    public static void writePrivately(Path file, String content) throws IOException {
        Files.writeString(file, "");
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
        Files.writeString(file, content);
    }

    /**
     * A secret that only the holder of the authority's key can make, the same each time; 256 bits as base64url.
     *
     * @param purpose tells secrets apart
     */
    public String secret(String purpose) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(own.key().getEncoded(), "HmacSHA256"));
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(mac.doFinal(purpose.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot make a secret", e);
        }
    }

    /** The authority's own certificate and key. */
    public KeyCertificate own() {
        return own;
    }

    /** The authority's certificate as PEM: what clients trust. */
    public String certificatePem() {
        return own.certificatePem();
    }

    /**
     * A server's certificate.
     *
     * @param commonName the server's name, such as {@code kube-apiserver}
     * @param names DNS names under which it is reached
     * @param addresses addresses at which it is reached
     */
    public KeyCertificate server(String commonName, List<String> names, List<InetAddress> addresses) {
        List<byte[]> alternatives = new ArrayList<>();
        for (String name : names) {
            alternatives.add(Der.implicit(DNS_NAME, ascii(name)));
        }
        for (InetAddress address : addresses) {
            alternatives.add(Der.implicit(IP_ADDRESS, address.getAddress()));
        }
        return issue(commonName, List.of(), SERVER_AUTH, alternatives);
    }

    /**
     * A client's certificate.
     *
     * @param user the user it stands for, such as {@code kubernetes-admin}
     * @param groups the user's groups, such as {@code system:masters}
     */
    public KeyCertificate client(String user, List<String> groups) {
        return issue(user, groups, CLIENT_AUTH, List.of());
    }

    /**
     * A certificate for who asks for one. It begins five minutes early, ends with the authority at the latest, and says of the subject what
     * the request says.
     *
     * @param usages in the words of the certificates API, such as {@code client auth}
     * @param validity counted from now if it is short, less than eight hours, else from the beginning
     * @return as PEM
     */
    public String sign(CertificateRequest request, List<String> usages, Duration validity) {
        try {
            List<byte[]> extensions = new ArrayList<>();
            byte[] bits = Usages.bits(usages);
            if (bits.length > 0) {
                extensions.add(extension(KEY_USAGE, true, bits));
            }
            List<byte[]> purposes = Usages.purposes(usages);
            if (!purposes.isEmpty()) {
                extensions.add(extension(EXTENDED_KEY_USAGE, false, Der.sequence(purposes.toArray(new byte[0][]))));
            }
            extensions.add(extension(BASIC_CONSTRAINTS, true, Der.sequence()));
            extensions.add(authorityKeyIdentifier());
            addAlternatives(extensions, request.alternatives());
            byte[] subject = Subject.isPlain(request.subject())
                    ? name(request.commonName(), request.organizations())
                    : request.subject();
            Instant now = clock.instant();
            Instant from = now.minus(BACKDATED);
            X509Certificate certificate = sign(
                    own.certificate().getSubjectX500Principal().getEncoded(),
                    own.key(),
                    subject,
                    request.key(),
                    from,
                    noLongerThanOwn((validity.compareTo(SHORT) < 0 ? now : from).plus(validity)),
                    Der.sequence(extensions.toArray(new byte[0][])),
                    Bytes.concat(request.encoded(), now.toString().getBytes(StandardCharsets.US_ASCII)),
                    chance);
            return Pem.write("CERTIFICATE", certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot sign the request of " + request.commonName(), e);
        }
    }

    private Instant noLongerThanOwn(Instant end) {
        Instant authorityEnds = own.certificate().getNotAfter().toInstant();
        return end.isAfter(authorityEnds) ? authorityEnds : end;
    }

    private byte[] authorityKeyIdentifier() throws GeneralSecurityException {
        return extension(
                AUTHORITY_KEY_IDENTIFIER,
                false,
                Der.sequence(Der.implicit(0, keyIdentifier(own.certificate().getPublicKey()))));
    }

    private static void addAlternatives(List<byte[]> extensions, List<byte[]> alternatives) {
        if (!alternatives.isEmpty()) {
            extensions.add(
                    extension(SUBJECT_ALTERNATIVE_NAME, false, Der.sequence(alternatives.toArray(new byte[0][]))));
        }
    }

    private KeyCertificate issue(
            String commonName, List<String> organizations, String usage, List<byte[]> alternatives) {
        try {
            KeyPair keys = newKeys(chance);
            List<byte[]> extensions = new ArrayList<>(List.of(
                    extension(KEY_USAGE, true, keyUsage(DIGITAL_SIGNATURE_AND_KEY_ENCIPHERMENT)),
                    extension(EXTENDED_KEY_USAGE, false, Der.sequence(Der.oid(usage))),
                    extension(BASIC_CONSTRAINTS, true, Der.sequence()),
                    authorityKeyIdentifier()));
            addAlternatives(extensions, alternatives);
            Instant now = clock.instant();
            X509Certificate certificate = sign(
                    own.certificate().getSubjectX500Principal().getEncoded(),
                    own.key(),
                    name(commonName, organizations),
                    keys.getPublic(),
                    now.minus(SLACK),
                    noLongerThanOwn(now.plus(YEAR)),
                    Der.sequence(extensions.toArray(new byte[0][])),
                    keys.getPublic().getEncoded(),
                    chance);
            return new KeyCertificate(certificate, keys.getPrivate());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot issue a certificate for " + commonName, e);
        }
    }

    private static KeyPair newKeys(@Nullable SecureRandom chance) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        ECGenParameterSpec curve = new ECGenParameterSpec("secp256r1");
        if (chance == null) {
            generator.initialize(curve);
        } else {
            generator.initialize(curve, chance);
        }
        return generator.generateKeyPair();
    }

    private static X509Certificate sign(
            byte[] issuer,
            PrivateKey issuerKey,
            byte[] subject,
            PublicKey subjectKey,
            Instant from,
            Instant until,
            byte[] extensions,
            byte[] unique,
            @Nullable SecureRandom chance)
            throws GeneralSecurityException {
        boolean rsa = "RSA".equals(issuerKey.getAlgorithm());
        byte[] algorithm = rsa
                ? Der.sequence(Der.oid("1.2.840.113549.1.1.11"), Der.nothing())
                : Der.sequence(Der.oid("1.2.840.10045.4.3.2"));
        byte[] body = Der.sequence(
                Der.explicit(0, Der.integer(2)),
                Der.integer(serial(unique)),
                algorithm,
                issuer,
                Der.sequence(Der.time(from), Der.time(until)),
                subject,
                subjectKey.getEncoded(),
                Der.explicit(3, extensions));
        Signature signature = Signature.getInstance(rsa ? "SHA256withRSA" : "SHA256withECDSA");
        if (chance == null) {
            signature.initSign(issuerKey);
        } else {
            signature.initSign(issuerKey, chance);
        }
        signature.update(body);
        byte[] certificate = Der.sequence(body, algorithm, Der.bits(signature.sign()));
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate));
    }

    /** What is made of something unique, such as a key that only one certificate has, is as unique as what is drawn at random. */
    private static BigInteger serial(byte[] unique) throws GeneralSecurityException {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(unique);
        return new BigInteger(1, Arrays.copyOf(digest, 16));
    }

    private static byte[] keyIdentifier(PublicKey key) throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-1").digest(key.getEncoded());
    }

    private static byte[] name(String commonName, List<String> organizations) {
        List<byte[]> parts = new ArrayList<>();
        for (String organization : organizations) {
            parts.add(Der.set(Der.sequence(Der.oid(ORGANIZATION), Der.utf8(organization))));
        }
        parts.add(Der.set(Der.sequence(Der.oid(COMMON_NAME), Der.utf8(commonName))));
        return Der.sequence(parts.toArray(new byte[0][]));
    }

    private static byte[] extension(String oid, boolean critical, byte[] value) {
        return critical
                ? Der.sequence(Der.oid(oid), Der.bool(true), Der.octets(value))
                : Der.sequence(Der.oid(oid), Der.octets(value));
    }

    private static byte[] keyUsage(int bits) {
        return Der.bits(new byte[] {(byte) bits}, Integer.numberOfTrailingZeros(bits));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
