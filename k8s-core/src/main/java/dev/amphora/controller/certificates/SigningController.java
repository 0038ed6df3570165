package dev.amphora.controller.certificates;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.pki.CertificateRequest;
import dev.amphora.client.Informer;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signs what is approved for one of the built-in signers: the reference's {@code certificatesigningrequest-signing-controller}. */
public final class SigningController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(SigningController.class);
    private static final Duration LONGEST = Duration.ofDays(365);
    private static final Duration SHORTEST = Duration.ofMinutes(10);

    private final CertificateSigner signer;
    private @Nullable ControlLoop<String> loop;

    /**
     * A controller that does not yet run.
     *
     * @param signer signs for all the built-in signers
     */
    public SigningController(CertificateSigner signer) {
        this.signer = signer;
    }

    @Override
    public String name() {
        return "certificatesigningrequest-signing-controller";
    }

    @Override
    public void start(Context context) {
        Informer<GenericKubernetesResource> requests = context.informers().of(SigningRequests.TYPE);
        ControlLoop<String> created = new ControlLoop<>(context.kernel(), name(), 1);
        loop = created.watch(requests, KeyMapper.self(request -> request.getMetadata()
                        .getName()))
                .start(name -> requests.find("", name)
                        .map(request -> sign(context, SigningRequests.tree(request)))
                        .orElse(Result.done()));
    }

    private Result sign(Context context, ObjectNode request) {
        String name = SigningRequests.signer(request);
        if (SigningRequests.isIssued(request)
                || !SigningRequests.has(request, SigningRequests.APPROVED)
                || SigningRequests.has(request, SigningRequests.DENIED)
                || SigningRequests.has(request, SigningRequests.FAILED)
                || !SignerRules.isBuiltIn(name)) {
            return Result.done();
        }
        try {
            CertificateRequest wish = CertificateRequest.parse(SigningRequests.pem(request));
            String problem = SignerRules.problem(name, wish, SigningRequests.usages(request));
            if (problem.isEmpty()) {
                String certificate = signer.sign(wish, SigningRequests.usages(request), validity(request));
                request.withObject("/status")
                        .put(
                                "certificate",
                                Base64.getEncoder().encodeToString(certificate.getBytes(StandardCharsets.US_ASCII)));
            } else {
                SigningRequests.addCondition(
                        request,
                        SigningRequests.FAILED,
                        "SignerValidationFailure",
                        problem,
                        context.kernel().instant());
            }
        } catch (IllegalArgumentException e) {
            log.debug("A request for a certificate cannot be signed: {}", e.getMessage());
            return Result.retry();
        }
        SigningRequests.write(context.client(), request, "status");
        return Result.done();
    }

    private static Duration validity(ObjectNode request) {
        long seconds = request.path("spec").path("expirationSeconds").asLong(LONGEST.getSeconds());
        return Duration.ofSeconds(Math.max(SHORTEST.getSeconds(), Math.min(LONGEST.getSeconds(), seconds)));
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
