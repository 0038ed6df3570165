package dev.amphora.runtime.fake;

import org.jspecify.annotations.Nullable;

/** Answers the datagrams that a container receives. */
@FunctionalInterface
public interface UdpHandler {

    /**
     * Answers one datagram.
     *
     * @param request its payload
     * @return the payload to send back, null for silence
     */
    byte @Nullable [] answer(byte[] request);
}
