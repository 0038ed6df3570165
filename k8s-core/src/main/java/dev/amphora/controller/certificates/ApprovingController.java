package dev.amphora.controller.certificates;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.pki.CertificateRequest;
import dev.amphora.client.Informer;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Approves what kubelets ask for, if who asks may have that done: the reference's {@code certificatesigningrequest-approving-controller}.
 */
public final class ApprovingController implements Controller {
    private static final Right OWN =
            new Right("selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview.");
    private static final Right ANY =
            new Right("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.");

    private @Nullable ControlLoop<String> loop;

    /** A right by which a request is approved, and what is said then. */
    private record Right(String subresource, String message) {}

    @Override
    public String name() {
        return "certificatesigningrequest-approving-controller";
    }

    @Override
    public void start(Context context) {
        Informer<GenericKubernetesResource> requests = context.informers().of(SigningRequests.TYPE);
        ControlLoop<String> created = new ControlLoop<>(context.kernel(), name(), 1);
        loop = created.watch(requests, KeyMapper.self(request -> request.getMetadata()
                        .getName()))
                .start(name -> requests.find("", name)
                        .map(request -> approve(context, SigningRequests.tree(request)))
                        .orElse(Result.done()));
    }

    private static Result approve(Context context, ObjectNode request) {
        if (SigningRequests.isIssued(request)
                || SigningRequests.has(request, SigningRequests.APPROVED)
                || SigningRequests.has(request, SigningRequests.DENIED)
                || !SigningRequests.signer(request).equals(SignerRules.KUBELET_CLIENT)) {
            return Result.done();
        }
        CertificateRequest wish;
        try {
            wish = CertificateRequest.parse(SigningRequests.pem(request));
        } catch (IllegalArgumentException e) {
            return Result.retry();
        }
        if (!SignerRules.kubeletClientProblem(wish, SigningRequests.usages(request))
                .isEmpty()) {
            return Result.done();
        }
        String user = request.path("spec").path("username").asText("");
        for (Right right : user.equals(wish.commonName()) ? List.of(OWN, ANY) : List.of(ANY)) {
            if (may(context, request, right.subresource)) {
                SigningRequests.addCondition(
                        request,
                        SigningRequests.APPROVED,
                        "AutoApproved",
                        right.message,
                        context.kernel().instant());
                SigningRequests.write(context.client(), request, "approval");
                return Result.done();
            }
        }
        // The right may be given later, of which nobody tells.
        return Result.retry();
    }

    private static boolean may(Context context, ObjectNode request, String subresource) {
        ObjectNode review = Json.object();
        ObjectNode spec = review.putObject("spec");
        spec.set("user", request.path("spec").path("username"));
        for (String member : List.of("uid", "groups", "extra")) {
            if (request.path("spec").has(member)) {
                spec.set(member, request.path("spec").path(member));
            }
        }
        spec.putObject("resourceAttributes")
                .put("group", SigningRequests.GROUP)
                .put("version", "*")
                .put("resource", SigningRequests.PLURAL)
                .put("subresource", subresource)
                .put("verb", "create");
        SubjectAccessReview asked = Json.mapper().convertValue(review, SubjectAccessReview.class);
        SubjectAccessReview answer = context.client().create(asked);
        return Boolean.TRUE.equals(answer.getStatus().getAllowed());
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
