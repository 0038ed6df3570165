package dev.amphora.controller.certificates;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.api.pki.Pem;
import dev.amphora.client.DeleteOptions;
import dev.amphora.client.Informer;
import dev.amphora.controller.Controller;
import dev.amphora.kernel.Actor;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes requests for certificates that nobody needs any more, looking every hour: an hour after they were decided on, a day after they
 * were made if nobody decided, and when the certificate has ended. The reference's {@code certificatesigningrequest-cleaner-controller}.
 */
public final class CleanerController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(CleanerController.class);
    private static final Duration PERIOD = Duration.ofHours(1);
    private static final Duration DECIDED = Duration.ofHours(1);
    private static final Duration PENDING = Duration.ofHours(24);

    private @Nullable Actor actor;

    @Override
    public String name() {
        return "certificatesigningrequest-cleaner-controller";
    }

    @Override
    public void start(Context context) {
        Informer<GenericKubernetesResource> requests = context.informers().of(SigningRequests.TYPE);
        Actor own = context.kernel().actor(name());
        actor = own;
        requests.whenSynced(own, () -> clean(context, requests, own));
    }

    private static void clean(Context context, Informer<GenericKubernetesResource> requests, Actor own) {
        Instant now = context.kernel().instant();
        for (GenericKubernetesResource request : requests.list()) {
            if (isOver(SigningRequests.tree(request), now)) {
                try {
                    context.client()
                            .delete(
                                    SigningRequests.TYPE,
                                    null,
                                    request.getMetadata().getName(),
                                    DeleteOptions.defaults()
                                            .onlyUid(request.getMetadata().getUid()));
                } catch (StatusException e) {
                    log.debug("A request for a certificate stays: {}", e.getMessage());
                }
            }
        }
        own.schedule(PERIOD, () -> clean(context, requests, own));
    }

    private static boolean isOver(ObjectNode request, Instant now) {
        JsonNode conditions = request.path("status").path("conditions");
        boolean issued = SigningRequests.isIssued(request);
        if (conditions.isEmpty()
                && isOlder(request.path("metadata").path("creationTimestamp").asText(""), PENDING, now)) {
            return true;
        }
        for (JsonNode condition : conditions) {
            String type = condition.path("type").asText("");
            boolean over = type.equals(SigningRequests.DENIED)
                    || type.equals(SigningRequests.FAILED)
                    || (type.equals(SigningRequests.APPROVED) && issued);
            if (over && isOlder(condition.path("lastUpdateTime").asText(""), DECIDED, now)) {
                return true;
            }
        }
        return issued && SigningRequests.has(request, SigningRequests.APPROVED) && hasEnded(request, now);
    }

    private static boolean hasEnded(ObjectNode request, Instant now) {
        Pem.Block block =
                Pem.find(SigningRequests.decoded(request.path("status").path("certificate")), "CERTIFICATE");
        if (block == null) {
            return false;
        }
        try {
            X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(block.content()));
            return certificate.getNotAfter().toInstant().isBefore(now);
        } catch (CertificateException e) {
            return false;
        }
    }

    private static boolean isOlder(String time, Duration age, Instant now) {
        return !time.isEmpty() && Instant.parse(time).plus(age).isBefore(now);
    }

    @Override
    public void close() {
        if (actor != null) {
            actor.close();
        }
    }
}
