package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.Authorizer;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets only those approve and sign requests for certificates who may do so for the request's signer: the right to {@code approve} or
 * {@code sign} it, by its name or by {@code domain/*}.
 */
final class CertificateDecisions implements AdmissionPlugin {
    private static final String GROUP = "certificates.k8s.io";

    private final String name;
    private final String subresource;
    private final String verb;
    private final Authorizer authorizer;

    private CertificateDecisions(String name, String subresource, String verb, Authorizer authorizer) {
        this.name = name;
        this.subresource = subresource;
        this.verb = verb;
        this.authorizer = authorizer;
    }

    static CertificateDecisions approval(Authorizer authorizer) {
        return new CertificateDecisions("CertificateApproval", "approval", "approve", authorizer);
    }

    static CertificateDecisions signing(Authorizer authorizer) {
        return new CertificateDecisions("CertificateSigning", "status", "sign", authorizer);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode object = request.object();
        ObjectNode old = request.old();
        if (object == null
                || old == null
                || !request.group().equals(GROUP)
                || !request.resource().equals("certificatesigningrequests")
                || !request.subresource().equals(subresource)
                || (verb.equals("sign") && signsNothing(object.path("status"), old.path("status")))) {
            return;
        }
        String signer = old.path("spec").path("signerName").asText("");
        String any = signer.substring(0, Math.max(0, signer.indexOf('/'))) + "/*";
        for (String each : List.of(signer, any)) {
            AccessRequest access = new AccessRequest(request.user(), verb, GROUP, "*", "signers", "", "", each, "");
            if (authorizer.authorize(access).allowed()) {
                return;
            }
        }
        throw StatusException.forbidden(
                GROUP,
                request.resource(),
                request.name(),
                "user not permitted to %s requests with signerName \"%s\"".formatted(verb, signer));
    }

    private static boolean signsNothing(JsonNode status, JsonNode old) {
        return status.path("certificate")
                        .asText("")
                        .equals(old.path("certificate").asText(""))
                && elements(status.path("conditions")).equals(elements(old.path("conditions")));
    }

    private static List<JsonNode> elements(JsonNode list) {
        List<JsonNode> elements = new ArrayList<>();
        list.forEach(elements::add);
        return elements;
    }
}
