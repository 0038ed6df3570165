package dev.amphora.apiserver.policy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.cel.AccessCheck;
import dev.amphora.apiserver.cel.AccessQuestion;
import dev.amphora.apiserver.cel.CelFailure;
import dev.amphora.apiserver.cel.CostMeter;
import dev.amphora.apiserver.cel.Expression;
import dev.amphora.apiserver.cel.Values;
import dev.amphora.apiserver.schema.ResourceInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The expressions of one policy or webhook about one request, with one parameter. Not for concurrent use. */
public final class Evaluation {
    private static final String EXHAUSTED =
            "validation failed due to running out of cost budget, no further validation rules will be run";

    private final Map<String, Object> names;
    private final CostMeter meter = new CostMeter();

    private Evaluation(Map<String, Object> names) {
        this.names = names;
    }

    /**
     * Prepares what expressions see.
     *
     * @param facts what is the same for all policies about the request
     * @param as the resource as which the request was meant
     * @param parameter null if there is none
     */
    static Evaluation of(Policy policy, RequestFacts facts, ResourceInfo as, @Nullable ObjectNode parameter) {
        Map<String, Object> names = new HashMap<>(facts.names(as));
        names.put("params", Values.of(parameter));
        Evaluation evaluation = new Evaluation(names);
        names.put("variables", Values.variables(policy.variables(), names, evaluation.meter));
        return evaluation;
    }

    /** Prepares what the conditions of a webhook see, which has neither parameters nor variables. */
    public static Evaluation of(RequestFacts facts, ResourceInfo as) {
        return new Evaluation(new HashMap<>(facts.names(as)));
    }

    /**
     * Whether all conditions are met. One that isn't weighs more than one that can't be told.
     *
     * @throws PolicyProblem if it can't be told
     */
    public boolean isMeant(List<Expression> conditions) {
        PolicyProblem problem = null;
        for (Expression condition : conditions) {
            try {
                if (!Boolean.TRUE.equals(value(condition))) {
                    return false;
                }
            } catch (PolicyProblem e) {
                problem = problem == null ? e : new PolicyProblem("[" + problem.text() + ", " + e.text() + "]");
            }
        }
        if (problem != null) {
            throw problem;
        }
        return true;
    }

    /**
     * The value of an expression.
     *
     * @throws PolicyProblem if it has none
     */
    Object value(Expression expression) {
        if (!expression.problem().isEmpty()) {
            throw new PolicyProblem("compilation error: " + expression.problem());
        }
        try {
            Object value = expression.evaluate(names, meter);
            checkBudget();
            return value;
        } catch (CelFailure e) {
            checkBudget();
            throw new PolicyProblem("expression '%s' resulted in error: %s".formatted(expression.text(), e.reason()));
        }
    }

    private void checkBudget() {
        if (meter.isExhausted()) {
            throw new PolicyProblem(EXHAUSTED);
        }
    }

    /** Answers the questions of a request's expressions. */
    static AccessCheck access(AdmissionRequest request, Authorizer authorizer) {
        return question -> {
            Authorizer.Decision decision = authorizer.authorize(asked(request.user(), question));
            return new AccessCheck.Answer(
                    decision.allowed(), decision.verdict() == Authorizer.Verdict.DENY, decision.reason(), "");
        };
    }

    private static AccessRequest asked(User caller, AccessQuestion question) {
        User user = caller;
        int colon = question.serviceAccount().indexOf(':');
        if (colon >= 0) {
            String namespace = question.serviceAccount().substring(0, colon);
            user = new User(
                    "system:serviceaccount:" + question.serviceAccount(),
                    "",
                    List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace, User.AUTHENTICATED),
                    Map.of());
        }
        return question.path().isEmpty()
                ? new AccessRequest(
                        user,
                        question.verb(),
                        question.group(),
                        "*",
                        question.resource(),
                        question.subresource(),
                        question.namespace(),
                        question.name(),
                        "")
                : AccessRequest.ofPath(user, question.verb(), question.path());
    }
}
