package dev.amphora.apiserver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.FieldError;
import dev.amphora.api.Json;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The families of a Service")
final class ServiceFamiliesTest {
    private static final ServiceRanges SINGLE = ServiceRanges.parse("10.0.0.0/16");
    private static final ServiceRanges DUAL = ServiceRanges.parse("10.0.0.0/16,fd00:10::/108");

    private static ObjectNode spec(String json) {
        return (ObjectNode) Json.read(json.replace('\'', '"').getBytes(UTF_8));
    }

    private static ObjectNode completed(String json, ServiceRanges ranges) {
        ObjectNode spec = spec(json);
        assertThat(ServiceFamilies.complete(spec, null, ranges)).isEmpty();
        return spec;
    }

    private static List<String> errors(String json, ServiceRanges ranges) {
        return ServiceFamilies.complete(spec(json), null, ranges).stream()
                .map(FieldError::text)
                .toList();
    }

    @Test
    void areTheDefaultOneUnlessMoreIsAskedFor() {
        assertThat(completed("{}", DUAL)).isEqualTo(spec("{'ipFamilyPolicy':'SingleStack','ipFamilies':['IPv4']}"));
        assertThat(completed("{'ipFamilyPolicy':'PreferDualStack'}", DUAL).path("ipFamilies"))
                .hasToString("[\"IPv4\",\"IPv6\"]");
        assertThat(completed("{'ipFamilyPolicy':'PreferDualStack'}", SINGLE).path("ipFamilies"))
                .hasToString("[\"IPv4\"]");
    }

    @Test
    void followTheAddressesThatAreGiven() {
        assertThat(completed(
                                "{'clusterIP':'fd00:10::5','clusterIPs':['fd00:10::5'],'ipFamilyPolicy':'RequireDualStack'}",
                                DUAL)
                        .path("ipFamilies"))
                .hasToString("[\"IPv6\",\"IPv4\"]");
        assertThat(errors("{'clusterIP':'fd00::1','clusterIPs':['fd00::1']}", SINGLE))
                .containsExactly(
                        "spec.clusterIPs[0]: Invalid value: [\"fd00::1\"]: IPv6 is not configured on this cluster");
    }

    @Test
    void areBothForAHeadlessServiceWithoutSelectorWhateverTheClusterHas() {
        assertThat(completed("{'clusterIP':'None','clusterIPs':['None']}", SINGLE))
                .isEqualTo(spec("{'clusterIP':'None','clusterIPs':['None'],'ipFamilyPolicy':'RequireDualStack',"
                        + "'ipFamilies':['IPv4','IPv6']}"));
    }

    @Test
    void needAPolicyIfTheyAreTwo() {
        assertThat(errors("{'ipFamilies':['IPv6','IPv4']}", DUAL))
                .containsExactly("spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or"
                        + " 'PreferDualStack' when multiple IP families are specified");
        assertThat(errors("{'ipFamilyPolicy':'RequireDualStack'}", SINGLE))
                .containsExactly(
                        "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured"
                                + " for dual-stack services");
    }

    @Test
    void stayAsTheyAreWhilePreferenceDoesNotChange() {
        ObjectNode old = spec("{'ipFamilyPolicy':'PreferDualStack','ipFamilies':['IPv4'],'clusterIPs':['10.0.0.5']}");
        ObjectNode same = old.deepCopy();

        ServiceFamilies.complete(same, old, DUAL);
        assertThat(same).isEqualTo(old);
    }
}
