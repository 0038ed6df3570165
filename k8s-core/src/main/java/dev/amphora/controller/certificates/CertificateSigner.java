package dev.amphora.controller.certificates;

import dev.amphora.api.pki.CertificateRequest;
import java.time.Duration;
import java.util.List;

/** Signs requests for certificates: an authority, as the controllers see it. */
@FunctionalInterface
public interface CertificateSigner {
    /**
     * Signs a request.
     *
     * @param request who asks, and for which key
     * @param usages in the words of the certificates API
     * @param validity how long the certificate is to count
     * @return the certificate as PEM
     */
    String sign(CertificateRequest request, List<String> usages, Duration validity);
}
