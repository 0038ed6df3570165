package dev.amphora.controller.clusterrole;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.api.Selector;
import dev.amphora.client.Informer;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives ClusterRoles with an {@code aggregationRule} the rules of all that it selects, by name, each rule once: the reference's
 * {@code clusterrole-aggregation-controller}.
 */
public final class ClusterRoleAggregation implements Controller {
    private static final ResourceType<GenericKubernetesResource> ROLES = new ResourceType<>(
            "rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false, GenericKubernetesResource.class);
    private static final String RULE = "aggregationRule";
    private static final String GATHERERS = "gatherers";

    private @Nullable ControlLoop<String> loop;

    @Override
    public String name() {
        return "clusterrole-aggregation-controller";
    }

    @Override
    public void start(Context context) {
        Informer<GenericKubernetesResource> roles = context.informers().of(ROLES);
        roles.addIndex(GATHERERS, role -> gathers(role) ? List.of("") : List.of());
        loop = new ControlLoop<String>(context.kernel(), name(), 1)
                .watch(roles, KeyMapper.each(role -> aggregated(roles, role)))
                .start(name -> {
                    roles.find("", name).ifPresent(role -> gather(context, roles, role));
                    return Result.done();
                });
    }

    /** Whose rules may follow from a role: its own, and those of all that gather. */
    private static List<String> aggregated(
            Informer<GenericKubernetesResource> roles, GenericKubernetesResource changed) {
        List<String> names = new ArrayList<>();
        if (gathers(changed)) {
            names.add(changed.getMetadata().getName());
        }
        Map<String, String> labels = changed.getMetadata().getLabels();
        if (labels != null) {
            for (GenericKubernetesResource role : roles.byIndex(GATHERERS, "")) {
                if (selectors(role).stream().anyMatch(selector -> selector.matches(labels))) {
                    names.add(role.getMetadata().getName());
                }
            }
        }
        return names;
    }

    private static boolean gathers(GenericKubernetesResource role) {
        return role.getAdditionalProperties().get(RULE) != null;
    }

    private static List<Selector> selectors(GenericKubernetesResource role) {
        JsonNode rule = Json.mapper().valueToTree(role.getAdditionalProperties().get(RULE));
        List<Selector> selectors = new ArrayList<>();
        rule.path("clusterRoleSelectors").forEach(selector -> selectors.add(Selector.of(selector)));
        return selectors;
    }

    private static void gather(
            Context context, Informer<GenericKubernetesResource> roles, GenericKubernetesResource role) {
        if (!gathers(role)) {
            return;
        }
        List<GenericKubernetesResource> all = new ArrayList<>(roles.list());
        all.sort(Comparator.comparing(each -> each.getMetadata().getName()));
        Set<Object> rules = new LinkedHashSet<>();
        for (Selector selector : selectors(role)) {
            for (GenericKubernetesResource each : all) {
                Map<String, String> labels = each.getMetadata().getLabels();
                if (!each.getMetadata().getName().equals(role.getMetadata().getName())
                        && selector.matches(labels == null ? Map.of() : labels)) {
                    rules.addAll(rules(each));
                }
            }
        }
        if (!new ArrayList<>(rules).equals(rules(role))) {
            ObjectNode body = Json.object();
            body.putObject("metadata").put("resourceVersion", role.getMetadata().getResourceVersion());
            body.set("rules", Json.mapper().<ArrayNode>valueToTree(rules));
            context.client().patch(ROLES, null, role.getMetadata().getName(), Patch.merge(body), null);
        }
    }

    private static List<?> rules(GenericKubernetesResource role) {
        return role.getAdditionalProperties().get("rules") instanceof List<?> list ? list : List.of();
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
