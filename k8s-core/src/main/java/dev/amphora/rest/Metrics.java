package dev.amphora.rest;

import java.nio.charset.StandardCharsets;

/** {@code /metrics} in the text format of Prometheus. */
final class Metrics {
    private Metrics() {}

    static HttpAnswer answer(RestApi api) {
        String text = "# HELP kubernetes_build_info [ALPHA] The release whose behaviour is served.\n"
                + "# TYPE kubernetes_build_info gauge\n"
                + "kubernetes_build_info{git_version=\"v1.36.3\",major=\"1\",minor=\"36\"} 1\n"
                + "# HELP kubernetes_healthcheck [STABLE] Whether the checks of the page pass.\n"
                + "# TYPE kubernetes_healthcheck gauge\n"
                + "kubernetes_healthcheck{name=\"ping\",type=\"readyz\"} " + (api.health.isReady() ? 1 : 0) + "\n";
        return new HttpAnswer(200, text.getBytes(StandardCharsets.UTF_8))
                .with("Content-Type", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    }
}
