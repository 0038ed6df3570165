package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Certificate signing requests. Who asks is written in by the pipeline, which knows the caller. */
final class CertificateRequestStrategy extends KindStrategy {
    private static final long SHORTEST = 600;
    private static final List<String> USAGES = List.of(
            "any",
            "cert sign",
            "client auth",
            "code signing",
            "content commitment",
            "crl sign",
            "data encipherment",
            "decipher only",
            "digital signature",
            "email protection",
            "encipher only",
            "ipsec end system",
            "ipsec tunnel",
            "ipsec user",
            "key agreement",
            "key encipherment",
            "microsoft sgc",
            "netscape sgc",
            "ocsp signing",
            "s/mime",
            "server auth",
            "signing",
            "timestamping");

    @Override
    List<String> names(String name) {
        return Names.pathSegment(name);
    }

    @Override
    public void prepareForUpdate(ObjectNode object, ObjectNode old) {
        Strategies.setGeneration(object, old, false);
        Strategies.keep(object, old, "spec");
        Strategies.keepStatus(object, old);
    }

    @Override
    void rules(Fields request) {
        Fields spec = request.at("spec");
        if (spec.at("usages").isEmpty()) {
            spec.at("usages").required();
        }
        Set<String> seen = new HashSet<>();
        for (Fields usage : spec.at("usages").elements()) {
            if (!USAGES.contains(usage.text())) {
                usage.with(TextNode.valueOf(usage.text())).unsupported(USAGES);
            } else if (!seen.add(usage.text())) {
                usage.duplicate();
            }
        }
        signer(spec.at("signerName"));
        Fields seconds = spec.at("expirationSeconds");
        if (seconds.given() && seconds.number() < SHORTEST) {
            seconds.invalid("may not specify a duration less than %d seconds (10 minutes)".formatted(SHORTEST));
        }
    }

    private static void signer(Fields signer) {
        if (signer.isEmpty()) {
            signer.required();
            return;
        }
        if (signer.is("kubernetes.io/legacy-unknown")) {
            signer.invalid("the legacy signerName is not allowed via this API version");
            return;
        }
        String[] parts = signer.text().split("/", -1);
        if (parts.length != 2) {
            signer.invalid("must be a fully qualified domain and path of the form 'example.com/signer-name'");
            return;
        }
        EndpointSliceStrategy.domain(signer.with(TextNode.valueOf(parts[0])));
        signer.check(parts[1], Names::subdomain);
    }

    @Override
    void updateRules(Fields request, ObjectNode old) {
        metadataUpdate(request, old);
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "spec.signerName", object.path("spec").path("signerName").asText(""));
    }
}
