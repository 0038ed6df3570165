package dev.amphora.rest;

import dev.amphora.api.Json;
import dev.amphora.rest.tls.KeyCertificate;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * The file that tells clients where a cluster is, what proves its identity, and who they are: a kubeconfig with one cluster, one user and
 * one context, with everything embedded.
 *
 * @param name what the cluster and the context are called
 * @param server such as {@code https://127.0.0.1:6443}
 * @param authorityPem the certificate that the server's is issued by, as PEM
 */
public record Kubeconfig(String name, String server, String authorityPem) {

    /** The file for a user who holds a client certificate. */
    public String forCertificate(String user, KeyCertificate client) {
        return file(
                user,
                "    client-certificate-data: " + base64(client.certificatePem()) + "\n" + "    client-key-data: "
                        + base64(client.keyPem()) + "\n");
    }

    /** The file for a user who holds a bearer token. */
    public String forToken(String user, String token) {
        return file(user, "    token: " + quoted(token) + "\n");
    }

    private String file(String user, String credentials) {
        return "apiVersion: v1\n"
                + "kind: Config\n"
                + "clusters:\n"
                + "- name: " + quoted(name) + "\n"
                + "  cluster:\n"
                + "    server: " + quoted(server) + "\n"
                + "    certificate-authority-data: " + base64(authorityPem) + "\n"
                + "users:\n"
                + "- name: " + quoted(user) + "\n"
                + "  user:\n"
                + credentials
                + "contexts:\n"
                + "- name: " + quoted(name) + "\n"
                + "  context:\n"
                + "    cluster: " + quoted(name) + "\n"
                + "    user: " + quoted(user) + "\n"
                + "current-context: " + quoted(name) + "\n";
    }

    /** A JSON string is a YAML string. */
    private static String quoted(String text) {
        return new String(Json.write(Json.mapper().getNodeFactory().textNode(text)), StandardCharsets.UTF_8);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
