package dev.amphora.scheduler.plugins;

import dev.amphora.scheduler.framework.Lister;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResultBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAllocationConfiguration;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClaimConfiguration;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassConfiguration;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResultBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is written into a claim for devices that have been chosen. */
final class DeviceResults {
    private DeviceResults() {}

    static AllocationResult of(
            int index,
            ResourceClaim claim,
            List<DeviceAllocator.Choice> choices,
            String nodeName,
            Lister<DeviceClass> classes) {
        List<DeviceAllocator.Choice> own = choices.stream()
                .filter(choice -> choice.wish().claim() == index)
                .toList();
        List<DeviceRequestAllocationResult> results = new ArrayList<>();
        Map<String, String> classOf = new LinkedHashMap<>();
        for (DeviceAllocator.Choice choice : own) {
            classOf.put(choice.alternative().name(), choice.alternative().className());
            results.add(new DeviceRequestAllocationResultBuilder()
                    .withRequest(choice.alternative().name())
                    .withDriver(choice.device().id().driver())
                    .withPool(choice.device().id().pool())
                    .withDevice(choice.device().id().device())
                    .withAdminAccess(choice.alternative().admin() ? Boolean.TRUE : null)
                    .withTolerations(choice.alternative().tolerations())
                    .withBindingConditions(choice.device().device().getBindingConditions())
                    .withBindingFailureConditions(choice.device().device().getBindingFailureConditions())
                    .withShareID(choice.share() == null ? null : shareId(claim, results.size()))
                    .withConsumedCapacity(choice.share() == null ? null : quantities(choice.share()))
                    .build());
        }
        return new AllocationResultBuilder()
                .withNewDevices()
                .withResults(results)
                .withConfig(configs(claim, classOf, classes))
                .endDevices()
                .withNodeSelector(nodeSelector(own, nodeName))
                .build();
    }

    /** One share's own name; the same whenever the same claim is worked out anew. */
    private static String shareId(ResourceClaim claim, int number) {
        String text = claim.getMetadata().getUid() + "/" + claim.getMetadata().getResourceVersion() + "/" + number;
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString();
    }

    private static Map<String, Quantity> quantities(Map<String, BigDecimal> share) {
        Map<String, Quantity> quantities = new LinkedHashMap<>();
        share.forEach((name, part) -> quantities.put(name, new Quantity(part.toPlainString())));
        return quantities;
    }

    private static List<DeviceAllocationConfiguration> configs(
            ResourceClaim claim, Map<String, String> classOf, Lister<DeviceClass> classes) {
        List<DeviceAllocationConfiguration> configs = new ArrayList<>();
        classOf.forEach((request, className) -> {
            DeviceClass known = classes.get(null, className);
            if (known != null && known.getSpec() != null) {
                for (DeviceClassConfiguration config : known.getSpec().getConfig()) {
                    configs.add(new DeviceAllocationConfiguration(config.getOpaque(), List.of(request), "FromClass"));
                }
            }
        });
        for (DeviceClaimConfiguration config : claim.getSpec().getDevices().getConfig()) {
            boolean concerns = config.getRequests().isEmpty()
                    || classOf.keySet().stream()
                            .anyMatch(request -> config.getRequests().contains(request)
                                    || config.getRequests().contains(request.split("/", 2)[0]));
            if (concerns) {
                configs.add(new DeviceAllocationConfiguration(config.getOpaque(), config.getRequests(), "FromClaim"));
            }
        }
        return configs;
    }

    /** Where the devices can be used; null if that is everywhere. */
    private static @Nullable NodeSelector nodeSelector(List<DeviceAllocator.Choice> choices, String nodeName) {
        List<NodeSelectorRequirement> expressions = new ArrayList<>();
        List<NodeSelectorRequirement> fields = new ArrayList<>();
        for (DeviceAllocator.Choice choice : choices) {
            if (choice.device().isOnOneNode()
                    || Boolean.TRUE.equals(choice.device().device().getBindsToNode())) {
                return new NodeSelectorBuilder()
                        .addNewNodeSelectorTerm()
                        .addNewMatchField()
                        .withKey("metadata.name")
                        .withOperator("In")
                        .withValues(nodeName)
                        .endMatchField()
                        .endNodeSelectorTerm()
                        .build();
            }
            NodeSelector selector = choice.device().nodeSelector();
            if (selector != null && !selector.getNodeSelectorTerms().isEmpty()) {
                NodeSelectorTerm term = selector.getNodeSelectorTerms().get(0);
                term.getMatchExpressions().stream()
                        .filter(each -> !expressions.contains(each))
                        .forEach(expressions::add);
                term.getMatchFields().stream()
                        .filter(each -> !fields.contains(each))
                        .forEach(fields::add);
            }
        }
        if (expressions.isEmpty() && fields.isEmpty()) {
            return null;
        }
        return new NodeSelectorBuilder()
                .addNewNodeSelectorTerm()
                .withMatchExpressions(expressions)
                .withMatchFields(fields)
                .endNodeSelectorTerm()
                .build();
    }
}
