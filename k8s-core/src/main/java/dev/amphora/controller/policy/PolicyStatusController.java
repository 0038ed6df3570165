package dev.amphora.controller.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Informer;
import dev.amphora.client.Patch;
import dev.amphora.controller.ControlLoop;
import dev.amphora.controller.Controller;
import dev.amphora.controller.KeyMapper;
import dev.amphora.controller.Result;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Looks at each state of a validating admission policy once: the reference's {@code validatingadmissionpolicy-status-controller}. */
public final class PolicyStatusController implements Controller {
    private static final ResourceType<GenericKubernetesResource> POLICIES = new ResourceType<>(
            "admissionregistration.k8s.io",
            "v1",
            "ValidatingAdmissionPolicy",
            "validatingadmissionpolicies",
            false,
            GenericKubernetesResource.class);

    private static final String MANAGER = "validatingadmissionpolicy-status";

    private final Function<JsonNode, ArrayNode> warnings;
    private @Nullable ControlLoop<String> loop;

    /**
     * A controller.
     *
     * @param warnings tells what is doubtful about a policy, as its status has it
     */
    public PolicyStatusController(Function<JsonNode, ArrayNode> warnings) {
        this.warnings = warnings;
    }

    @Override
    public String name() {
        return "validatingadmissionpolicy-status-controller";
    }

    @Override
    public void start(Context context) {
        Informer<GenericKubernetesResource> policies = context.informers().of(POLICIES);
        loop = new ControlLoop<String>(context.kernel(), name(), 1)
                .watch(
                        policies,
                        KeyMapper.each(policy -> List.of(policy.getMetadata().getName())))
                .start(name -> {
                    policies.find("", name).ifPresent(policy -> look(context, policy));
                    return Result.done();
                });
    }

    private void look(Context context, GenericKubernetesResource policy) {
        JsonNode tree = Json.mapper().valueToTree(policy);
        long generation = tree.path("metadata").path("generation").asLong();
        if (generation <= tree.path("status").path("observedGeneration").asLong()) {
            return;
        }
        ObjectNode status = Json.object();
        status.put("observedGeneration", generation);
        ArrayNode doubtful = warnings.apply(tree);
        ObjectNode checking = status.putObject("typeChecking");
        if (doubtful.isEmpty()) {
            checking.remove("expressionWarnings");
        } else {
            checking.set("expressionWarnings", doubtful);
        }
        ObjectNode body = Json.object();
        body.set("status", status);
        body.put("apiVersion", "admissionregistration.k8s.io/v1").put("kind", "ValidatingAdmissionPolicy");
        String name = policy.getMetadata().getName();
        body.putObject("metadata").put("name", name);
        context.client().patch(POLICIES, null, name, Patch.forcedApply(body).by(MANAGER), "status");
    }

    @Override
    public void close() {
        if (loop != null) {
            loop.close();
        }
    }
}
