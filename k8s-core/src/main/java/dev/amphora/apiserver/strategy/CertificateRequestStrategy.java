package dev.amphora.apiserver.strategy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableMap;
import dev.amphora.api.FieldError;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Certificate signing requests. Who asks is written in by the pipeline, which knows the caller. */
final class CertificateRequestStrategy extends KindStrategy {
    private static final long SHORTEST = 600;
    private static final List<String> DECISIONS = List.of("Approved", "Denied");
    private static final String FAILED = "Failed";
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
        String problem = SigningRequest.problem(spec.at("request").text());
        if (!problem.isEmpty()) {
            spec.at("request").invalid(spec.at("request").text(), problem);
        }
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
        metadata(request);
        metadataUpdate(request, old);
    }

    /** What was decided about the request is not for this update to say. */
    @Override
    public void prepareForStatusUpdate(ObjectNode object, ObjectNode old) {
        Strategies.keepAllButStatus(object, old);
        for (String type : DECISIONS) {
            List<ObjectNode> now = conditions(object, type);
            List<ObjectNode> before = conditions(old, type);
            for (int i = 0; now.size() == before.size() && i < now.size(); i++) {
                now.get(i).removeAll();
                now.get(i).setAll(before.get(i).deepCopy());
            }
        }
    }

    @Override
    public void stampStatus(ObjectNode object, ObjectNode old, String now) {
        stampConditions(object, old, now);
    }

    /** Gives conditions that are new or changed the time of their change, and all others the times that they had. */
    static void stampConditions(ObjectNode object, ObjectNode old, String now) {
        for (ObjectNode condition : Strategies.objects(object.path("status").path("conditions"))) {
            if (!condition.hasNonNull("lastUpdateTime")) {
                condition.put("lastUpdateTime", now);
            }
            if (condition.hasNonNull("lastTransitionTime")) {
                continue;
            }
            String since = now;
            for (ObjectNode before : conditions(old, condition.path("type").asText(""))) {
                if (before.path("status").equals(condition.path("status")) && before.hasNonNull("lastTransitionTime")) {
                    since = before.path("lastTransitionTime").asText();
                    break;
                }
            }
            condition.put("lastTransitionTime", since);
        }
    }

    @Override
    void statusUpdateRules(Fields request, ObjectNode old) {
        decided(request, old);
        for (String type : DECISIONS) {
            if (conditions(request.value(), type).size() > conditions(old, type).size()) {
                request.at("status", "conditions")
                        .forbidden("updates may not add a condition of type " + FieldError.quoted(type));
            }
        }
    }

    /** Conditions that approve or deny, together with all others. */
    void decided(Fields request, ObjectNode old) {
        metadata(request);
        Fields conditions = request.at("status", "conditions");
        Set<String> types = new HashSet<>();
        for (Fields condition : conditions.elements()) {
            Fields type = condition.at("type");
            Fields status = condition.at("status");
            type.requireText();
            boolean fixed = DECISIONS.contains(type.text()) || type.is(FAILED);
            if (status.requireText()) {
                status.oneOf(fixed ? List.of("True") : List.of("False", "True", "Unknown"));
            }
            if (DECISIONS.contains(type.text()) && types.contains(DECISIONS.get(type.is(DECISIONS.get(0)) ? 1 : 0))) {
                conditions.invalid(type.text(), "Approved and Denied conditions are mutually exclusive");
            }
            if (!types.add(type.text())) {
                type.duplicate();
            }
        }
        if (!request.at("status", "certificate").isEmpty()) {
            String problem =
                    Certificates.problem(request.at("status", "certificate").text());
            if (!problem.isEmpty()) {
                request.at("status", "certificate").invalid("<certificate data>", problem);
            }
        }
        metadataUpdate(request, old);
        for (String type : List.of(DECISIONS.get(0), DECISIONS.get(1), FAILED)) {
            if (conditions(request.value(), type).size() < conditions(old, type).size()) {
                conditions.forbidden("updates may not remove a condition of type " + FieldError.quoted(type));
            }
        }
    }

    private static List<ObjectNode> conditions(JsonNode request, String type) {
        List<ObjectNode> found = Strategies.objects(request.path("status").path("conditions"));
        found.removeIf(condition -> !condition.path("type").asText("").equals(type));
        return found;
    }

    @Override
    public Map<String, String> selectableFields(ObjectNode object) {
        return ImmutableMap.of(
                "spec.signerName", object.path("spec").path("signerName").asText(""));
    }
}
