package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.cel.Expression;
import dev.amphora.apiserver.cel.Values;
import dev.amphora.apiserver.policy.Policy.Validation;
import dev.amphora.apiserver.schema.ResourceInfo;
import io.fabric8.kubernetes.api.model.StatusCauseBuilder;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Refuses, or warns of, what validating admission policies don't allow. */
final class ValidatingPolicies implements AdmissionPlugin {
    private static final int LONGEST_MESSAGE = 5 << 10;
    private static final int LONGEST_NOTE = 10 << 10;
    private static final String FAILURE = "validation.policy.admission.k8s.io/validation_failure";

    private final Policies policies;
    private final PolicyIndex index;

    ValidatingPolicies(Policies policies) {
        this.policies = policies;
        index = new PolicyIndex(policies.objects(), "validatingadmissionpolicies", "validatingadmissionpolicybindings");
    }

    @Override
    public String name() {
        return "ValidatingAdmissionPolicy";
    }

    @Override
    public void validate(AdmissionRequest request) {
        if (Policies.isExempt(request) || index.all().isEmpty()) {
            return;
        }
        RequestFacts facts = RequestFacts.of(request, policies);
        Findings findings = new Findings(request);
        for (PolicyIndex.InForce each : index.all()) {
            each.policy()
                    .constraints()
                    .find(request, facts.asked(), policies)
                    .ifPresent(as -> policy(each, request, facts, as, findings));
        }
        findings.refuse();
    }

    /**
     * What is wrong.
     *
     * @param denies whether it refuses the request
     * @param position of the expression that found it
     */
    private record Finding(boolean denies, String message, String reason, int position) {}

    /** What all policies find; the first that refuses is told of. */
    private static final class Findings {
        private final AdmissionRequest request;
        private @Nullable StatusException refusal;

        Findings(AdmissionRequest request) {
            this.request = request;
        }

        void configuration(Policy policy, @Nullable Binding binding, String problem) {
            if (policy.failsClosed()) {
                String what = binding == null ? "failed to configure policy: " : "failed to configure binding: ";
                deny(policy, binding, what + problem, "");
            }
        }

        void add(Policy policy, Binding binding, Finding finding) {
            if (!finding.denies) {
                return;
            }
            for (String action : binding.actions()) {
                if (action.equals("Deny")) {
                    deny(policy, binding, finding.message, finding.reason);
                } else if (action.equals("Audit")) {
                    request.origin().annotations().accept(FAILURE, failure(policy, binding, finding));
                } else if (action.equals("Warn")) {
                    request.warnings()
                            .accept("Validation failed for ValidatingAdmissionPolicy '%s' with binding '%s': %s"
                                    .formatted(policy.name(), binding.name(), finding.message));
                }
            }
        }

        void deny(Policy policy, @Nullable Binding binding, String message, String reason) {
            if (refusal == null) {
                String who = binding == null
                        ? "ValidatingAdmissionPolicy '%s'".formatted(policy.name())
                        : "ValidatingAdmissionPolicy '%s' with binding '%s'".formatted(policy.name(), binding.name());
                refusal = refusal(request, who + " denied request: " + message, reason.isEmpty() ? "Invalid" : reason);
            }
        }

        private static String failure(Policy policy, Binding binding, Finding finding) {
            ArrayNode failures = Json.mapper().createArrayNode();
            ObjectNode failure = failures.addObject()
                    .put("message", finding.message)
                    .put("policy", policy.name())
                    .put("binding", binding.name())
                    .put("expressionIndex", finding.position);
            binding.actions().forEach(failure.putArray("validationActions")::add);
            return failures.toString();
        }

        /** Takes what one policy has to say to the audit log. */
        void note(Policy policy, Map<String, Set<String>> notes) {
            notes.forEach((key, texts) ->
                    request.origin().annotations().accept(policy.name() + "/" + key, String.join(", ", texts)));
        }

        void refuse() {
            if (refusal != null) {
                throw refusal;
            }
        }
    }

