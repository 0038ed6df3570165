package dev.amphora.scheduler.framework;

/**
 * A port that a pod takes on its node.
 *
 * @param ip the node's address; {@code 0.0.0.0} stands for all
 * @param protocol such as {@code TCP}
 * @param port the number
 */
public record HostPort(String ip, String protocol, int port) {
    /** The address that stands for all. */
    public static final String ANY_IP = "0.0.0.0";

    /** Whether two pods can't have these ports on one node. */
    public boolean conflictsWith(HostPort other) {
        return port == other.port
                && protocol.equals(other.protocol)
                && (ip.equals(other.ip) || ip.equals(ANY_IP) || other.ip.equals(ANY_IP));
    }
}
