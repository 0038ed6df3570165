package dev.amphora.apiserver.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.Json;
import dev.amphora.apiserver.cel.Expression;
import dev.amphora.apiserver.cel.ExpressionScope;
import dev.amphora.apiserver.outside.WebhookServer;
import dev.amphora.apiserver.policy.ResourceMatch;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** One webhook of a configuration. Immutable. */
final class Hook {
    private static final List<String> REVIEWS = List.of("v1", "v1beta1");
    private static final int DEFAULT_SECONDS = 10;

    private final String configuration;
    private final String key;
    private final JsonNode source;
    private final ResourceMatch match;
    private final Supplier<ImmutableList<Expression>> conditions;
    private final Supplier<WebhookServer> server;
    private final String review;

    /**
     * A webhook.
     *
     * @param configuration the name of its configuration
     * @param key tells it from all others
     * @param source as the configuration has it
     */
    Hook(String configuration, String key, JsonNode source) {
        this.configuration = configuration;
        this.key = key;
        this.source = source;
        ObjectNode meant = Json.object();
        meant.set("resourceRules", source.path("rules"));
        for (String field : List.of("matchPolicy", "namespaceSelector", "objectSelector")) {
            if (source.hasNonNull(field)) {
                meant.set(field, source.get(field));
            }
        }
        match = new ResourceMatch(meant);
        conditions = Suppliers.memoize(this::compile);
        server = Suppliers.memoize(() -> WebhookServer.of(source.path("clientConfig")));
        String wanted = "v1";
        for (JsonNode version : source.path("admissionReviewVersions")) {
            if (REVIEWS.contains(version.asText())) {
                wanted = version.asText();
                break;
            }
        }
        review = wanted;
    }

    private ImmutableList<Expression> compile() {
        ImmutableList.Builder<Expression> all = ImmutableList.builder();
        ExpressionScope scope = ExpressionScope.ofRequests(false, true);
        for (JsonNode each : source.path("matchConditions")) {
            all.add(scope.compile(each.path("expression").asText("")));
        }
        return all.build();
    }

    /** Whether it may be meant by requests for a resource, whatever else they are. */
    boolean mayConcern(List<String> groups, String plural) {
        for (JsonNode rule : source.path("rules")) {
            if (names(rule.path("apiGroups"), groups) && namesResource(rule.path("resources"), plural)) {
                return true;
            }
        }
        return false;
    }

    private static boolean names(JsonNode list, List<String> wanted) {
        for (JsonNode each : list) {
            if (each.asText().equals("*") || wanted.contains(each.asText())) {
                return true;
            }
        }
        return false;
    }

    private static boolean namesResource(JsonNode list, String plural) {
        for (JsonNode each : list) {
            String text = each.asText();
            int slash = text.indexOf('/');
            String name = slash < 0 ? text : text.substring(0, slash);
            if (name.equals("*") || name.equals(plural)) {
                return true;
            }
        }
        return false;
    }

    String configuration() {
        return configuration;
    }

    String key() {
        return key;
    }

    String name() {
        return source.path("name").asText();
    }

    /** Which requests it is for. */
    ResourceMatch match() {
        return match;
    }

    /** All must be true for it to be called. */
    ImmutableList<Expression> conditions() {
        return conditions.get();
    }

    /**
     * Where it is.
     *
     * @throws IllegalArgumentException if its URL can't be read
     */
    WebhookServer server() {
        return server.get();
    }

    /** The version of the reviews that it understands. */
    String review() {
        return review;
    }

    Duration patience() {
        return Duration.ofSeconds(source.path("timeoutSeconds").asInt(DEFAULT_SECONDS));
    }

    /** Whether a request is refused if the webhook can't be asked. */
    boolean failsClosed() {
        return !source.path("failurePolicy").asText("Fail").equals("Ignore");
    }

    /** Whether it wants to see the object again if others change it afterwards. */
    boolean isReinvoked() {
        return source.path("reinvocationPolicy").asText("").equals("IfNeeded");
    }

    /** Whether it does nothing that a dry run must not do. */
    boolean mayRunDry() {
        return source.path("sideEffects").asText("").startsWith("None");
    }
}
