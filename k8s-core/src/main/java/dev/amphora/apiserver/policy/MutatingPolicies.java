package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.admission.Rounds;
import dev.amphora.apiserver.cel.CelFailure;
import dev.amphora.apiserver.cel.Values;
import dev.amphora.apiserver.patch.AppliedTree;
import dev.amphora.apiserver.patch.JsonPatch;
import dev.amphora.apiserver.patch.JsonPatchProblem;
import dev.amphora.apiserver.policy.Policy.Mutation;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.TypeSchema;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.api.model.StatusCauseBuilder;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Changes what mutating admission policies are for. */
final class MutatingPolicies implements AdmissionPlugin {
    private final Policies policies;
    private final PolicyIndex index;

    MutatingPolicies(Policies policies) {
        this.policies = policies;
        index = new PolicyIndex(policies.objects(), "mutatingadmissionpolicies", "mutatingadmissionpolicybindings");
    }

    @Override
    public String name() {
        return "MutatingAdmissionPolicy";
    }

    /** A policy put in force by a binding, with one parameter. */
    private record Invocation(Policy policy, Binding binding, ResourceInfo as, Optional<ObjectNode> parameter) {
        /** Tells it from all others about one request. */
        String key() {
            JsonNode metadata =
                    parameter.<JsonNode>map(each -> each.path("metadata")).orElse(MissingNode.getInstance());
            return String.join(
                    "/",
                    policy.name(),
                    binding.name(),
                    metadata.path("namespace").asText(""),
                    metadata.path("name").asText(""));
        }
    }

    /** Why a policy refuses. */
    private record Problem(Policy policy, @Nullable Binding binding, String text, String reason) {
        String message() {
            String who = binding == null
                    ? "policy '%s'".formatted(policy.name())
                    : "policy '%s' with binding '%s'".formatted(policy.name(), binding.name());
            return who + " denied request: " + text;
        }
    }

    @Override
    public void mutate(AdmissionRequest request) {
        if (Policies.isExempt(request) || index.all().isEmpty()) {
            return;
        }
        RequestFacts facts = RequestFacts.of(request, policies);
        List<Problem> problems = new ArrayList<>();
        Rounds.Callees callees = request.origin().rounds().of(this);
        callees.begin(request.object());
        for (Invocation each : invocations(request, facts, problems)) {
            if (!callees.isDue(each.key())) {
                continue;
            }
            if (run(each, request, facts, problems)) {
                callees.changed();
            }
            if (each.policy().isReinvoked()) {
                callees.called(each.key());
            }
        }
        callees.end(request.object());
        problems.removeIf(problem -> !problem.policy().failsClosed());
        if (!problems.isEmpty()) {
            throw refusal(request, problems);
        }
    }

    private static StatusException refusal(AdmissionRequest request, List<Problem> problems) {
        Problem first = problems.get(0);
        StatusDetails details = StatusException.forbidden(request.group(), request.resource(), request.name(), "")
                .status()
                .getDetails();
        List<StatusCause> causes = new ArrayList<>();
        problems.forEach(each ->
                causes.add(new StatusCauseBuilder().withMessage(each.message()).build()));
        details.setCauses(causes);
        return StatusException.of(403, first.reason(), first.message(), details);
    }

    private List<Invocation> invocations(AdmissionRequest request, RequestFacts facts, List<Problem> problems) {
        List<Invocation> all = new ArrayList<>();
        for (PolicyIndex.InForce each : index.all()) {
            Optional<ResourceInfo> as = each.policy().constraints().find(request, facts.asked(), policies);
            if (as.isEmpty()) {
                continue;
            }
            ResourceInfo parameters;
            try {
                parameters = Parameters.resource(each.policy(), policies);
            } catch (PolicyProblem e) {
                problems.add(new Problem(each.policy(), null, "failed to configure policy: " + e.text(), "Forbidden"));
                continue;
            }
            for (Binding binding : each.bindings()) {
                ResourceMatch match = binding.match();
                if (match != null
                        && match.find(request, facts.asked(), policies).isEmpty()) {
                    continue;
                }
                try {
                    Parameters.of(parameters, binding, request.namespace(), policies)
                            .forEach(one -> all.add(new Invocation(each.policy(), binding, as.get(), one)));
                } catch (PolicyProblem e) {
                    problems.add(new Problem(
                            each.policy(), binding, "failed to configure binding: " + e.text(), "Forbidden"));
                }
            }
        }
        return all;
    }

