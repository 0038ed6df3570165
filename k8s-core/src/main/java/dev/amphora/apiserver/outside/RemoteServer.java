package dev.amphora.apiserver.outside;

/**
 * A server behind a Service, and by what it is trusted.
 *
 * @param route the Service
 * @param authorities whose certificates count, as PEM in base64; empty for those that this machine trusts
 * @param insecure whether any certificate counts
 */
public record RemoteServer(ServiceRoute route, String authorities, boolean insecure) {}
