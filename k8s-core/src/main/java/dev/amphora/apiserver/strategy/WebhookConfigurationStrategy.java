package dev.amphora.apiserver.strategy;

import static dev.amphora.apiserver.strategy.Strategies.setDefault;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.apiserver.cel.ExpressionScope;
import java.util.HashSet;
import java.util.Set;

/** Configurations of validating or mutating admission webhooks. */
final class WebhookConfigurationStrategy extends KindStrategy {
    private static final int DEFAULT_TIMEOUT = 10;
    private static final int LONGEST_TIMEOUT = 30;

    private final boolean mutating;

    WebhookConfigurationStrategy(boolean mutating) {
        super(Trait.GENERATION, Trait.VERSION_NEEDED);
        this.mutating = mutating;
    }

    @Override
    public void setDefaults(ObjectNode object) {
        for (ObjectNode webhook : Strategies.objects(object.path("webhooks"))) {
            setDefault(webhook, "failurePolicy", "Fail");
            setDefault(webhook, "matchPolicy", "Equivalent");
            setDefault(webhook, "timeoutSeconds", DEFAULT_TIMEOUT);
            MatchRules.selectorDefaults(webhook);
            MatchRules.ruleDefaults(webhook, "rules");
            if (webhook.path("clientConfig").path("service") instanceof ObjectNode service) {
                setDefault(service, "port", 443);
            }
            if (mutating) {
                setDefault(webhook, "reinvocationPolicy", "Never");
            }
        }
    }

    @Override
    void updateRules(Fields configuration, ObjectNode old) {
        metadata(configuration);
        rules(configuration);
    }

    @Override
    void rules(Fields configuration) {
        Set<String> names = new HashSet<>();
        for (Fields webhook : configuration.at("webhooks").elements()) {
            webhook(webhook);
            Fields versions = webhook.at("admissionReviewVersions");
            if (versions.isEmpty()) {
                versions.required("must specify one of v1, v1beta1");
            } else {
                WebhookRules.reviewVersions(versions);
            }
            Fields name = webhook.at("name");
            if (!name.isEmpty() && !names.add(name.text())) {
                name.duplicate();
            }
        }
    }

    private void webhook(Fields webhook) {
        qualified(webhook.at("name"));
        webhook.at("rules").elements().forEach(MatchRules::rule);
        if (webhook.has("failurePolicy")) {
            webhook.at("failurePolicy").oneOf("Fail", "Ignore");
        }
        MatchRules.policy(webhook.at("matchPolicy"));
        Fields effects = webhook.at("sideEffects");
        if (!effects.given()) {
            effects.required("must specify one of None, NoneOnDryRun");
        } else {
            effects.oneOf("None", "NoneOnDryRun");
        }
        Fields timeout = webhook.at("timeoutSeconds");
        if (timeout.given() && (timeout.number() < 1 || timeout.number() > LONGEST_TIMEOUT)) {
            timeout.invalid("the timeout value must be between 1 and %d seconds".formatted(LONGEST_TIMEOUT));
        }
        LabelRules.selector(webhook.at("namespaceSelector"));
        LabelRules.selector(webhook.at("objectSelector"));
        if (webhook.has("reinvocationPolicy")) {
            webhook.at("reinvocationPolicy").oneOf("IfNeeded", "Never");
        }
        WebhookRules.clientConfig(webhook.at("clientConfig"));
        MatchRules.conditions(webhook.at("matchConditions"), ExpressionScope.ofRequests(false, true));
    }

    /** A webhook is named like a host of some domain. */
    private static void qualified(Fields name) {
        if (!name.requireText()) {
            return;
        }
        name.check(Names::subdomain);
        if (Names.subdomain(name.text()).isEmpty() && name.text().split("\\.", -1).length < 3) {
            name.invalid("should be a domain with at least three segments separated by dots");
        }
    }
}
