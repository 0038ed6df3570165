package dev.amphora.apiserver;

/**
 * A version of a group that another server is said to serve.
 *
 * @param group such as {@code metrics.k8s.io}
 * @param version such as {@code v1beta1}
 * @param groupPriority groups with a larger one stand first
 * @param versionPriority versions with a larger one stand first
 */
public record RemoteGroup(String group, String version, int groupPriority, int versionPriority) {}
