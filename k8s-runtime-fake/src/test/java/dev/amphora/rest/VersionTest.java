package dev.amphora.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amphora.api.Json;
import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** By what name the server goes. */
class VersionTest {
    private final Kernel kernel = new SimulatedKernel(1);
    private final TestServer server = new TestServer(kernel);

    @AfterEach
    void end() {
        server.close();
        kernel.close();
    }

    @Test
    void saysWhichReleaseItIsAndWhose() throws Exception {
        RestApi api = RestApi.builder(kernel, server.apiServer).build();

        assertThat(Json.read(get(api, "/version")).path("gitVersion").asText()).isEqualTo("v1.36.3+amphora");
        assertThat(text(get(api, "/metrics"))).contains("kubernetes_build_info{git_version=\"v1.36.3+amphora\"} 1");
    }

    @Test
    void goesByAnotherNameIfAsked() throws Exception {
        RestApi api =
                RestApi.builder(kernel, server.apiServer).releaseName("v1.36.3").build();

        assertThat(Json.read(get(api, "/version")).path("gitVersion").asText()).isEqualTo("v1.36.3");
    }

    private static byte[] get(RestApi api, String path) throws Exception {
        return DirectCall.admin("GET", path, "", new byte[0]).run(api).body();
    }

    private static String text(byte[] body) {
        return new String(body, StandardCharsets.UTF_8);
    }
}
