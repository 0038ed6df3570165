package dev.amphora.samples.conformance;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Certificate signing requests, made by the {@code openssl} command, one for each subject. */
final class SigningRequests {
    private final Map<String, String> made = new ConcurrentHashMap<>();

    /**
     * The base64 of a PEM request.
     *
     * @param subject as openssl takes it, such as {@code /CN=x}
     */
    String pemFor(String subject) {
        return made.computeIfAbsent(subject, SigningRequests::make);
    }

    private static String make(String subject) {
        try {
            Path directory = Files.createTempDirectory("signing-request");
            Path key = directory.resolve("key");
            Path request = directory.resolve("request");
            try {
                Commands.Output output = Commands.run(
                        "openssl",
                        "req",
                        "-new",
                        "-newkey",
                        "rsa:2048",
                        "-nodes",
                        "-keyout",
                        key.toString(),
                        "-out",
                        request.toString(),
                        "-subj",
                        subject);
                if (output.exit() != 0) {
                    throw new IllegalStateException("openssl: " + output.stderr());
                }
                String pem = Files.readString(request);
                return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8));
            } finally {
                Files.deleteIfExists(key);
                Files.deleteIfExists(request);
                Files.deleteIfExists(directory);
            }
        } catch (IOException e) {
            throw new SkipException("needs the openssl command");
        }
    }
}
