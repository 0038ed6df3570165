package dev.amphora.rest;

import com.google.common.net.HostAndPort;
import dev.amphora.api.remote.DialFailure;
import java.net.http.HttpClient;

/**
 * The kubelet of another process, and the ways to it.
 *
 * @param address where it listens
 * @param http for whole requests, over TLS
 * @param dial for connections that leave HTTP
 */
record OutsideKubelet(HostAndPort address, HttpClient http, ProxyUpgrade.Dial dial) {

    /** A URL of it; the path begins with a slash. */
    String url(String path) {
        return "https://" + address + path;
    }

    /** Why a connection that was wanted for an upgrade did not come about, in the reference's words. */
    String dialError(Throwable failure) {
        return "error dialing backend: " + DialFailure.reason(failure, address);
    }
}
