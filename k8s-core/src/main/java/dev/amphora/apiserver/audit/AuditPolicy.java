package dev.amphora.apiserver.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.amphora.api.Json;
import dev.amphora.apiserver.access.AccessRequest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Which requests are told of, and how much. The first rule that fits a request decides; one that none fits is not told of. The form is that
 * of the reference's {@code audit.k8s.io/v1} Policy. Immutable.
 */
public final class AuditPolicy {
    private final ImmutableList<AuditRule> rules;
    private final ImmutableSet<AuditStage> omitted;

    private AuditPolicy(List<AuditRule> rules, Set<AuditStage> omitted) {
        this.rules = ImmutableList.copyOf(rules);
        this.omitted = ImmutableSet.copyOf(omitted);
    }

    /** How much of a request is told, and at which stages. */
    public record Verdict(AuditLevel level, Set<AuditStage> omitted, boolean omitsManagedFields) {
        /** Nothing of it. */
        static final Verdict NOTHING = new Verdict(AuditLevel.NONE, ImmutableSet.of(), false);

        /** Stages that can't change. */
        public Verdict {
            omitted = ImmutableSet.copyOf(omitted);
        }

        /** Whether nothing is told. */
        public boolean isNothing() {
            return level == AuditLevel.NONE;
        }
    }

    /**
     * The same for every request.
     *
     * @param omitted the stages that are not told of
     */
    public static AuditPolicy everything(AuditLevel level, AuditStage... omitted) {
        return new AuditPolicy(List.of(AuditRule.of(level)), ImmutableSet.copyOf(omitted));
    }

    /**
     * Reads a Policy.
     *
     * @param text YAML or JSON
     * @throws IllegalArgumentException if it is none, naming what is wrong
     */
    public static AuditPolicy parse(String text) {
        JsonNode tree = read(text);
        if (!tree.path("kind").asText().equals("Policy")
                || !tree.path("apiVersion").asText().equals("audit.k8s.io/v1")) {
            throw new IllegalArgumentException("an audit policy has kind Policy and apiVersion audit.k8s.io/v1");
        }
        Set<AuditStage> omitted = stages(tree.path("omitStages"), "omitStages");
        boolean bare = tree.path("omitManagedFields").asBoolean();
        List<AuditRule> rules = new ArrayList<>();
        for (JsonNode rule : tree.path("rules")) {
            rules.add(AuditRule.of(rule, "rules[" + rules.size() + "]", bare));
        }
        if (rules.isEmpty()) {
            throw new IllegalArgumentException("an audit policy has rules");
        }
        return new AuditPolicy(rules, omitted);
    }

    private static JsonNode read(String text) {
        try {
            return Json.mapper().valueToTree(new Yaml(new SafeConstructor(new LoaderOptions())).<Object>load(text));
        } catch (YAMLException e) {
            throw new IllegalArgumentException("an audit policy is YAML: " + e.getMessage(), e);
        }
    }

    /** What is to be told of a request. */
    public Verdict of(AccessRequest request) {
        for (AuditRule rule : rules) {
            if (rule.matches(request)) {
                Set<AuditStage> all = EnumSet.noneOf(AuditStage.class);
                all.addAll(omitted);
                all.addAll(rule.omitted());
                return new Verdict(rule.level(), all, rule.omitsManagedFields());
            }
        }
        return Verdict.NOTHING;
    }

    static Set<AuditStage> stages(JsonNode names, String where) {
        Set<AuditStage> stages = EnumSet.noneOf(AuditStage.class);
        for (JsonNode name : names) {
            stages.add(AuditStage.of(name.asText())
                    .orElseThrow(() -> new IllegalArgumentException(where + ": there is no stage " + name.asText())));
        }
        return stages;
    }
}
