package dev.amphora.apiserver.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.Json;
import java.util.ArrayList;
import java.util.List;

/** Decides whether a request may be made. */
@FunctionalInterface
public interface Authorizer {

    /**
     * An opinion.
     *
     * @param verdict what it amounts to
     * @param reason why, may be empty
     */
    record Decision(Verdict verdict, String reason) {
        /** No opinion, and no reason given. */
        public static final Decision NO_OPINION = new Decision(Verdict.NO_OPINION, "");

        /** Yes, with a reason. */
        public static Decision allow(String reason) {
            return new Decision(Verdict.ALLOW, reason);
        }

        /** Whether it is yes. */
        public boolean allowed() {
            return verdict == Verdict.ALLOW;
        }
    }

    /** What an opinion amounts to. */
    enum Verdict {
        /** Yes. */
        ALLOW,
        /** No, whatever others say. */
        DENY,
        /** Ask the next one; if there is none, no. */
        NO_OPINION
    }

    /** Looks at a request. */
    Decision authorize(AccessRequest request);

    /**
     * Lists what a user may do.
     *
     * @param namespace where; rights on the whole cluster count too
     */
    default AccessRules rulesOf(User user, String namespace) {
        return AccessRules.NONE;
    }

    /** Lets everything pass: the mode {@code AlwaysAllow}. */
    static Authorizer alwaysAllow() {
        return new Authorizer() {
            @Override
            public Decision authorize(AccessRequest request) {
                return Decision.allow("");
            }

            @Override
            public AccessRules rulesOf(User user, String namespace) {
                ObjectNode resources = Json.object();
                resources.putArray("verbs").add("*");
                resources.putArray("apiGroups").add("*");
                resources.putArray("resources").add("*");
                ObjectNode paths = Json.object();
                paths.putArray("verbs").add("*");
                paths.putArray("nonResourceURLs").add("*");
                return new AccessRules(List.of(resources, paths), List.of());
            }
        };
    }

    /** Lets nothing pass: the mode {@code AlwaysDeny}. */
    static Authorizer alwaysDeny() {
        return request -> new Decision(Verdict.NO_OPINION, "Everything is forbidden.");
    }

    /** Lets members of {@code system:masters} do everything. */
    static Authorizer masters() {
        return request -> request.user().in(User.MASTERS) ? Decision.allow("") : Decision.NO_OPINION;
    }

    /** Asks each in turn until one has an opinion. */
    static Authorizer union(List<Authorizer> authorizers) {
        ImmutableList<Authorizer> all = ImmutableList.copyOf(authorizers);
        return new Authorizer() {
            @Override
            public Decision authorize(AccessRequest request) {
                StringBuilder reasons = new StringBuilder();
                for (Authorizer authorizer : all) {
                    Decision decision = authorizer.authorize(request);
                    if (decision.verdict() != Verdict.NO_OPINION) {
                        return decision;
                    }
                    if (!decision.reason().isEmpty()) {
                        reasons.append(reasons.length() == 0 ? "" : "\n").append(decision.reason());
                    }
                }
                return new Decision(Verdict.NO_OPINION, reasons.toString());
            }

            @Override
            public AccessRules rulesOf(User user, String namespace) {
                List<JsonNode> rules = new ArrayList<>();
                List<String> gaps = new ArrayList<>();
                boolean incomplete = false;
                for (Authorizer authorizer : all) {
                    AccessRules own = authorizer.rulesOf(user, namespace);
                    rules.addAll(own.rules());
                    gaps.addAll(own.gaps());
                    incomplete |= own.incomplete();
                }
                return new AccessRules(rules, gaps, incomplete);
            }
        };
    }
}
