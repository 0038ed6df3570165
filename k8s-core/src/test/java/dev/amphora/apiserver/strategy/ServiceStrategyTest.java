package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;

final class ServiceStrategyTest {

    private static String service(String spec) {
        return "{'metadata':{'name':'s'},'spec':{%s}}".formatted(spec);
    }

    @Test
    void onePortIsEnough() {
        JsonNode spec =
                Kinds.created("", "services", service("'ports':[{'port':80}]")).path("spec");

        assertThat(spec)
                .isEqualTo(
                        Kinds.tree("{'ports':[{'port':80,'protocol':'TCP','targetPort':80}],'sessionAffinity':'None',"
                                + "'type':'ClusterIP','internalTrafficPolicy':'Cluster'}"));
    }

    @Test
    void clientAffinityHoldsForThreeHoursUnlessToldOtherwise() {
        JsonNode spec = Kinds.created("", "services", service("'ports':[{'port':80}],'sessionAffinity':'ClientIP'"))
                .path("spec");

        assertThat(spec.at("/sessionAffinityConfig/clientIP/timeoutSeconds").asInt())
                .isEqualTo(10_800);
    }

    @Test
    void severalPortsNeedNames() {
        assertThat(Kinds.errors("", "services", service("'ports':[{'port':80,'name':'a'},{'port':81}]")))
                .containsExactly("spec.ports[1].name: Required value");
        assertThat(Kinds.errors("", "services", service("'type':'ClusterIP'")))
                .containsExactly("spec.ports: Required value");
    }

    @Test
    void nodePortsBelongToServicesWithNodePorts() {
        assertThat(Kinds.errors("", "services", service("'ports':[{'port':80,'nodePort':30080}]")))
                .containsExactly("spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'");
    }

    @Test
    void wrongAddressesHideAllElse() {
        assertThat(Kinds.errors(
                        "",
                        "services",
                        service("'clusterIP':'10.0.0.1','clusterIPs':['10.0.0.2'],'externalIPs':['x']")))
                .containsExactly("spec.clusterIPs: Invalid value: [\"10.0.0.2\"]: first value must match `clusterIP`");
    }

    @Test
    void anUpdateKeepsWhatWasGivenOut() {
        Strategy strategy = StrategyRegistry.strategy("", "services");
        ObjectNode old = Kinds.created(
                "",
                "services",
                service("'type':'NodePort','clusterIP':'10.0.0.9','ports':[{'port':80,'nodePort':30080}]"));
        ObjectNode object = Kinds.tree(service("'type':'NodePort','ports':[{'port':80}]"));
        strategy.setDefaults(object);
        strategy.prepareForUpdate(object, old);

        assertThat(object.at("/spec/clusterIP").asText()).isEqualTo("10.0.0.9");
        assertThat(object.at("/spec/ports/0/nodePort").asInt()).isEqualTo(30_080);
    }

    @Test
    void warnsOfWhatWillBeIgnored() {
        assertThat(Kinds.warnings("", "services", service("'clusterIP':'None','sessionAffinity':'ClientIP'")))
                .containsExactly("spec.SessionAffinity is ignored for headless services");
        assertThat(Kinds.warnings("", "services", service("'externalName':'x'")))
                .containsExactly("spec.externalName is ignored when spec.type is not \"ExternalName\"");
    }
}
