package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Certificate signing requests. Who asks is written in by the pipeline, which knows the caller. */
final class CertificateRequestStrategy extends KindStrategy {
    private static final long SHORTEST = 600;

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
            if (!seen.add(usage.text())) {
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