    /** Applies a policy; whether it has changed the object. */
    private boolean run(Invocation invocation, AdmissionRequest request, RequestFacts facts, List<Problem> problems) {
        ObjectNode object = request.object();
        if (object == null) {
            return false;
        }
        try {
            Evaluation matching = evaluation(invocation, facts);
            if (!matching.isMeant(invocation.policy().conditions())) {
                return false;
            }
        } catch (PolicyProblem e) {
            problems.add(new Problem(invocation.policy(), invocation.binding(), e.text(), "Invalid"));
            return false;
        }
        boolean changed = false;
        for (Mutation mutation : invocation.policy().mutations()) {
            try {
                changed |= mutate(mutation, invocation, request, object, facts);
            } catch (PolicyProblem e) {
                problems.add(new Problem(invocation.policy(), invocation.binding(), e.text(), "Invalid"));
            }
        }
        return changed;
    }

    private static Evaluation evaluation(Invocation invocation, RequestFacts facts) {
        return Evaluation.of(
                invocation.policy(),
                facts,
                invocation.as(),
                invocation.parameter().orElse(null));
    }

    private boolean mutate(
            Mutation mutation, Invocation invocation, AdmissionRequest request, ObjectNode object, RequestFacts facts) {
        Object value = evaluation(invocation, facts).value(mutation.expression());
        JsonNode changed;
        try {
            changed = mutation.applies() ? applied(value, object, request) : patched(value, object);
        } catch (CelFailure e) {
            throw new PolicyProblem(e.reason());
        }
        if (!(changed instanceof ObjectNode next) || Json.same(next, object)) {
            return false;
        }
        policies.setDefaults(request, next);
        object.removeAll();
        object.setAll(next);
        facts.changed();
        return true;
    }

    /** The object with what was made merged in. */
    private JsonNode applied(Object made, ObjectNode object, AdmissionRequest request) {
        Values.checkTypes(made);
        TypeSchema type = policies.catalogue()
                .findType(request.group(), request.version(), request.kind())
                .orElseThrow(() -> StatusException.of(
                        503,
                        "ServiceUnavailable",
                        "Resource kind %s not found. There can be a delay between when CustomResourceDefinitions are created and when they are available."
                                .formatted(request.kind()),
                        null));
        ObjectNode wanted = Json.object();
        wanted.set("apiVersion", object.path("apiVersion"));
        wanted.set("kind", object.path("kind"));
        if (Values.tree(made) instanceof ObjectNode fields) {
            wanted.setAll(fields);
        }
        List<String> problems = AppliedTree.problems(wanted, type);
        if (!problems.isEmpty()) {
            throw new PolicyProblem("error applying patch: failed to convert patch object to typed object: "
                    + String.join("\n", problems));
        }
        List<String> atomic = AppliedTree.atomics(wanted, type);
        if (!atomic.isEmpty()) {
            throw new PolicyProblem(
                    "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: "
                            + String.join(", ", atomic));
        }
        return AppliedTree.merge(object, wanted, type);
    }

    /** The object after some operations; as it was if one of them tests it in vain. */
    private static JsonNode patched(Object operations, ObjectNode object) {
        if (operations instanceof List<?> list) {
            list.forEach(each -> Values.checkPatch(each));
        }
        try {
            return JsonPatch.of(Values.tree(operations), true).explain(object);
        } catch (JsonPatchProblem e) {
            if (e.isFailedTest()) {
                return object;
            }
            throw new PolicyProblem("JSON Patch: " + e.detail());
        }
    }
}
