package dev.amphora.samples;

import dev.amphora.SecurityOptions;
import dev.amphora.apiserver.encryption.EncryptionConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options about who calls, what they may do, and what is encrypted. */
final class SecurityFlags {
    @Option(
            names = "--encryption-provider-config",
            description = "An EncryptionConfiguration: which resources are encrypted in the store, and by which keys.")
    private @Nullable Path encryption;

    /**
     * What the options say.
     *
     * @throws IllegalArgumentException if a file can't be read or holds something else
     */
    SecurityOptions options() {
        SecurityOptions options = SecurityOptions.defaults();
        if (encryption != null) {
            options = options.withEncryption(
                    EncryptionConfiguration.parse(read("--encryption-provider-config", encryption)));
        }
        return options;
    }

    private static String read(String option, Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(option + ": cannot read " + file, e);
        }
    }
}
