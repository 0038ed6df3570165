package dev.amphora.runtime.fake;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Serves one TCP connection of a container. */
@FunctionalInterface
public interface TcpHandler {

    /**
     * Serves a connection to its end; it is closed on return. May block; each connection has a thread of its own for as long.
     *
     * @param in what the client sends
     * @param out to the client
     * @throws IOException when the connection breaks, which is nobody's fault
     */
    void serve(InputStream in, OutputStream out) throws IOException;
}
