package dev.amphora.controller.certificates;

import dev.amphora.api.pki.CertificateRequest;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What the built-in signers sign: each has requests of one form. */
final class SignerRules {
    static final String CLIENT = "kubernetes.io/kube-apiserver-client";
    static final String KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
    static final String KUBELET_SERVING = "kubernetes.io/kubelet-serving";
    static final String LEGACY = "kubernetes.io/legacy-unknown";

    private static final String CLIENT_AUTH = "client auth";
    private static final Set<String> SERVER =
            new TreeSet<>(List.of("digital signature", "key encipherment", "server auth"));
    private static final Set<String> KUBELET =
            new TreeSet<>(List.of(CLIENT_AUTH, "digital signature", "key encipherment"));

    private SignerRules() {}

    static boolean isBuiltIn(String signer) {
        return signer.equals(CLIENT)
                || signer.equals(KUBELET_CLIENT)
                || signer.equals(KUBELET_SERVING)
                || signer.equals(LEGACY);
    }

    /** Why a signer does not sign a request; empty if it does. */
    static String problem(String signer, CertificateRequest request, List<String> usages) {
        return switch (signer) {
            case CLIENT -> clientProblem(usages);
            case KUBELET_CLIENT -> kubeletClientProblem(request, usages);
            case KUBELET_SERVING -> kubeletServingProblem(request, usages);
            default -> "";
        };
    }

    private static String clientProblem(List<String> usages) {
        for (String usage : usages) {
            if (!KUBELET.contains(usage)) {
                return "invalid usage for client certificate: " + usage;
            }
        }
        return usages.contains(CLIENT_AUTH) ? "" : "missing required usage for client certificate: " + CLIENT_AUTH;
    }

    static String kubeletClientProblem(CertificateRequest request, List<String> usages) {
        if (!request.organizations().equals(List.of("system:nodes"))) {
            return "subject organization is not system:nodes";
        }
        if (!request.dnsNames().isEmpty()) {
            return "DNS subjectAltNames are not allowed";
        }
        if (!request.emails().isEmpty()) {
            return "Email subjectAltNames are not allowed";
        }
        if (!request.addresses().isEmpty()) {
            return "IP subjectAltNames are not allowed";
        }
        if (!request.uris().isEmpty()) {
            return "URI subjectAltNames are not allowed";
        }
        if (!request.commonName().startsWith("system:node:")) {
            return "subject common name does not begin with system:node:";
        }
        return usageProblem(KUBELET, usages);
    }

    private static String kubeletServingProblem(CertificateRequest request, List<String> usages) {
        if (!request.organizations().equals(List.of("system:nodes"))) {
            return "subject organization is not system:nodes";
        }
        if (request.dnsNames().isEmpty() && request.addresses().isEmpty()) {
            return "DNS or IP subjectAltName is required";
        }
        if (!request.emails().isEmpty()) {
            return "Email subjectAltNames are not allowed";
        }
        if (!request.uris().isEmpty()) {
            return "URI subjectAltNames are not allowed";
        }
        String problem = usageProblem(SERVER, usages);
        if (!problem.isEmpty()) {
            return problem;
        }
        return request.commonName().startsWith("system:node:")
                ? ""
                : "subject common name does not begin with system:node:";
    }

    /** Keys of elliptic curves encipher no other keys, so that usage may be missing. */
    private static String usageProblem(Set<String> required, List<String> usages) {
        Set<String> given = new TreeSet<>(usages);
        Set<String> withoutEncipherment = new TreeSet<>(required);
        withoutEncipherment.remove("key encipherment");
        return given.equals(required) || given.equals(withoutEncipherment)
                ? ""
                : "usages did not match [" + String.join(" ", required) + "]";
    }
}
