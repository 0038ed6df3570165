package dev.amphora.apiserver.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Claims of devices")
final class DeviceClaimTest {
    private static final String GROUP = "resource.k8s.io";

    private static String claim(String requests) {
        return "{'metadata':{'name':'c'},'spec':{'devices':{'requests':[%s]}}}".formatted(requests);
    }

    @Test
    void askForOneDeviceUnlessToldOtherwise() {
        JsonNode request = Kinds.created(
                        GROUP, "resourceclaims", claim("{'name':'r','exactly':{'deviceClassName':'d'}}"))
                .at("/spec/devices/requests/0/exactly");

        assertThat(request).isEqualTo(Kinds.tree("{'deviceClassName':'d','allocationMode':'ExactCount','count':1}"));
    }

    @Test
    void askInOneWay() {
        assertThat(Kinds.errors(GROUP, "resourceclaims", claim("{'name':'r'}")))
                .containsExactly(
                        "spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required");
    }

    @Test
    void templatesCarryLabelsButNoName() {
        assertThat(Kinds.errors(
                        GROUP,
                        "resourceclaimtemplates",
                        "{'metadata':{'name':'t'},'spec':{'metadata':{'name':'x','labels':{'a':'b'}},'spec':{}}}"))
                .containsExactly("spec.metadata.name: Forbidden: cannot be set");
    }
}
