package dev.amphora;

/**
 * Where a cluster's API is served, and how to get in.
 *
 * @param url such as {@code https://127.0.0.1:6443}
 * @param kubeconfig a kubeconfig file's text, with the cluster's CA and an administrator's client certificate
 */
public record Endpoint(String url, String kubeconfig) {}
