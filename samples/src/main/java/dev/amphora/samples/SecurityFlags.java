package dev.amphora.samples;

import dev.amphora.SecurityOptions;
import dev.amphora.apiserver.encryption.EncryptionConfiguration;
import dev.amphora.rest.FrontProxyTrust;
import dev.amphora.rest.KubeletAccess;
import dev.amphora.rest.tls.KeyCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options about who calls, what they may do, and what is encrypted. */
final class SecurityFlags {
    @Option(
            names = "--encryption-provider-config",
            description = "An EncryptionConfiguration: which resources are encrypted in the store, and by which keys.")
    private @Nullable Path encryption;

    @Option(
            names = "--client-ca-file",
            description = "Authorities, as PEM, whose client certificates count beside the cluster's own.")
    private @Nullable Path clientAuthorities;

    @Option(
            names = "--requestheader-client-ca-file",
            description = "Authorities, as PEM, of the proxies that may say by headers who asks. Default: no proxy may")
    private @Nullable Path proxyAuthorities;

    @Option(
            names = "--requestheader-allowed-names",
            split = ",",
            description = "Common names of such proxies. Default: any")
    private List<String> proxyNames = List.of();

    @Option(names = "--requestheader-username-headers", split = ",", description = "Default: ${DEFAULT-VALUE}")
    private List<String> usernameHeaders = List.of("X-Remote-User");

    @Option(names = "--requestheader-uid-headers", split = ",", description = "Default: ${DEFAULT-VALUE}")
    private List<String> uidHeaders = List.of("X-Remote-Uid");

    @Option(names = "--requestheader-group-headers", split = ",", description = "Default: ${DEFAULT-VALUE}")
    private List<String> groupHeaders = List.of("X-Remote-Group");

    @Option(names = "--requestheader-extra-headers-prefix", split = ",", description = "Default: ${DEFAULT-VALUE}")
    private List<String> extraPrefixes = List.of("X-Remote-Extra-");

    @Option(
            names = "--authentication-token-webhook-config-file",
            description = "A kubeconfig of a server that is asked whose a token is that nobody here knows.")
    private @Nullable Path tokenWebhook;

    @Option(
            names = "--authorization-webhook-config-file",
            description =
                    "A kubeconfig of a server that is asked what somebody may do; for --authorization-mode=Webhook.")
    private @Nullable Path accessWebhook;

    @Option(
            names = "--kubelet-client-certificate",
            description = "A certificate, as PEM, to show to kubelets outside the process. Default: none")
    private @Nullable Path kubeletCertificate;

    @Option(names = "--kubelet-client-key", description = "Its key, as PEM.")
    private @Nullable Path kubeletKey;

    @Option(
            names = "--kubelet-certificate-authority",
            description =
                    "Authorities, as PEM, that kubelets' certificates must be of. Default: any certificate counts")
    private @Nullable Path kubeletAuthority;

    @Option(
            names = "--kubelet-preferred-address-types",
            split = ",",
            description = "By which of a node's addresses its kubelet is reached, outside the process: the first type"
                    + " that it has. Default: ${DEFAULT-VALUE}")
    private List<String> kubeletAddresses = KubeletAccess.defaults().addressTypes();

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
        options = options.withWebhooks(
                tokenWebhook == null ? "" : read("--authentication-token-webhook-config-file", tokenWebhook),
                accessWebhook == null ? "" : read("--authorization-webhook-config-file", accessWebhook));
        if (clientAuthorities != null) {
            options = options.withClientAuthorities(read("--client-ca-file", clientAuthorities));
        }
        if (proxyAuthorities != null) {
            options = options.withFrontProxies(new FrontProxyTrust(
                    read("--requestheader-client-ca-file", proxyAuthorities),
                    proxyNames,
                    usernameHeaders,
                    uidHeaders,
                    groupHeaders,
                    extraPrefixes));
        }
        return options.withKubelets(kubelets());
    }

    private KubeletAccess kubelets() {
        KubeletAccess access = KubeletAccess.defaults().withAddressTypes(kubeletAddresses);
        if (kubeletAuthority != null) {
            access = access.withAuthority(read("--kubelet-certificate-authority", kubeletAuthority));
        }
        if (kubeletCertificate == null && kubeletKey == null) {
            return access;
        }
        if (kubeletCertificate == null || kubeletKey == null) {
            throw new IllegalArgumentException("--kubelet-client-certificate and --kubelet-client-key need each other");
        }
        return access.withClient(KeyCertificate.fromPem(
                read("--kubelet-client-certificate", kubeletCertificate), read("--kubelet-client-key", kubeletKey)));
    }

    /** The text of a file that an option names. */
    static String read(String option, Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(option + ": cannot read " + file, e);
        }
    }
}
