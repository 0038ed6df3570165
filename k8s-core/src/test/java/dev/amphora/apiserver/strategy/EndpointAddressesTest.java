package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses may stand for a pod (decision 6). */
@DisplayName("Endpoints and EndpointSlices")
final class EndpointAddressesTest {

    private static List<String> endpoints(String ip) {
        return Kinds.errors(
                "",
                "endpoints",
                "{'metadata':{'name':'e'},'subsets':[{'addresses':[{'ip':'%s'}],'ports':[{'port':80}]}]}"
                        .formatted(ip));
    }

    private static List<String> slice(String ip) {
        return Kinds.errors(
                "discovery.k8s.io",
                "endpointslices",
                "{'metadata':{'name':'e'},'addressType':'IPv4','endpoints':[{'addresses':['%s']}]}".formatted(ip));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.1", "127.128.0.0", "127.128.0.1", "127.200.3.4", "127.255.255.254"})
    void acceptPodsOnTheUpperHalfOfLoopback(String ip) {
        assertThat(endpoints(ip)).isEmpty();
        assertThat(slice(ip)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.127.255.255", "0.0.0.0", "169.254.0.1", "224.0.0.1"})
    void refuseTheRestOfLoopbackAndOtherSpecialAddresses(String ip) {
        assertThat(endpoints(ip)).isNotEmpty().allSatisfy(error -> assertThat(error)
                .startsWith("subsets[0].addresses[0].ip: Invalid value: \"%s\": ".formatted(ip)));
        assertThat(slice(ip)).isNotEmpty().allSatisfy(error -> assertThat(error)
                .startsWith("endpoints[0].addresses[0]: Invalid value: \"%s\": ".formatted(ip)));
    }
}
