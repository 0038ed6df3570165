package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Slices of devices, and the status of claims")
final class DeviceSliceTest {
    private static final String GROUP = "resource.k8s.io";

    private static List<String> errors(String spec) {
        return Kinds.errors(
                GROUP,
                "resourceslices",
                ("{'metadata':{'name':'s'},'spec':{'driver':'d.x','pool':{'name':'p','generation':1,'resourceSliceCount':1}%s}}")
                        .formatted(spec));
    }

    @Test
    void areOfOneNodeOrOfAllOrSayItForEachDevice() {
        assertThat(errors(",'nodeName':'n'")).isEmpty();
        assertThat(errors(""))
                .containsExactly("spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`,"
                        + " `perDeviceNodeSelection` is required");
        assertThat(errors(",'nodeName':'n','devices':[{'name':'a','allNodes':true}]"))
                .singleElement()
                .asString()
                .startsWith(
                        "spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set");
    }

    @Test
    void nameAttributesByIdentifiersAndGiveThemOneValue() {
        assertThat(
                        errors(
                                ",'allNodes':true,'devices':[{'name':'a','attributes':{'A/':{'string':'s'},'v':{'version':'x'}}}]"))
                .containsExactlyInAnyOrder(
                        "spec.devices[0].attributes: Invalid value: \"\": the name must not be empty",
                        "spec.devices[0].attributes[v].version: Invalid value: \"x\": must be a string compatible with"
                                + " semver.org spec 2.0.0");
    }

    @Test
    void stampTaintsWithTheTimeUnlessTheyHaveOne() {
        ObjectNode slice = Kinds.tree("{'spec':{'devices':[{'taints':[{'key':'k'},{'key':'l','timeAdded':'T'}]}]}}");

        StrategyRegistry.strategy(GROUP, "resourceslices").stamp(slice, "NOW");
        assertThat(slice.at("/spec/devices/0/taints/0/timeAdded").asText()).isEqualTo("NOW");
        assertThat(slice.at("/spec/devices/0/taints/1/timeAdded").asText()).isEqualTo("T");
    }

    @Test
    void reserveAClaimOnlyOnceItIsAllocated() {
        ObjectNode old =
                Kinds.tree("{'metadata':{'name':'c','resourceVersion':'1'},'spec':{'devices':{'requests':[]}}}");
        ObjectNode claim = old.deepCopy();
        claim.set("status", Kinds.tree("{'reservedFor':[{'resource':'pods','name':'p','uid':'u'}]}"));

        assertThat(Kinds.texts(
                        StrategyRegistry.strategy(GROUP, "resourceclaims").validateStatusUpdate(claim, old)))
                .containsExactly("status.reservedFor: Forbidden: may not be specified when `allocated` is not set");
    }
}
