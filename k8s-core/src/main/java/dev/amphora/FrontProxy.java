package dev.amphora;

import com.google.common.base.Suppliers;
import dev.amphora.kernel.Kernel;
import dev.amphora.rest.tls.CertificateAuthority;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import org.jspecify.annotations.Nullable;

/**
 * By what other API servers know that it is this cluster's that tells them who asks: a certificate of an authority that vouches for nobody
 * else. Made when it is first needed.
 */
final class FrontProxy {
    /** The name in the certificate, the only one that may speak for others. */
    static final String NAME = "front-proxy-client";

    private final Supplier<CertificateAuthority> authority;
    private final Supplier<KeyManager[]> keys;

    /**
     * Not made yet.
     *
     * @param directory keeps the authority; null makes a new one
     */
    FrontProxy(Kernel kernel, @Nullable Path directory) {
        authority = Suppliers.memoize(() -> directory == null
                ? CertificateAuthority.generate(kernel)
                : CertificateAuthority.in(kernel, directory.resolve("front-proxy")));
        keys = Suppliers.memoize(() -> authority.get().client(NAME, List.of()).shown());
    }

    /** What to show to other servers. */
    KeyManager[] keys() {
        return keys.get();
    }

    /** The certificate by which they check it, as PEM. */
    String authorityPem() {
        return authority.get().certificatePem();
    }
}
