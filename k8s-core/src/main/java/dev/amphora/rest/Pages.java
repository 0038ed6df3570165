package dev.amphora.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.TokenOptions;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The pages that are neither resources nor discovery: version, health, metrics, the list of all paths, and what tools look for. */
final class Pages {
    private static final String NOT_FOR_MACHINES =
            "Warning: This endpoint is not meant to be machine parseable, has no formatting"
                    + " compatibility guarantees and is for debugging purposes only.\n";

    private final RestApi api;

    Pages(RestApi api) {
        this.api = api;
    }

    /** Answers a path that names no resource and no group. */
    HttpAnswer answer(Exchange exchange) {
        String path = exchange.path();
        if (path.equals("/")) {
            ObjectNode page = Json.object();
            var paths = page.putArray("paths");
            api.discovery.rootPaths(api.health.paths()).forEach(paths::add);
            return json(page);
        }
        String[] parts = path.substring(1).split("/", 2);
        String rest = parts.length > 1 ? parts[1] : "";
        return switch (parts[0]) {
            case "version" -> version(exchange, rest);
            case "healthz", "livez", "readyz" ->
                parts.length > 1 && rest.isEmpty() ? notFound() : api.health.answer(parts[0], rest, exchange.query());
            case "openapi" -> api.discovery.openApi(exchange, rest);
            case "debug" -> debug(exchange, rest);
            case "metrics" -> metrics(exchange, path);
            case ".well-known" -> rest.equals("openid-configuration") ? openIdConfiguration(exchange) : notFound();
            case "openid" -> rest.equals("v1/jwks") ? openIdKeys(exchange) : notFound();
            case "flagz", "statusz" -> parts.length > 1 ? notFound() : status(exchange, parts[0]);
            default -> notFound();
        };
    }

    private HttpAnswer version(Exchange exchange, String rest) {
        if (!rest.isEmpty()) {
            throw Exchange.noRoute();
        }
        if (!exchange.method().equals("GET")) {
            throw Exchange.methodNotAllowed();
        }
        if (!Accept.takes(exchange.header("Accept"), "application/json")) {
            throw StatusException.of(
                    406,
                    "NotAcceptable",
                    "406: Not Acceptable\n\nAvailable representations: application/json",
                    new StatusDetails());
        }
        return json(Version.tree(api.releaseName));
    }

    private static HttpAnswer json(ObjectNode tree) {
        return new HttpAnswer(200, Answers.write(tree, Accept.Format.JSON, true))
                .with("Content-Type", "application/json");
    }

    static HttpAnswer notFound() {
        return HttpAnswer.text(404, "404 page not found\n");
    }

    private HttpAnswer metrics(Exchange exchange, String path) {
        if (!path.equals("/metrics") && !path.equals("/metrics/slis")) {
            return notFound();
        }
        return exchange.compressed(api.metrics.answer(api));
    }

    // ---- tokens of service accounts ---------------------------------------------------------------------------------

    /** Where who wants to check a service account's token finds the keys. */
    private HttpAnswer openIdConfiguration(Exchange exchange) {
        ObjectNode page = Json.object();
        TokenOptions tokens = api.apiServer.tokenOptions();
        String keys = tokens.keysAddress();
        page.put("issuer", tokens.issuer());
        page.put("jwks_uri", keys.isEmpty() ? "https://" + exchange.authority() + "/openid/v1/jwks" : keys);
        page.putArray("response_types_supported").add("id_token");
        page.putArray("subject_types_supported").add("public");
        api.apiServer.tokenAlgorithms().forEach(page.putArray("id_token_signing_alg_values_supported")::add);
        return new HttpAnswer(200, Json.write(page))
                .with("Content-Type", "application/json")
                .with("Cache-Control", "public, max-age=3600");
    }

    private HttpAnswer openIdKeys(Exchange exchange) {
        String type = "application/jwk-set+json";
        if (!Accept.takes(exchange.header("Accept"), type)) {
            throw StatusException.of(
                    406,
                    "NotAcceptable",
                    "406: Not Acceptable\n\nAvailable representations: " + type,
                    new StatusDetails());
        }
        return new HttpAnswer(200, Json.write(api.apiServer.tokenKeys()))
                .with("Content-Type", type)
                .with("Cache-Control", "public, max-age=3600");
    }

    // ---- for people -------------------------------------------------------------------------------------------------

    private HttpAnswer status(Exchange exchange, String name) {
        if (!Accept.takes(exchange.header("Accept"), "text/plain")) {
            throw Exchange.notAcceptable("text/plain");
        }
        String text = "\nkube-apiserver " + name + "\n" + NOT_FOR_MACHINES;
        if (name.equals("statusz")) {
            text += "\nBinary version: 1.36.3\nEmulation version: 1.36\nPaths: "
                    + String.join(" ", List.of("/healthz", "/livez", "/metrics", "/readyz", "/statusz", "/version"))
                    + "\n";
        }
        return HttpAnswer.text(200, text);
    }

    /**
     * What the reference's store has a tool of its own for: forgetting its history, so that a client's own becomes too old. Profiles are
     * taken with the tools of the Java platform.
     */
    private HttpAnswer debug(Exchange exchange, String what) {
        if (what.equals("pprof/")) {
            return new HttpAnswer(
                            200,
                            "<html><head><title>/debug/pprof/</title></head><body>Profile with jcmd.</body></html>\n"
                                    .getBytes(StandardCharsets.UTF_8))
                    .with("Content-Type", "text/html; charset=utf-8")
                    .with("X-Content-Type-Options", "nosniff")
                    .inChunks();
        }
        if (what.startsWith("pprof/")) {
            return HttpAnswer.text(404, "Unknown profile\n");
        }
        if (!what.equals("store/compact")) {
            return notFound();
        }
        if (!exchange.method().equals("POST")) {
            throw Exchange.methodNotAllowed();
        }
        api.apiServer.compact();
        return HttpAnswer.text(200, "ok");
    }
}