    private static StatusException refusal(AdmissionRequest request, String message, String reason) {
        StatusException forbidden =
                StatusException.forbidden(request.group(), request.resource(), request.name(), message);
        StatusDetails details = forbidden.status().getDetails();
        details.setCauses(List.of(new StatusCauseBuilder().withMessage(message).build()));
        int code =
                switch (reason) {
                    case "Unauthorized" -> 401;
                    case "Forbidden" -> 403;
                    case "RequestEntityTooLarge" -> 413;
                    default -> 422;
                };
        return StatusException.of(code, reason, forbidden.status().getMessage(), details);
    }

    private void policy(
            PolicyIndex.InForce inForce,
            AdmissionRequest request,
            RequestFacts facts,
            ResourceInfo as,
            Findings findings) {
        Policy policy = inForce.policy();
        ResourceInfo parameters;
        try {
            parameters = Parameters.resource(policy, policies);
        } catch (PolicyProblem e) {
            findings.configuration(policy, null, e.text());
            return;
        }
        Map<String, Set<String>> notes = new TreeMap<>();
        for (Binding binding : inForce.bindings()) {
            ResourceMatch match = binding.match();
            if (match != null && match.find(request, facts.asked(), policies).isEmpty()) {
                continue;
            }
            List<Optional<ObjectNode>> all;
            try {
                all = Parameters.of(parameters, binding, request.namespace(), policies);
            } catch (PolicyProblem e) {
                findings.configuration(policy, binding, e.text());
                continue;
            }
            for (Optional<ObjectNode> parameter : all) {
                Evaluation evaluation = Evaluation.of(policy, facts, as, parameter.orElse(null));
                findings(policy, evaluation).forEach(finding -> findings.add(policy, binding, finding));
                annotations(policy, evaluation, notes).forEach(problem -> findings.deny(policy, binding, problem, ""));
            }
        }
        findings.note(policy, notes);
    }

    private static List<Finding> findings(Policy policy, Evaluation evaluation) {
        List<Finding> found = new ArrayList<>();
        try {
            if (!evaluation.isMeant(policy.conditions())) {
                return found;
            }
        } catch (PolicyProblem e) {
            found.add(new Finding(policy.failsClosed(), e.text(), "", 0));
            return found;
        }
        int position = 0;
        for (Validation validation : policy.validations()) {
            try {
                if (!Boolean.TRUE.equals(evaluation.value(validation.expression()))) {
                    found.add(new Finding(
                            true,
                            message(validation, evaluation),
                            validation.source().path("reason").asText(""),
                            position));
                }
            } catch (PolicyProblem e) {
                found.add(new Finding(policy.failsClosed(), e.text(), "", position));
            }
            position++;
        }
        return found;
    }

    private static String message(Validation validation, Evaluation evaluation) {
        Expression expression = validation.message();
        if (expression != null) {
            try {
                String text =
                        Values.text(evaluation.value(expression)).orElse("").strip();
                if (!text.isEmpty()
                        && text.indexOf('\n') < 0
                        && text.getBytes(StandardCharsets.UTF_8).length <= LONGEST_MESSAGE) {
                    return text;
                }
            } catch (PolicyProblem e) {
                // The fixed message takes its place.
            }
        }
        String fixed = validation.source().path("message").asText("").strip();
        return fixed.isEmpty()
                ? "failed expression: " + validation.expression().text().strip()
                : fixed;
    }

    /**
     * Evaluates what a policy puts into the audit log.
     *
     * @param notes takes the texts, by the annotations' names
     * @return what is wrong with them, if that counts
     */
    private static List<String> annotations(Policy policy, Evaluation evaluation, Map<String, Set<String>> notes) {
        List<String> problems = new ArrayList<>();
        if (policy.annotations().isEmpty()) {
            return problems;
        }
        try {
            if (!evaluation.isMeant(policy.conditions())) {
                return problems;
            }
        } catch (PolicyProblem e) {
            return problems; // Has been told of.
        }
        policy.annotations().forEach((key, expression) -> {
            try {
                String text =
                        Values.text(evaluation.value(expression)).orElse("").strip();
                if (!text.isEmpty()) {
                    notes.computeIfAbsent(key, name -> new LinkedHashSet<>())
                            .add(text.substring(0, Math.min(text.length(), LONGEST_NOTE)));
                }
            } catch (PolicyProblem e) {
                problems.add(e.text());
            }
        });
        return policy.failsClosed() ? problems : List.of();
    }
}
