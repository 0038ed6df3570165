package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionRequest.Operation;
import dev.amphora.apiserver.strategy.SigningRequest;

/** Refuses requests for client certificates that would make their owner a member of the group that may do everything. */
final class CertificateSubjectRestriction implements AdmissionPlugin {
    private static final String GROUP = "certificates.k8s.io";
    private static final String SIGNER = "kubernetes.io/kube-apiserver-client";

    @Override
    public String name() {
        return "CertificateSubjectRestriction";
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode object = request.object();
        if (object == null
                || request.operation() != Operation.CREATE
                || !request.isFor(GROUP, "certificatesigningrequests")
                || !object.path("spec").path("signerName").asText("").equals(SIGNER)) {
            return;
        }
        String pem = object.path("spec").path("request").asText("");
        if (SigningRequest.organizations(pem).contains(User.MASTERS)) {
            throw StatusException.forbidden(
                    GROUP,
                    request.resource(),
                    request.name(),
                    "use of %s signer with %s group is not allowed".formatted(SIGNER, User.MASTERS));
        }
    }
}
